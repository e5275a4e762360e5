//! `policies/playbooks/*.yaml`: what is done, step by step.

use super::ByLanguage;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::Spanned;
use nlu::signals::Urgency;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One playbook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Kebab-case; the file is named after it.
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// In order.
    pub steps: Vec<Spanned<Step>>,
}

/// One step: a mapping with exactly one key.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Ask the customer, unless it is known.
    Ask(Ask),
    /// Ask a system; reads only.
    Call(Call),
    /// Set priority, urgency, team or tags.
    Set(Set),
    /// Go one way or the other.
    Branch(Branch),
    /// Open a ticket.
    Ticket(Ticket),
    /// Tell a team.
    Notify(Notify),
    /// Say something.
    Reply(Reply),
    /// A human goes on.
    HandOff(HandOff),
    /// Settled.
    Resolve(Resolve),
}

/// `ask`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Where the answer is kept.
    pub slot: String,
    /// What an answer must be.
    pub kind: SlotKind,
    /// The question, in `replies.yaml`.
    pub text: String,
    /// The question after an answer that was none; `text` where absent.
    pub again: Option<String>,
    /// How often to ask before a human goes on.
    #[serde(default = "two")]
    pub tries: u32,
    /// Buttons, for `choice`.
    #[serde(default)]
    pub choices: Vec<Option_>,
}

fn two() -> u32 {
    2
}

/// A button.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Option_ {
    /// What is kept.
    pub id: String,
    /// What it says.
    pub label: ByLanguage,
}

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// An e-mail address.
    Email,
    /// An order number.
    OrderNumber,
    /// An invoice number.
    InvoiceNumber,
    /// Anything.
    Text,
    /// One of the choices.
    Choice,
}

/// `call`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which action; `customers.find` is built in.
    pub action: String,
    /// Its input, as templates.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// Where the result is kept.
    pub into: String,
}

/// `set`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// At least this urgent.
    pub urgency: Option<Urgency>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Whose.
    pub team: Option<String>,
    /// Labels to add.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// `branch`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// A CEL condition.
    pub when: Spanned<String>,
    /// If so.
    pub then: Vec<Spanned<Step>>,
    /// If not.
    #[serde(default, rename = "else")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `ticket`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// A template.
    pub title: String,
    /// The conversation's where absent.
    pub priority: Option<Priority>,
    /// The conversation's where absent.
    pub team: Option<String>,
    /// Where it is kept; its `number` can be told.
    #[serde(default = "ticket_name")]
    pub into: String,
}

fn ticket_name() -> String {
    "ticket".to_owned()
}

/// `notify`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Which team.
    pub team: String,
    /// A template.
    pub text: String,
}

/// `reply`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// In `replies.yaml`.
    pub text: String,
}

/// `hand_off`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOff {
    /// The conversation's where absent.
    pub team: Option<String>,
    /// The conversation's where absent.
    pub priority: Option<Priority>,
    /// One sentence for the agent.
    pub reason: String,
}

/// `resolve`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {}
