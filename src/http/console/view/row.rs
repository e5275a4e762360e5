//! A line of the list, and the details of one conversation.

use super::approval::Approval;
use super::decision::Reason;
use super::{Named, Priority, Sentiment, State, Urgency};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State as DomainState};
use crate::domain::customer::Account;
use crate::playbook::Playbook;
use crate::ports::storage::{Row as StoredRow, TicketRecord};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Row {
    id: String,
    /// The last event.
    seq: i64,
    channel: &'static str,
    #[schema(inline)]
    state: State,
    customer: Customer,
    #[schema(required)]
    preview: Option<Preview>,
    #[schema(required)]
    intent: Option<String>,
    #[schema(required)]
    intent_name: Option<String>,
    #[schema(inline)]
    urgency: Urgency,
    #[schema(inline)]
    sentiment: Sentiment,
    #[schema(inline)]
    priority: Priority,
    #[schema(required)]
    team: Option<Named>,
    #[schema(required)]
    assignee: Option<Named>,
    /// Since when they wait for a human.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Time>,
    /// When they have waited too long.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    due: Option<Time>,
    tags: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// Who writes. Name and address are hostile text, and proven only where `verified`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Customer {
    id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    tier: Option<String>,
    #[schema(required)]
    company: Option<String>,
    verified: bool,
    /// Everything else that is known, in details only.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// The line that says most.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Preview {
    from: String,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Detail {
    #[serde(flatten)]
    row: Row,
    /// What the human needs to know.
    #[schema(required)]
    summary: Option<String>,
    /// Why it was handed over.
    reasons: Vec<Reason>,
    tickets: Vec<TicketLine>,
    #[schema(required)]
    language: Option<String>,
    /// The page they began on.
    #[schema(required)]
    page: Option<String>,
    #[schema(required)]
    rating: Option<Rating>,
    /// What waits for a human's word.
    approvals: Vec<Approval>,
}

/// A ticket of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct TicketLine {
    number: String,
    title: String,
    status: &'static str,
    #[schema(inline)]
    priority: Priority,
    #[schema(required)]
    outside: Option<Outside>,
}

/// The same ticket in a system of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OutsideTicket)]
pub(in crate::http) struct Outside {
    /// Which system.
    system: String,
    /// What people call it there.
    number: String,
    /// Where it is to be seen: http or https.
    #[schema(required)]
    url: Option<String>,
}

impl Outside {
    pub(in crate::http::console) fn of(ticket: &crate::domain::ticket::Outside) -> Self {
        Self { system: ticket.system.clone(), number: ticket.number.clone(), url: ticket.url.clone() }
    }
}

/// What the customer said of the help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Rating {
    /// 1 to 5.
    score: u8,
    #[schema(required)]
    comment: Option<String>,
}

impl Row {
    /// A line.
    pub(in crate::http::console) fn of(row: &StoredRow, book: &Playbook) -> Self {
        let talk = &row.conversation;
        let decision = talk.decision.as_ref().map(|(_, decision)| decision);
        let intent = talk.about.clone();
        let account = talk.context.as_ref().and_then(|context| context.account.as_ref());
        let (waiting_since, due) = match &talk.state {
            DomainState::Queued { since, overdue_at, .. } => (Some(*since), Some(*overdue_at)),
            _ => (None, None),
        };
        Self {
            id: talk.id.to_string(),
            seq: talk.seq,
            channel: talk.channel.name(),
            state: (&talk.state).into(),
            customer: Customer::of(row, account),
            preview: preview(talk),
            intent_name: intent.as_deref().map(|intent| book.intent_name(intent).to_owned()),
            intent,
            urgency: talk.urgency.unwrap_or(nlu::signals::Urgency::Low).into(),
            sentiment: decision
                .map_or(nlu::signals::Sentiment::Neutral, |decision| decision.sentiment)
                .into(),
            priority: talk.priority.into(),
            team: talk.team.as_deref().map(|team| Named::team(team, book)),
            assignee: talk.agent().map(Named::person),
            waiting_since,
            due,
            tags: talk.tags.clone(),
            created_at: talk.opened_at,
            updated_at: talk.updated_at,
        }
    }
}

impl Detail {
    /// The whole conversation. `comment` is what came with the rating.
    pub(in crate::http::console) fn of(
        row: &StoredRow,
        tickets: &[TicketRecord],
        comment: Option<String>,
        book: &Playbook,
    ) -> Self {
        let talk = &row.conversation;
        let mut line = Row::of(row, book);
        line.customer.more = facts(row);
        let handoff = talk.handoff.as_ref();
        Self {
            row: line,
            summary: handoff.map(|handoff| handoff.summary.clone()).filter(|summary| !summary.is_empty()),
            reasons: handoff
                .map(|handoff| handoff.reasons.iter().map(Reason::of).collect())
                .unwrap_or_default(),
            tickets: tickets.iter().map(TicketLine::of).collect(),
            language: Some(talk.language(&book.desk.default_language).to_owned()),
            page: talk.page.clone(),
            rating: talk.rating.map(|score| Rating { score, comment }),
            approvals: Approval::all(talk, book),
        }
    }
}

impl Customer {
    fn of(row: &StoredRow, account: Option<&Account>) -> Self {
        let known =
            |field: fn(&Account) -> &String| account.map(field).filter(|text| !text.is_empty()).cloned();
        let customer = &row.customer;
        Self {
            id: customer.id.to_string(),
            name: customer.name.clone().or_else(|| known(|account| &account.name)),
            email: customer.email.clone().or_else(|| known(|account| &account.email)),
            tier: known(|account| &account.tier),
            company: known(|account| &account.company),
            verified: customer.verified,
            more: BTreeMap::new(),
        }
    }
}

impl TicketLine {
    fn of(ticket: &TicketRecord) -> Self {
        Self {
            number: ticket.reference().number,
            title: ticket.ticket.title.clone(),
            status: ticket.status.name(),
            priority: ticket.ticket.priority.into(),
            outside: ticket.outside.as_ref().map(Outside::of),
        }
    }
}

/// While a customer waits, their own words say more than the bot's goodbye.
fn preview(talk: &Conversation) -> Option<Preview> {
    let waits = matches!(talk.state, DomainState::Queued { .. });
    let theirs = talk.recent.iter().rev().find(|line| line.from == "customer");
    let line = theirs.filter(|_| waits).or(talk.recent.back())?;
    Some(Preview { from: line.from.clone(), text: line.text.clone(), at: line.at })
}

fn facts(row: &StoredRow) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    let mut tell = |name: &str, value: Option<&String>| {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            facts.insert(name.to_owned(), json!(text));
        }
    };
    tell("external", row.customer.external.as_ref());
    tell("locale", row.customer.locale.as_ref());
    if let Some(account) = row.conversation.context.as_ref().and_then(|context| context.account.as_ref()) {
        tell("account", Some(&account.id));
        tell("plan", Some(&account.plan));
        tell("status", Some(&account.status));
        tell("since", Some(&account.since));
        tell("language", Some(&account.language));
        for (name, value) in &account.more {
            // What a directory adds may not stand for what the desk knows itself.
            if !["id", "name", "email", "tier", "company", "verified"].contains(&name.as_str()) {
                tell(name, Some(value));
            }
        }
        facts.insert("open_tickets".to_owned(), json!(account.open_tickets));
    }
    facts
}
