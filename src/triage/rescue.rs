//! What the bot could not bring to an end goes to a human, whatever stood in the way.

use super::draft::Draft;
use super::handoff::{To, hand_off};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::decision::Reason;
use crate::domain::event::Event;
use crate::domain::switch::{self, SwitchedOff};
use crate::playbook::Playbook;

/// The events that give an outcome to a conversation that has waited since before `limit`; none where it has not.
#[must_use]
pub fn rescue(talk: &Conversation, book: &Playbook, now: Time) -> Vec<Event> {
    let limit = now - book.desk.outcome_within.delta();
    let late = talk.unanswered_since().is_some_and(|since| since <= limit);
    if !late || talk.state != State::Bot {
        return Vec::new();
    }
    let mut draft = Draft::new(talk, book, now);
    draft.consults = false;
    let reason = Reason::new("no-outcome-in-time", "The bot did not come to a result in time.");
    hand_off(&mut draft, To::default(), vec![reason], Some("something-wrong"));
    draft.into_events()
}

/// The events that bring a human where the bot's words could not be delivered, or nobody knows whether they were. The
/// customer is told nothing: it would go the same way.
#[must_use]
pub fn unsaid(talk: &Conversation, book: &Playbook, now: Time, cause: &str) -> Vec<Event> {
    let mut draft = Draft::new(talk, book, now);
    draft.consults = false;
    let text = format!("The bot's answer did not surely reach the customer: {cause}");
    hand_off(&mut draft, To::default(), vec![Reason::new("not-delivered", text)], None);
    draft.into_events()
}

/// The events that bring a human where the bot's words were kept back because it was switched off meanwhile. `news` is
/// what the conversation does not know yet of the switches.
#[must_use]
pub fn silenced(
    talk: &Conversation,
    news: Option<Vec<SwitchedOff>>,
    off: &SwitchedOff,
    book: &Playbook,
    now: Time,
) -> Vec<Event> {
    let mut draft = Draft::new(talk, book, now);
    if let Some(off) = news {
        draft.push(Event::Switched { off });
    }
    if talk.state == State::Bot {
        hand_off(&mut draft, To::default(), vec![switch::reason(off)], Some("handoff"));
    }
    draft.into_events()
}
