//! The one vocabulary of facts that every condition and every template speaks. All facts are always there: unknown
//! text is empty, an unknown number 0, an unknown yes-or-no false; so no condition fails for want of a fact.

use crate::domain::Time;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or empty.
    OneOf(Vec<String>),
    /// The id of an intent, or empty.
    Intent,
    /// A whole or broken number.
    Number,
    /// Yes or no.
    Bool,
    /// An instant.
    Instant,
    /// A list of texts.
    Texts,
    /// Known only when a playbook runs: what a step saved.
    Anything,
}

const LEVELS: &[&str] = &["low", "medium", "high"];
const MOODS: &[&str] = &["negative", "neutral", "positive"];
const CHANNELS: &[&str] = &["web", "telegram", "discord"];

/// Every fact and what it is.
pub const VOCABULARY: &[(&str, Kind)] = &[
    ("message.text", Kind::Text),
    ("message.channel", Kind::Word(CHANNELS)),
    ("message.language", Kind::Text),
    ("message.at", Kind::Instant),
    ("intent", Kind::Intent),
    ("intent_name", Kind::Text),
    ("intent_risk", Kind::Word(LEVELS)),
    ("confidence", Kind::Number),
    ("in_scope", Kind::Bool),
    ("urgency", Kind::Word(LEVELS)),
    ("sentiment", Kind::Word(MOODS)),
    ("entities.email", Kind::Text),
    ("entities.phone", Kind::Text),
    ("entities.order_number", Kind::Text),
    ("entities.invoice_number", Kind::Text),
    ("entities.ticket_number", Kind::Text),
    ("entities.amount", Kind::Number),
    ("entities.currency", Kind::Text),
    ("entities.date", Kind::Text),
    ("entities.deadline", Kind::Text),
    ("entities.deadline_minutes", Kind::Number),
    ("entities.url", Kind::Text),
    ("entities.error_code", Kind::Text),
    ("customer.known", Kind::Bool),
    ("customer.id", Kind::Text),
    ("customer.verified", Kind::Bool),
    ("customer.name", Kind::Text),
    ("customer.email", Kind::Text),
    ("customer.tier", Kind::Text),
    ("customer.plan", Kind::Text),
    ("customer.company", Kind::Text),
    ("customer.language", Kind::Text),
    ("customer.status", Kind::Text),
    ("customer.since", Kind::Text),
    ("customer.open_tickets", Kind::Number),
    ("conversation.turns", Kind::Number),
    ("conversation.bot_turns", Kind::Number),
    ("conversation.age_minutes", Kind::Number),
    ("conversation.reopened", Kind::Bool),
    ("conversation.tags", Kind::Texts),
    ("conversation.handed_off_before", Kind::Bool),
    ("conversation.failed_answers", Kind::Number),
    ("desk.open", Kind::Bool),
    ("desk.name", Kind::Text),
    ("desk.queue_length", Kind::Number),
    ("desk.agents_online", Kind::Number),
];

/// What a fact is, if there is one of that name.
#[must_use]
pub fn kind_of(path: &str) -> Option<&'static Kind> {
    VOCABULARY.iter().find(|(name, _)| *name == path).map(|(_, kind)| kind)
}

/// The facts about one message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Facts {
    pub message: MessageFacts,
    pub intent: String,
    pub intent_name: String,
    pub intent_risk: String,
    pub confidence: f64,
    pub in_scope: bool,
    pub urgency: String,
    pub sentiment: String,
    pub entities: EntityFacts,
    pub customer: CustomerFacts,
    pub conversation: ConversationFacts,
    pub desk: DeskFacts,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct MessageFacts {
    pub text: String,
    pub channel: String,
    pub language: String,
    pub at: Time,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[allow(missing_docs)]
pub struct EntityFacts {
    pub email: String,
    pub phone: String,
    pub order_number: String,
    pub invoice_number: String,
    pub ticket_number: String,
    pub amount: f64,
    pub currency: String,
    pub date: String,
    pub deadline: String,
    pub deadline_minutes: i64,
    pub url: String,
    pub error_code: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[allow(missing_docs)]
pub struct CustomerFacts {
    pub known: bool,
    pub id: String,
    pub verified: bool,
    pub name: String,
    pub email: String,
    pub tier: String,
    pub plan: String,
    pub company: String,
    pub language: String,
    pub status: String,
    pub since: String,
    pub open_tickets: i64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[allow(missing_docs)]
pub struct ConversationFacts {
    pub turns: i64,
    pub bot_turns: i64,
    pub age_minutes: i64,
    pub reopened: bool,
    pub tags: Vec<String>,
    pub handed_off_before: bool,
    pub failed_answers: i64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[allow(missing_docs)]
pub struct DeskFacts {
    pub open: bool,
    pub name: String,
    pub queue_length: i64,
    pub agents_online: i64,
}

impl Facts {
    /// As JSON, for templates.
    #[must_use]
    pub fn json(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// A sample that every condition and template is tried on before it may go live.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            message: MessageFacts {
                text: "Where is my invoice?".to_owned(),
                channel: "web".to_owned(),
                language: "en".to_owned(),
                at: Time::UNIX_EPOCH,
            },
            intent: "invoice_copy".to_owned(),
            intent_name: "Copy of an invoice".to_owned(),
            intent_risk: "low".to_owned(),
            confidence: 0.93,
            in_scope: true,
            urgency: "low".to_owned(),
            sentiment: "neutral".to_owned(),
            entities: EntityFacts { deadline_minutes: -1, ..EntityFacts::default() },
            customer: CustomerFacts::default(),
            conversation: ConversationFacts { turns: 1, ..ConversationFacts::default() },
            desk: DeskFacts { open: true, name: "Desk".to_owned(), queue_length: 0, agents_online: 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_names_exactly_the_facts_there_are() {
        fn paths(prefix: &str, value: &Value, into: &mut Vec<String>) {
            match value {
                Value::Object(map) => map.iter().for_each(|(name, value)| {
                    let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    paths(&path, value, into);
                }),
                _ => into.push(prefix.to_owned()),
            }
        }
        let mut there = Vec::new();
        paths("", &Value::Object(Facts::sample().json()), &mut there);
        let mut named: Vec<String> = VOCABULARY.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        named.sort();
        assert_eq!(there, named);
    }
}
