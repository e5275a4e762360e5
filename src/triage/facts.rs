//! The facts of the vocabulary, as they stand for one message or for a conversation as a whole.

use super::understand::Understanding;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, Pending};
use crate::playbook::Playbook;
use crate::playbook::facts::{ConversationFacts, CustomerFacts, DeskFacts, EntityFacts, Facts, MessageFacts};
use nlu::signals::{Entity, EntityKind, Sentiment, Urgency};
use serde_json::Value;

/// What is known when a message is judged.
pub(super) fn of_message(
    message: &Pending,
    meaning: &Understanding,
    talk: &Conversation,
    book: &Playbook,
) -> Facts {
    let intent = meaning.intent.clone().unwrap_or_default();
    Facts {
        message: MessageFacts {
            text: message.text.clone(),
            channel: talk.channel.name().to_owned(),
            language: meaning.language.clone().unwrap_or_default(),
            at: message.at,
            injection: f64::from(meaning.injection),
        },
        intent_name: book.intent_name(&intent).to_owned(),
        intent_risk: book.intents.get(&intent).map_or("low", |intent| intent.risk.name()).to_owned(),
        intent,
        confidence: f64::from(meaning.confidence),
        in_scope: meaning.sure,
        urgency: urgency_name(meaning.urgency).to_owned(),
        sentiment: sentiment_name(meaning.reading.sentiment).to_owned(),
        entities: entities(&meaning.reading.entities, message.at),
        customer: customer(talk),
        conversation: conversation(talk, message.at),
        desk: desk(talk, book, message.at),
    }
}

/// What is known of a conversation, as of its newest decision.
#[must_use]
pub fn of_conversation(talk: &Conversation, book: &Playbook) -> Facts {
    let decision = talk.decision.as_ref().map(|(_, decision)| decision);
    let intent = decision.and_then(|decision| decision.intent.clone()).unwrap_or_default();
    let last = talk.recent.iter().rev().find(|line| line.from == "customer");
    let at = last.map_or(talk.updated_at, |line| line.at);
    Facts {
        message: MessageFacts {
            text: last.map(|line| line.text.clone()).unwrap_or_default(),
            channel: talk.channel.name().to_owned(),
            language: decision.and_then(|decision| decision.language.clone()).unwrap_or_default(),
            at,
            injection: decision.map_or(0.0, |decision| f64::from(decision.injection)),
        },
        intent_name: book.intent_name(&intent).to_owned(),
        intent_risk: book.intents.get(&intent).map_or("low", |intent| intent.risk.name()).to_owned(),
        intent,
        confidence: decision.map_or(0.0, |decision| f64::from(decision.confidence)),
        in_scope: decision.is_some_and(|decision| decision.in_scope),
        urgency: urgency_name(talk.urgency.unwrap_or(Urgency::Low)).to_owned(),
        sentiment: sentiment_name(decision.map_or(Sentiment::Neutral, |decision| decision.sentiment))
            .to_owned(),
        entities: decision.map_or_else(EntityFacts::default, |decision| entities(&decision.entities, at)),
        customer: customer(talk),
        conversation: conversation(talk, talk.updated_at),
        desk: desk(talk, book, talk.updated_at),
    }
}

/// The facts that the rules looked at, as `name=value`; never the message itself.
pub(super) fn named(used: &[String], facts: &Facts) -> Vec<String> {
    let json = Value::Object(facts.json());
    let mut used: Vec<&String> = used.iter().filter(|path| *path != "message.text").collect();
    used.sort();
    used.dedup();
    used.iter()
        .map(|path| {
            let value = path.split('.').fold(&json, |value, part| &value[part]);
            match value {
                Value::String(text) => format!("{path}={text}"),
                other => format!("{path}={other}"),
            }
        })
        .collect()
}

/// The word for an urgency, as conditions compare it.
#[must_use]
pub fn urgency_name(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
    }
}

/// The word for a sentiment, as conditions compare it.
#[must_use]
pub fn sentiment_name(sentiment: Sentiment) -> &'static str {
    match sentiment {
        Sentiment::Negative => "negative",
        Sentiment::Neutral => "neutral",
        Sentiment::Positive => "positive",
    }
}

fn entities(found: &[Entity], at: Time) -> EntityFacts {
    let first = |kind: EntityKind| found.iter().find(|entity| entity.kind == kind);
    let text = |kind: EntityKind| first(kind).map(|entity| entity.value.clone()).unwrap_or_default();
    let (amount, currency) = first(EntityKind::Amount)
        .and_then(|entity| entity.value.split_once(' '))
        .map_or((0.0, String::new()), |(amount, currency)| {
            (amount.parse().unwrap_or(0.0), currency.to_owned())
        });
    let deadline = text(EntityKind::Deadline);
    let minutes = deadline.parse::<Time>().map_or(-1, |due| (due - at).num_minutes().max(0));
    EntityFacts {
        email: text(EntityKind::Email),
        phone: text(EntityKind::Phone),
        order_number: text(EntityKind::OrderNumber),
        invoice_number: text(EntityKind::InvoiceNumber),
        ticket_number: text(EntityKind::TicketNumber),
        amount,
        currency,
        date: text(EntityKind::Date),
        deadline,
        deadline_minutes: minutes,
        url: text(EntityKind::Url),
        error_code: text(EntityKind::ErrorCode),
    }
}

fn customer(talk: &Conversation) -> CustomerFacts {
    let Some(context) = &talk.context else { return CustomerFacts::default() };
    let record = context.customer.as_ref();
    let account = context.account.as_ref();
    let of_account = |field: fn(&crate::domain::customer::Account) -> &String| {
        account.map(field).cloned().unwrap_or_default()
    };
    let said = |field: Option<&String>| field.cloned().unwrap_or_default();
    CustomerFacts {
        known: account.is_some(),
        id: of_account(|account| &account.id),
        verified: record.is_some_and(|record| record.verified),
        name: Some(of_account(|account| &account.name))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| said(record.and_then(|record| record.name.as_ref()))),
        email: Some(of_account(|account| &account.email))
            .filter(|email| !email.is_empty())
            .unwrap_or_else(|| said(record.and_then(|record| record.email.as_ref()))),
        tier: of_account(|account| &account.tier),
        plan: of_account(|account| &account.plan),
        company: of_account(|account| &account.company),
        language: of_account(|account| &account.language),
        status: of_account(|account| &account.status),
        since: of_account(|account| &account.since),
        open_tickets: account.map_or(0, |account| account.open_tickets),
    }
}

fn conversation(talk: &Conversation, at: Time) -> ConversationFacts {
    ConversationFacts {
        turns: i64::from(talk.turns),
        bot_turns: i64::from(talk.bot_turns),
        age_minutes: (at - talk.opened_at).num_minutes().max(0),
        reopened: talk.reopened,
        tags: talk.tags.clone(),
        handed_off_before: talk.handed_off_before,
        failed_answers: i64::from(talk.failed_answers),
    }
}

fn desk(talk: &Conversation, book: &Playbook, at: Time) -> DeskFacts {
    let state = talk.context.as_ref().map(|context| context.desk).unwrap_or_default();
    DeskFacts {
        open: book.team(&book.teams.default).1.is_none_or(|team| team.is_open(at)),
        name: book.desk.name.clone(),
        queue_length: state.queue_length,
        agents_online: state.agents_online,
    }
}
