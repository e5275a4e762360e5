//! A ticket was solved, here or elsewhere: whoever it stands for hears of it.

use super::draft::Draft;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::event::{Author, Event};
use crate::domain::run::Waiting;
use crate::playbook::Playbook;
use crate::playbook::policy::trigger::On;
use crate::playbook::triggers::CheckedTrigger;
use serde_json::json;

/// The sentence; a desk without it stays silent.
const SENTENCE: &str = "ticket-solved";

/// What the desk says to the customer. Nothing where a playbook that has to do with it is under way or a trigger says so
/// itself, or where a human has the conversation: they see it and speak for themselves.
#[must_use]
pub fn tell(talk: &Conversation, book: &Playbook, now: Time, name: &str, about: &str) -> Option<Event> {
    let ticket = talk.tickets.iter().find(|ticket| ticket.number == about)?;
    let awaited = talk.runs().any(|run| {
        let waits = matches!(&run.waiting, Waiting::Event { name: event, about: of, .. } if event == name && of == about);
        // It opened the ticket and may yet come to speak of it.
        waits || run.saved.values().any(|value| value["number"] == ticket.shown())
    });
    let speaks = |trigger: &CheckedTrigger| {
        let meant = matches!(&trigger.on, On::Ticket(ticket) if ticket.event == name);
        meant && (trigger.then.say.is_some() || trigger.then.playbook.is_some())
    };
    let awaited = awaited || book.triggers.values().any(speaks);
    let silent = name != "ticket.solved" || awaited || matches!(talk.state, State::Human { .. });
    if silent || !book.replies.has(SENTENCE) {
        return None;
    }
    let draft = Draft::new(talk, book, now);
    let facts = [("ticket", json!({"number": ticket.shown(), "title": ticket.title}))];
    Some(Event::Said {
        author: Author::System,
        text: draft.sentence(SENTENCE, &facts),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
        client_id: None,
    })
}
