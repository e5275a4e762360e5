//! The bot's judgement, pure: what is known decides, what is missing is asked for.

mod answer;
mod answering;
pub mod assist;
pub mod budget;
mod coding;
mod commands;
pub mod commented;
pub mod consult;
mod draft;
pub mod facts;
mod finding;
mod handoff;
mod joining;
mod judge;
mod playing;
mod pressed;
pub mod rating;
mod reading;
pub mod rescue;
mod rules;
mod seen;
mod silent;
mod slots;
pub mod solved;
pub mod triggered;
mod understand;
mod waiting;
mod writing;

pub use rules::level_of;

use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::event::{Event, Question};
use crate::domain::switch;
use crate::playbook::Playbook;

/// What the bot does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// These must be known first; they may be asked side by side.
    Ask(Vec<Question>),
    /// These events happen; then look again.
    Conclude(Vec<Event>),
    /// Nothing to do, until then at the latest.
    Wait(Option<Time>),
}

/// The whole pipeline on one screen.
#[must_use]
pub fn next(talk: &Conversation, book: &Playbook, now: Time) -> Step {
    match &talk.state {
        State::Human { .. } | State::Resolved { .. } => return Step::Wait(None),
        State::Queued { .. } => return waiting::in_queue(talk, book, now),
        State::Bot => {}
    }
    if talk.acting() {
        // What comes of the act wakes us; later messages wait with it.
        return Step::Wait(None);
    }
    if let Some(off) = switch::muted(&talk.off, talk.channel) {
        return silent::next(off, talk, book, now);
    }
    if let Some(message) = playing::unknown_to(talk) {
        return Step::Ask(vec![Question::Context { message }]);
    }
    if let Some(step) = playing::wake(talk, book, now) {
        return step;
    }
    match talk.pending.iter().find(|pending| !pending.decided) {
        Some(message) => judge::message(message, talk, book, now),
        None => waiting::for_silence(talk, now),
    }
}
