//! Somebody wrote below a ticket in the other system: agents see it, customers only where both sides say so.

use crate::domain::conversation::{Conversation, State};
use crate::domain::event::{Author, Event};
use crate::domain::switch;
use crate::domain::ticket::COMMENTED;
use crate::playbook::Playbook;
use serde_json::Value;

/// What the customer is told: nothing unless the other system shows it to customers, the team wants that, the bot is
/// not off, and nobody has the conversation, who would speak for themselves.
#[must_use]
pub fn tell(talk: &Conversation, book: &Playbook, name: &str, about: &str, data: &Value) -> Option<Event> {
    let ticket = talk.tickets.iter().find(|ticket| ticket.number == about)?;
    let team = talk.team.as_deref().unwrap_or(&book.teams.default);
    let wanted = book.team(team).1.is_some_and(|team| team.tell_ticket_comments);
    let silent = name != COMMENTED
        || data["public"] != true
        || !wanted
        || matches!(talk.state, State::Human { .. })
        || switch::muted(&talk.off, talk.channel).is_some();
    let text = data["text"].as_str().unwrap_or_default();
    if silent || text.is_empty() {
        return None;
    }
    Some(Event::Said {
        author: Author::System,
        text: format!("{}: {text}", ticket.shown()),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
        client_id: None,
    })
}
