//! `policies/triggers/*.yaml`: what sets the desk off beside messages.

use super::procedure::Words;
use crate::domain::decision::Automation;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::{Span, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One trigger; the file is named after its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerFile {
    /// Kebab-case.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What sets it off.
    #[schemars(with = "On")]
    pub on: Spanned<On>,
    /// What it is called in a conversation, such as `invoice.payment_failed`: playbooks may wait for it. The id where
    /// absent.
    pub event: Option<String>,
    /// JSON Schema of what it brings, which conditions and templates know as `event`; nothing where absent.
    #[schemars(with = "Option<Value>")]
    pub payload: Option<Spanned<Value>>,
    /// A CEL condition over `event`; always where absent.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
    /// Whose matter it is: the ways are tried in order, and the first that leads to somebody is taken.
    #[serde(default)]
    #[schemars(with = "Vec<FindBy>")]
    pub find: Vec<Spanned<FindBy>>,
    /// To what it happened, as a template: an order's number, an invoice.
    pub about: Option<String>,
    /// What is done.
    #[schemars(with = "Outcome")]
    pub then: Spanned<Outcome>,
}

/// What sets a trigger off: exactly one of them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A signed request to `/hooks/{id}`.
    Hook(Hook),
    /// A time.
    Schedule(Schedule),
    /// A new row in a database of the desk's owner.
    Poll(Poll),
    /// A form of the site, posted to `/chat/v1/forms/{id}`.
    Form(Form),
    /// Something that happens to a ticket, here or in the ticket system.
    Ticket(TicketEvent),
    /// A file that a customer sends.
    File(FileSent),
    /// An agent, by hand.
    Manual(Manual),
}

impl On {
    /// The name used in the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hook(_) => "hook",
            Self::Schedule(_) => "schedule",
            Self::Poll(_) => "poll",
            Self::Form(_) => "form",
            Self::Ticket(_) => "ticket",
            Self::File(_) => "file",
            Self::Manual(_) => "manual",
        }
    }
}

/// `hook`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// How requests are signed.
    pub signature: Signature,
    /// The secret's name in the settings, `hooks.secrets`.
    pub secret: String,
    /// How old a signed request may be; 5 minutes where absent. Schemes without a time know no age.
    #[schemars(with = "Option<String>")]
    pub tolerance: Option<Span>,
    /// The largest request, in bytes; 65,536 where absent, 262,144 at most.
    pub max_bytes: Option<usize>,
    /// What tells one event from another, as a template; where absent the signed id of the request, else a digest of it.
    pub id: Option<String>,
}

/// How a request is signed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
    /// As Stripe does: `Stripe-Signature: t=…,v1=…`.
    Stripe,
    /// As GitHub does: `X-Hub-Signature-256: sha256=…`.
    Github,
    /// HMAC-SHA256 of the body in hexadecimal, in a header of any name.
    Plain(PlainSignature),
}

/// `plain`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainSignature {
    /// The header's name.
    pub header: String,
    /// What stands before the signature there.
    #[serde(default)]
    pub prefix: String,
}

/// `schedule`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Minute, hour, day of the month, month, day of the week: `0 9 * * MON-FRI`.
    pub cron: String,
    /// Whose clock, such as `Europe/Berlin`; UTC where absent.
    pub zone: Option<String>,
    /// Whether a moment that passed while the desk was down is made up for, once.
    #[serde(default)]
    pub catch_up: bool,
}

/// `poll`: each row that the query gives for the first time is an event. Rows are told apart by their key for good, also
/// over restarts and several processes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// Which, of the settings' `databases`.
    pub database: String,
    /// One `SELECT` without parameters.
    pub query: String,
    /// How often; 10 s to 1 day.
    #[schemars(with = "String")]
    pub every: Span,
    /// The column that tells one row from another: a number or a text that never changes.
    pub key: String,
    /// A column that rises with each new row, such as its number or the time of its last change: only rows from the last
    /// one on are read. It must not be set by transactions that may end in another order. Without it all rows of the
    /// query are read each time, so that it has to bound them itself.
    pub cursor: Option<String>,
    /// Where it begins when it looks for the first time.
    #[serde(default)]
    pub from: Beginning,
    /// Rows read at once, 1 to 500; 100 where absent.
    pub max_rows: Option<u32>,
    /// How long the query may take, at most 30 s; 5 s where absent.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Span>,
}

/// Where a poll begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Beginning {
    /// With rows that are not there yet: what is found at the first look sets nothing off.
    #[default]
    Now,
    /// With the first row that there is.
    Beginning,
}

/// `form`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {}

/// `ticket`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketEvent {
    /// What: `ticket.solved` and whatever else the ticket system tells.
    pub event: String,
}

/// `file`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSent {
    /// `application/pdf`, `image/*`; any where absent.
    #[serde(default)]
    pub types: Vec<String>,
    /// The smallest, in bytes.
    pub min_bytes: Option<u64>,
    /// The largest, in bytes.
    pub max_bytes: Option<u64>,
}

/// `manual`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manual {}

/// A way to find whose matter it is.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindBy {
    /// The customer of that id in the desk owner's own systems, where a signed identity has shown it.
    CustomerId(String),
    /// The customer of that address, where a signed identity or the customer directory vouches for it.
    Email(String),
    /// Conversations that the ticket of that number stands for.
    Ticket(String),
    /// Conversations in which a playbook waits for this event to happen to that thing.
    Waiting(String),
    /// All conversations like this; for schedules.
    Each(Each),
}

/// Conversations.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Who has them.
    pub state: Held,
    /// A CEL condition over the facts of each; all where absent.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
}

/// Who has a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// The bot.
    Bot,
    /// Nobody: it waits.
    Queued,
    /// A human.
    Human,
}

/// What a trigger does. The event is noted in the conversation in any case, and a playbook that waits for it goes on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Whether a conversation is opened with a known customer who has none under way.
    #[serde(default)]
    pub open: bool,
    /// What the customer is told, unless a human has the conversation.
    pub say: Option<Words>,
    /// What is started, unless a human has the conversation.
    pub playbook: Option<String>,
    /// What the playbook knows from the beginning, by slot, as templates; what does not fit is asked for.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// How much the playbook may do by itself: `approve` where absent, or `auto`.
    pub automation: Option<Automation>,
    /// Who is told.
    pub notify: Option<Tell>,
    /// Who gets the conversation.
    pub hand_off: Option<PassOn>,
    /// Labels to add.
    #[serde(default)]
    pub tags: Vec<String>,
    /// At least this soon.
    pub priority: Option<Priority>,
}

/// Who is told, and what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// Which team.
    pub team: String,
    /// A template.
    pub text: String,
}

/// Who gets it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassOn {
    /// The conversation's team where absent.
    pub team: Option<String>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Why, for the agent; a template.
    pub reason: String,
}
