//! The event log and what is derived from it.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, NotOpened};
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{ConversationId, Place, Seq, UserId};
use async_trait::async_trait;
use channels::Channel;
use chrono::SubsecRound;

/// The only way to write to a conversation: all of it, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The state after the events. Its `id` says which conversation; its columns of the list come from here.
    pub after: Conversation,
    /// The last event there must be in the log; 0 where the conversation begins. Anything else is a conflict.
    pub expected: Seq,
    /// The events, in order, numbered from `expected + 1`. `Requested` events put their effect into the outbox.
    pub entries: Vec<Entry>,
    /// A key that may be used once: the same message again changes nothing.
    pub once: Option<String>,
    /// The outbox row that is finished by this commit.
    pub finishes: Option<Place>,
    /// The version of the switchboard that it was decided on; under another one it is a conflict. See
    /// [`super::Switches`].
    pub switches: Option<i64>,
    /// The outbox row that becomes a dead letter by this commit, and why.
    pub buries: Option<(Place, String)>,
}

impl Commit {
    /// Events onto an existing conversation.
    #[must_use]
    pub fn onto(before: &Conversation, at: Time, events: Vec<Event>) -> Self {
        let at = whole_micros(at);
        let mut after = before.clone();
        let entries: Vec<Entry> = (before.seq + 1..)
            .zip(events)
            .map(|(seq, event)| Entry { seq, at, event })
            .inspect(|entry| after.apply(entry))
            .collect();
        Self {
            after,
            expected: before.seq,
            entries,
            once: None,
            finishes: None,
            switches: None,
            buries: None,
        }
    }

    /// A new conversation; the first event must open it.
    pub fn opening(id: ConversationId, at: Time, events: Vec<Event>) -> Result<Self, NotOpened> {
        let at = whole_micros(at);
        let entries: Vec<Entry> = (1..).zip(events).map(|(seq, event)| Entry { seq, at, event }).collect();
        let after = Conversation::fold(id, &entries)?;
        Ok(Self { after, expected: 0, entries, once: None, finishes: None, switches: None, buries: None })
    }

    /// The same commit, refused as already done when the key was used before.
    #[must_use]
    pub fn once(mut self, key: String) -> Self {
        self.once = Some(key);
        self
    }

    /// The same commit, refused as a conflict once anything was switched off or on since this version.
    #[must_use]
    pub fn under(mut self, switchboard: i64) -> Self {
        self.switches = Some(switchboard);
        self
    }

    /// The same commit, finishing a row of the outbox.
    #[must_use]
    pub fn finishing(mut self, effect: Place) -> Self {
        self.finishes = Some(effect);
        self
    }
}

/// The log keeps microseconds; what was folded before writing must be what is folded after reading.
fn whole_micros(at: Time) -> Time {
    at.trunc_subsecs(6)
}

/// It is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The last event.
    pub seq: Seq,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody was faster: read again, decide again.
    #[error("the conversation has moved on")]
    Conflict,
    /// The `once` key was used before.
    #[error("already done")]
    Already(Seen),
    /// The database did not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Where a `once` key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last event of the commit that used it.
    pub seq: Seq,
}

/// A line in the console's list, as the database keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The state; everything the list shows but the customer's name.
    pub conversation: Conversation,
    /// The customer's record, as it is now.
    pub customer: crate::domain::customer::Customer,
}

/// Which conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Waiting for a human: urgent first, then the longest waiting.
    Queue,
    /// With this human, newest first.
    Mine(UserId),
    /// With any human, newest first.
    Human,
    /// With the bot, newest first.
    Bot,
    /// Settled, newest first.
    Resolved,
    /// All, newest first.
    All,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFilter {
    /// Which.
    pub view: View,
    /// Words looked for in the customer's name and address and in the last lines; case is ignored.
    pub search: Option<String>,
    /// Where the page begins; anything that is no cursor of this list means its beginning.
    pub cursor: Option<String>,
    /// How many, 1 to 200.
    pub limit: i64,
}

/// How many conversations each view holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// [`View::Queue`].
    pub queue: i64,
    /// [`View::Mine`].
    pub mine: i64,
    /// [`View::Human`].
    pub human: i64,
    /// [`View::Bot`].
    pub bot: i64,
    /// [`View::Resolved`].
    pub resolved: i64,
}

/// The log.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// Writes events, outbox rows and the list's columns in one transaction.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;

    /// The state, from the snapshot or, where its version is another, from the log.
    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Unavailable>;

    /// The events after `after`, oldest first, at most `limit`.
    async fn events(&self, id: ConversationId, after: Seq, limit: i64) -> Result<Vec<Entry>, Unavailable>;

    /// The newest conversation at an address.
    async fn current(&self, channel: Channel, address: &str) -> Result<Option<ConversationId>, Unavailable>;

    /// The newest conversations at an address and at those beneath it (`address:…`, one for each writer of a group).
    async fn beneath(&self, channel: Channel, address: &str) -> Result<Vec<ConversationId>, Unavailable>;

    /// Where a `once` key was used, if it was.
    async fn seen(&self, key: &str) -> Result<Option<Seen>, Unavailable>;

    /// Conversations that the bot must look at by `now`, the longest due first.
    async fn due(&self, now: Time, limit: i64) -> Result<Vec<ConversationId>, Unavailable>;

    /// When the next conversation falls due after `now`.
    async fn next_due(&self, now: Time) -> Result<Option<Time>, Unavailable>;

    /// Conversations with a message that has had no outcome since before `before`.
    async fn unanswered(&self, before: Time, limit: i64) -> Result<Vec<ConversationId>, Unavailable>;

    /// A page of the list.
    async fn rows(&self, filter: &RowFilter) -> Result<Page<Row>, Unavailable>;

    /// One line of the list.
    async fn row(&self, id: ConversationId) -> Result<Option<Row>, Unavailable>;

    /// How many there are in each view; `mine` counts those of `user`.
    async fn counts(&self, user: UserId) -> Result<Counts, Unavailable>;
}
