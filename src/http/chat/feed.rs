//! Reads a visitor's log from wherever they left off. Nothing is missed and nothing comes twice: whoever follows a
//! feed listens to the hub *before* the first pull, and takes every signal only as a reason to pull again.

use super::view::{self, Passing, Shown, Wait};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{ConversationId, CustomerId, Seq};
use crate::ledger::Ledger;
use crate::ports::storage::{RowFilter, Unavailable, View};
use channels::Channel;

/// Entries read at once.
const PAGE: i64 = 100;
/// Beyond this place in the queue a number would only discourage.
const POSITIONS: i64 = 50;

/// Where a visitor's reader stands.
pub(super) struct Feed {
    ledger: Ledger,
    visitor: CustomerId,
    conversation: Option<ConversationId>,
    after: Seq,
    announce: bool,
}

impl Feed {
    /// A reader that has seen everything up to `after` of `known`; without `known`, of the current conversation.
    /// A conversation that is not this visitor's is taken as none.
    pub(super) async fn open(
        ledger: &Ledger,
        visitor: CustomerId,
        known: Option<ConversationId>,
        after: Seq,
    ) -> Result<Self, Unavailable> {
        let mut feed = Self { ledger: ledger.clone(), visitor, conversation: None, after: 0, announce: true };
        let at = match known {
            Some(id) => ledger.conversation(id).await?.filter(|talk| feed.is_own(talk)),
            None => feed.current().await?,
        };
        if let Some(talk) = at {
            feed.conversation = Some(talk.id);
            // A place beyond the end was one in another conversation.
            feed.after = if after <= talk.seq { after.max(0) } else { 0 };
            // Whoever begins without a name for it is told one, to come back with.
            feed.announce = known.is_none() && feed.after == 0;
        }
        Ok(feed)
    }

    /// The conversation it is at.
    pub(super) fn conversation(&self) -> Option<ConversationId> {
        self.conversation
    }

    /// How far it has read.
    pub(super) fn after(&self) -> Seq {
        self.after
    }

    /// What comes next; empty only at the end.
    pub(super) async fn pull(&mut self) -> Result<Vec<Shown>, Unavailable> {
        loop {
            // Asked first: whatever the old conversation still got, it got before a newer one began.
            let current = self.ledger.storage.current(Channel::Web, &self.visitor.to_string()).await?;
            let Some(current) = current else { return Ok(Vec::new()) };
            let at = *self.conversation.get_or_insert(current);
            let page = self.ledger.storage.events(at, self.after, PAGE).await?;
            if let Some(last) = page.last() {
                let last = last.seq;
                let mut shown = self.show(at, page).await?;
                self.after = last;
                if std::mem::take(&mut self.announce) {
                    shown.insert(0, Shown::Passing(Passing::Conversation { id: at.to_string() }));
                }
                if shown.is_empty() {
                    continue;
                }
                return Ok(shown);
            }
            if at == current {
                return Ok(Vec::new());
            }
            self.conversation = Some(current);
            self.after = 0;
            self.announce = true;
        }
    }

    async fn show(&self, id: ConversationId, page: Vec<Entry>) -> Result<Vec<Shown>, Unavailable> {
        let newest = page.iter().rev().find(|entry| {
            matches!(
                entry.event,
                Event::HandedOff { .. }
                    | Event::TakenOver { .. }
                    | Event::Released { .. }
                    | Event::Resolved { .. }
                    | Event::Reopened
            )
        });
        let handed_off =
            newest.filter(|entry| matches!(entry.event, Event::HandedOff { .. })).map(|entry| entry.seq);
        let wait = match handed_off {
            Some(_) => self.wait(id).await?,
            None => None,
        };
        let wait_of = |seq| wait.filter(|_| handed_off == Some(seq));
        Ok(page
            .into_iter()
            .filter_map(|entry| {
                let wait = wait_of(entry.seq);
                view::of(entry, wait)
            })
            .collect())
    }

    /// How long it may take from now, while the conversation waits.
    async fn wait(&self, id: ConversationId) -> Result<Option<Wait>, Unavailable> {
        let Some(talk) = self.ledger.conversation(id).await? else { return Ok(None) };
        let State::Queued { overdue_at, .. } = &talk.state else { return Ok(None) };
        let filter = RowFilter { view: View::Queue, search: None, cursor: None, limit: POSITIONS };
        let queue = self.ledger.storage.rows(&filter).await?.items;
        let ahead = queue
            .iter()
            .filter(|row| row.conversation.team == talk.team)
            .position(|row| row.conversation.id == id);
        Ok(Some(Wait {
            position: ahead.map(|ahead| ahead + 1),
            expected_s: seconds_until(*overdue_at, self.ledger.now()),
        }))
    }

    async fn current(&self) -> Result<Option<Conversation>, Unavailable> {
        match self.ledger.storage.current(Channel::Web, &self.visitor.to_string()).await? {
            Some(id) => self.ledger.conversation(id).await,
            None => Ok(None),
        }
    }

    fn is_own(&self, talk: &Conversation) -> bool {
        talk.channel == Channel::Web && talk.address == self.visitor.to_string()
    }
}

fn seconds_until(due: Time, now: Time) -> Option<i64> {
    Some((due - now).num_seconds()).filter(|seconds| *seconds > 0)
}
