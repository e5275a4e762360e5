//! Asking how it was. The widget shows stars of its own; elsewhere the question is a message with buttons.

use super::facts;
use crate::domain::conversation::Conversation;
use crate::domain::event::{Author, Event};
use crate::playbook::Playbook;
use channels::Choice;
use serde_json::json;

/// What the ids of the buttons begin with.
const PREFIX: &str = "rating:";

/// The question, as events.
#[must_use]
pub fn request(talk: &Conversation, book: &Playbook) -> Vec<Event> {
    let mut events = vec![Event::RatingAsked];
    if talk.channel.pushes() {
        let language = book.spoken(talk.language(&book.desk.default_language));
        let mut facts = facts::of_conversation(talk, book).json();
        facts.insert("bot".to_owned(), json!({"name": book.desk.bot_name}));
        events.push(Event::Said {
            author: Author::System,
            text: book.say("rating-request", language, &facts),
            choices: (1..=5)
                .map(|stars| Choice { id: format!("{PREFIX}{stars}"), label: format!("{stars} ★") })
                .collect(),
            citations: Vec::new(),
            answers: None,
            client_id: None,
        });
    }
    events
}

/// The stars that a message gives, if it answers the question: by the button, or as a bare number while it is open.
#[must_use]
pub fn given(choice: Option<&str>, text: &str, asked: bool) -> Option<u8> {
    let typed = || asked.then(|| text.trim().trim_end_matches('★').trim_end());
    let stars = choice.and_then(|id| id.strip_prefix(PREFIX)).or_else(typed)?;
    stars.parse().ok().filter(|stars| (1..=5).contains(stars))
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn stars_are_pressed_or_typed() {
        assert_eq!(given(Some("rating:4"), "4 ★", false), Some(4));
        assert_eq!(given(None, " 5 ★", true), Some(5));
        assert_eq!(given(None, "5", false), None);
        assert_eq!(given(Some("rating:9"), "", true), None);
        assert_eq!(given(None, "5 invoices are wrong", true), None);
    }
}
