//! The kill switch, right before each act: what waits in the outbox is not done once it was switched off.

use super::acting::{LOST, is_awaited};
use super::{Dispatcher, Ending, Try, done};
use crate::domain::conversation::Conversation;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::Event;
use crate::domain::switch::{self, Switchboard, SwitchedOff};
use crate::ports::storage::{Item, Unavailable};
use crate::triage::rescue;

impl Dispatcher {
    /// What becomes of an effect that a switch forbids; `None` where none does. The switchboard is read here, after the
    /// row was claimed and before anything is sent: an act whose switch was recorded before this moment does not
    /// happen. One that is on its way already cannot be called back.
    pub(super) async fn forbidden(
        &self,
        item: &Item,
        talk: &Conversation,
    ) -> Result<Option<Try>, Unavailable> {
        let board = self.ledger.storage.switchboard().await?;
        if board.off.is_empty() {
            return Ok(None);
        }
        let off = board.on(talk.channel);
        let Some(off) = by(item, talk, &off) else { return Ok(None) };
        let tried = match &item.effect {
            Effect::Send { .. } if self.is_notice(item).await? => return Ok(None),
            Effect::Send { .. } if item.doubts == 0 && item.progress == 0 => {
                Try::Silenced(Box::new((off.clone(), board.clone())))
            }
            // What may have been done before is not called undone.
            _ if item.doubts > 0 || item.progress > 0 => {
                done(Outcome::InDoubt { cause: format!("{} {LOST}", off.sentence()) })
            }
            _ => done(Outcome::Failed { cause: off.sentence() }),
        };
        metrics::counter!("deskhand_switched_off_total", "kind" => item.effect.name()).increment(1);
        Ok(Some(tried))
    }

    /// Whether the words are those that announce a human: they stand right before the hand-off.
    async fn is_notice(&self, item: &Item) -> Result<bool, Unavailable> {
        let next = self.ledger.storage.events(item.place.conversation, item.place.seq, 1).await?;
        Ok(next.first().is_some_and(|entry| matches!(entry.event, Event::HandedOff { .. })))
    }

    /// Takes the row out, and brings a human where the customer would hear nothing now.
    pub(super) async fn silence(
        &self,
        item: &Item,
        off: &SwitchedOff,
        board: &Switchboard,
    ) -> Result<(), Unavailable> {
        let book = self.library.current();
        self.commit(item.place, Ending::Finished, |talk, now| {
            let mut events = vec![Event::Finished { effect: item.place.seq, outcome: Outcome::Dropped }];
            let mut after = talk.clone();
            let finished = events[0].clone();
            after.apply(&crate::domain::event::Entry { seq: talk.seq + 1, at: now, event: finished });
            events.extend(rescue::silenced(&after, board.news(talk.channel, &talk.off), off, &book, now));
            events
        })
        .await
    }
}

/// The switch that forbids an effect. What people have asked for is theirs to answer for; only an action that is off
/// itself is not run for them either.
fn by<'a>(item: &Item, talk: &Conversation, off: &'a [SwitchedOff]) -> Option<&'a SwitchedOff> {
    let muted = || switch::muted(off, talk.channel);
    let stopped = || talk.run.as_ref().and_then(|run| switch::stopped(off, run));
    let decided = || {
        let (_, decision) = talk.decision.as_ref()?;
        decision.intent.as_ref().filter(|_| decision.in_scope).and_then(|id| switch::intent(off, id))
    };
    match &item.effect {
        Effect::Send { by_bot: true, .. } | Effect::SendCode { .. } => {
            muted().or_else(stopped).or_else(decided)
        }
        // People are told and follow up; that is what a switch leaves to them.
        Effect::Send { .. }
        | Effect::Notify { .. }
        | Effect::Tell { .. }
        | Effect::Mirror(_)
        | Effect::Comment { .. }
        | Effect::Attach { .. } => None,
        Effect::Act { action, undoes: Some(_), .. } => switch::action(off, action),
        Effect::Act { action, .. } => muted().or_else(|| switch::action(off, action)).or_else(stopped),
        // A ticket for a customer who waits in the queue is part of handing over.
        Effect::OpenTicket(_) if !is_awaited(talk, item.place.seq) => None,
        Effect::OpenTicket(_) => muted().or_else(stopped),
    }
}
