//! `policies/cases/*.yaml`: examples that can be run.

use crate::domain::customer::Account;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::{Span, Spanned};
use nlu::signals::{Sentiment, Urgency};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CasesFile {
    /// Each is a conversation of its own.
    pub cases: Vec<Case>,
}

/// One conversation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique; what it shows.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Who writes; an unknown visitor where absent.
    pub customer: Option<CaseCustomer>,
    /// How things stand at the desk.
    #[serde(default)]
    pub desk: CaseDesk,
    /// What other systems answer, by action.
    #[serde(default)]
    pub outside: BTreeMap<String, OutsideAnswer>,
    /// Turn by turn.
    pub talk: Vec<CaseTurn>,
}

/// Who writes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct CaseCustomer {
    pub name: Option<String>,
    pub email: Option<String>,
    #[serde(default)]
    pub verified: bool,
    #[serde(default)]
    pub tier: String,
    #[serde(default)]
    pub plan: String,
    #[serde(default)]
    pub company: String,
    #[serde(default)]
    pub language: String,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub open_tickets: i64,
}

impl CaseCustomer {
    /// As the directory would have it.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            id: "case".to_owned(),
            email: self.email.clone().unwrap_or_default(),
            name: self.name.clone().unwrap_or_default(),
            company: self.company.clone(),
            tier: self.tier.clone(),
            plan: self.plan.clone(),
            language: self.language.clone(),
            status: self.status.clone(),
            open_tickets: self.open_tickets,
            ..Account::default()
        }
    }
}

/// How things stand at the desk.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseDesk {
    /// Whether the default team is there.
    #[serde(default = "yes")]
    pub open: bool,
    /// Agents signed in.
    #[serde(default = "one")]
    pub agents_online: i64,
    /// Conversations waiting.
    #[serde(default)]
    pub queue_length: i64,
}

fn yes() -> bool {
    true
}

fn one() -> i64 {
    1
}

impl Default for CaseDesk {
    fn default() -> Self {
        Self { open: true, agents_online: 1, queue_length: 0 }
    }
}

/// What another system answers: one of them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutsideAnswer {
    /// This.
    Gives(Value),
    /// Nothing, for this reason.
    Fails(String),
}

/// Something that happens outside.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseEvent {
    /// What, such as `ticket.solved`.
    pub event: String,
    /// To what; the newest ticket where absent.
    pub about: Option<String>,
    /// What is known of it.
    #[serde(default)]
    pub data: Value,
}

/// Something that sets a trigger off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFiring {
    /// Which trigger.
    pub trigger: String,
    /// What it brings.
    #[serde(default)]
    pub event: Value,
}

/// One thing that happens (exactly one of the first six), and what must come of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseTurn {
    /// What the customer writes.
    #[schemars(with = "Option<String>")]
    pub says: Option<Spanned<String>>,
    /// How long nothing is said.
    #[schemars(with = "Option<String>")]
    pub waits: Option<Spanned<Span>>,
    /// What happens outside.
    #[schemars(with = "Option<CaseEvent>")]
    pub occurs: Option<Spanned<CaseEvent>>,
    /// A trigger goes off, in this conversation.
    #[schemars(with = "Option<CaseFiring>")]
    pub fires: Option<Spanned<CaseFiring>>,
    /// A human approves what was asked last, with these changes.
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    pub approves: Option<Spanned<BTreeMap<String, Value>>>,
    /// A human rejects it, for this reason.
    #[schemars(with = "Option<String>")]
    pub rejects: Option<Spanned<String>>,
    /// The button pressed instead.
    pub choice: Option<String>,
    /// What must come of it; anything where absent.
    #[serde(default)]
    pub expect: Expect,
}

/// One value or any of several.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOf<T> {
    /// Any of these.
    Many(Vec<T>),
    /// This.
    One(T),
}

impl<T: PartialEq> OneOf<T> {
    /// Whether the value is allowed.
    pub fn allows(&self, value: &T) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Many(many) => many.contains(value),
        }
    }
}

/// What must come of a message; what is absent may be anything.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `null` means out of scope.
    pub intent: Option<OneOf<String>>,
    /// `reply`, `act`, `ask`, `ticket`, `handoff`.
    pub route: Option<OneOf<String>>,
    /// Low, medium, high.
    #[schemars(with = "Option<OneOf<super::Level>>")]
    pub urgency: Option<OneOf<Urgency>>,
    /// Negative, neutral, positive.
    #[schemars(with = "Option<OneOf<super::Mood>>")]
    pub sentiment: Option<OneOf<Sentiment>>,
    /// Whose it became.
    pub team: Option<OneOf<String>>,
    /// How soon.
    pub priority: Option<OneOf<Priority>>,
    /// Any of these rules fired.
    pub rules: Option<Vec<String>>,
    /// Any of these reason codes was given.
    pub reasons: Option<Vec<String>>,
    /// The playbook under way or just done.
    pub playbook: Option<String>,
    /// Something the bot said holds these words.
    pub replies_with: Option<OneOf<String>>,
    /// ISO 639-1.
    pub language: Option<OneOf<String>>,
    /// Who has the conversation then: `bot`, `queued`, `human`, `resolved`.
    pub state: Option<OneOf<String>>,
    /// How many tickets stand.
    pub tickets: Option<usize>,
    /// All actions that were had done, in order.
    pub acts: Option<Vec<String>>,
    /// Something that a human was asked to approve holds these words.
    pub approval: Option<OneOf<String>>,
}
