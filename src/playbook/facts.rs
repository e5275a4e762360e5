//! The one vocabulary of facts that every condition and every template speaks. All facts are always there: unknown
//! text is empty, an unknown number 0, an unknown yes-or-no false; so no condition fails for want of a fact.

use crate::domain::Time;
use serde::{Deserialize, Serialize};
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
    ("message.injection", Kind::Number),
];

/// What a fact is, if there is one of that name.
#[must_use]
pub fn kind_of(path: &str) -> Option<&'static Kind> {
    VOCABULARY.iter().find(|(name, _)| *name == path).map(|(_, kind)| kind)
}

/// The facts about one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MessageFacts {
    pub text: String,
    pub channel: String,
    pub language: String,
    pub at: Time,
    /// How much it looks like an attempt to instruct a language model, 0 to 1.
    pub injection: f64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeskFacts {
    pub open: bool,
    pub name: String,
    pub queue_length: i64,
    pub agents_online: i64,
}

/// One fact as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fact<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
    Texts(&'a [String]),
    Instant,
}

impl Facts {
    /// The fact at a place of the vocabulary.
    pub(super) fn at(&self, index: usize) -> Fact<'_> {
        match index {
            0 => Fact::Text(&self.message.text),
            1 => Fact::Text(&self.message.channel),
            2 => Fact::Text(&self.message.language),
            3 => Fact::Instant,
            4 => Fact::Text(&self.intent),
            5 => Fact::Text(&self.intent_name),
            6 => Fact::Text(&self.intent_risk),
            7 => Fact::Number(self.confidence),
            8 => Fact::Bool(self.in_scope),
            9 => Fact::Text(&self.urgency),
            10 => Fact::Text(&self.sentiment),
            11 => Fact::Text(&self.entities.email),
            12 => Fact::Text(&self.entities.phone),
            13 => Fact::Text(&self.entities.order_number),
            14 => Fact::Text(&self.entities.invoice_number),
            15 => Fact::Text(&self.entities.ticket_number),
            16 => Fact::Number(self.entities.amount),
            17 => Fact::Text(&self.entities.currency),
            18 => Fact::Text(&self.entities.date),
            19 => Fact::Text(&self.entities.deadline),
            20 => Fact::Number(self.entities.deadline_minutes as f64),
            21 => Fact::Text(&self.entities.url),
            22 => Fact::Text(&self.entities.error_code),
            23 => Fact::Bool(self.customer.known),
            24 => Fact::Text(&self.customer.id),
            25 => Fact::Bool(self.customer.verified),
            26 => Fact::Text(&self.customer.name),
            27 => Fact::Text(&self.customer.email),
            28 => Fact::Text(&self.customer.tier),
            29 => Fact::Text(&self.customer.plan),
            30 => Fact::Text(&self.customer.company),
            31 => Fact::Text(&self.customer.language),
            32 => Fact::Text(&self.customer.status),
            33 => Fact::Text(&self.customer.since),
            34 => Fact::Number(self.customer.open_tickets as f64),
            35 => Fact::Number(self.conversation.turns as f64),
            36 => Fact::Number(self.conversation.bot_turns as f64),
            37 => Fact::Number(self.conversation.age_minutes as f64),
            38 => Fact::Bool(self.conversation.reopened),
            39 => Fact::Texts(&self.conversation.tags),
            40 => Fact::Bool(self.conversation.handed_off_before),
            41 => Fact::Number(self.conversation.failed_answers as f64),
            42 => Fact::Bool(self.desk.open),
            43 => Fact::Text(&self.desk.name),
            44 => Fact::Number(self.desk.queue_length as f64),
            45 => Fact::Number(self.desk.agents_online as f64),
            46 => Fact::Number(self.message.injection),
            _ => Fact::Instant,
        }
    }

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
                injection: 0.0,
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
    fn every_fact_is_at_its_place() {
        // Every fact has another value, so that none can be taken for another.
        let mut number = 0;
        fn differ(value: &mut Value, number: &mut i64) {
            *number += 1;
            match value {
                Value::Object(map) => map.values_mut().for_each(|value| differ(value, number)),
                Value::String(text) if text.parse::<Time>().is_err() => *text = format!("text {number}"),
                Value::Number(_) => *value = (*number).into(),
                Value::Array(list) => list.push(format!("tag {number}").into()),
                _ => {}
            }
        }
        let mut json = Value::Object(Facts::sample().json());
        differ(&mut json, &mut number);
        let facts: Facts = serde_json::from_value(json.clone()).unwrap();
        for (index, (path, _)) in VOCABULARY.iter().enumerate() {
            let value = path.split('.').fold(&json, |value, part| &value[part]);
            let at = match facts.at(index) {
                Fact::Text(text) => Value::from(text),
                Fact::Number(number) => Value::from(number as i64),
                Fact::Bool(yes) => Value::from(yes),
                Fact::Texts(all) => Value::from(all),
                Fact::Instant => continue,
            };
            assert_eq!(at, *value, "{path}");
        }
    }

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
