//! `policies/playbooks/*.yaml`: what is done, step by step.

use super::ByLanguage;
use crate::domain::approval::Unanswered;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::{Span, Spanned};
use nlu::signals::Urgency;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One playbook.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Kebab-case; the file is named after it.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// In order.
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<Step>>,
}

/// Steps that several playbooks share: `policies/parts/*.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Kebab-case; the file is named after it.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// One sentence: what it does, and which names it leaves behind.
    pub description: String,
    /// In order.
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<Step>>,
}

/// One step: a mapping with exactly one key.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Ask the customer, unless it is known.
    Ask(Ask),
    /// Ask a system, or have it do something.
    Call(Call),
    /// Have a language model find something out by calling actions, within bounds.
    Consult(Box<Consult>),
    /// Set priority, urgency, team, tags or names for later steps.
    Set(Set),
    /// Go one way or the other.
    Branch(Branch),
    /// Ask a human whether to go on.
    Approve(Approve),
    /// Have the customer show who they are, by a code that goes to the e-mail of their account.
    Verify(Verify),
    /// Wait for a while, or for something that happens outside.
    Wait(Wait),
    /// Calls, tickets and notices that do not depend on each other: all are asked at once.
    #[schemars(with = "Vec<Step>")]
    Together(Vec<Spanned<Step>>),
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
    /// The steps of a part, in its place: `policies/parts/`.
    #[schemars(with = "String")]
    Include(Include),
}

impl Step {
    /// The lists of steps below it, by arm: 0 then, 1 else or otherwise.
    #[must_use]
    pub fn arms(&self) -> [&[Spanned<Step>]; 2] {
        match self {
            Self::Branch(branch) => [&branch.then, &branch.otherwise],
            Self::Call(call) => [&[], &call.otherwise],
            Self::Consult(consult) => [&[], &consult.otherwise],
            Self::Approve(approve) => [&[], &approve.otherwise],
            Self::Verify(verify) => [&[], &verify.otherwise],
            Self::Wait(wait) => [&[], &wait.otherwise],
            Self::Include(part) => [&part.steps, &[]],
            _ => [&[], &[]],
        }
    }
}

/// What is said: a sentence of `replies.yaml` by its id, or the words themselves, by language.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// In `replies.yaml`.
    Id(String),
    /// Templates by language; they may speak of slots and of what steps have saved.
    Inline(ByLanguage),
}

/// `ask`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Where the answer is kept.
    pub slot: String,
    /// What an answer must be.
    pub kind: SlotKind,
    /// The question.
    pub text: Words,
    /// The question after an answer that was none; `text` where absent.
    pub again: Option<Words>,
    /// How often to ask before a human goes on.
    #[serde(default = "two")]
    pub tries: u32,
    /// Buttons, for `choice`.
    #[serde(default)]
    pub choices: Vec<Option_>,
    /// What an answer looks like, for `pattern`: the first group is kept, or all that matches.
    pub rx: Option<String>,
    /// What an answer must satisfy beside being of its kind.
    pub check: Option<AskCheck>,
    /// Whether the playbook goes on without an answer, where the customer says that they do not have it or after
    /// `tries`. The slot is empty then.
    #[serde(default)]
    pub optional: bool,
}

fn two() -> u32 {
    2
}

/// A condition on an answer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCheck {
    /// A CEL condition; the answer is `value`.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// What is said where it does not hold, instead of `again`.
    pub text: Words,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Option_ {
    /// What is kept.
    pub id: String,
    /// What it says.
    pub label: ByLanguage,
}

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
    /// A number.
    Number,
    /// A sum of money; the currency is not kept.
    Amount,
    /// A day; kept as 2026-03-04.
    Date,
    /// Yes or no, by button or in words.
    YesNo,
    /// What `rx` matches.
    Pattern,
}

/// `call`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which action; `customers.find` is built in.
    pub action: String,
    /// Its input, as templates. A text that is one `{{ expression }}` and nothing else keeps its type.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// Where the result is kept.
    pub into: Option<String>,
    /// What is done where it fails, with `failure.cause`; a human goes on where absent.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `consult`: a language model calls actions one after the other until it has found what is wanted. Every call passes
/// the gates of any other; what the model names must stand in the customer's words or in what a call has given.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consult {
    /// What it is to find out, as a template.
    pub purpose: String,
    /// The only actions that it may call.
    pub may_call: Vec<Callable>,
    /// How many calls it may make, 1 to 8.
    #[serde(default = "three")]
    pub steps: u32,
    /// Whether it may propose actions that change something. A human approves each of them, at any level of automation.
    #[serde(default)]
    pub approve: bool,
    /// JSON Schema of what is wanted: an object of texts, numbers and booleans. A text is one of an `enum`, or stands in
    /// the customer's words or in what a call has given: the model picks, it does not write.
    #[schemars(with = "Value")]
    pub result: Spanned<Value>,
    /// Where the result is kept.
    pub into: String,
    /// What the customer is told meanwhile; nothing where absent.
    pub tell: Option<Words>,
    /// What is done where nothing was found, with `failure.cause`; a human goes on where absent.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// An action that a `consult` step may call.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callable {
    /// Which.
    pub action: String,
    /// Inputs that the playbook sets, as templates. The model neither sees nor sets them: bind here whatever says whose
    /// data it is.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// Inputs that the model may word itself, such as the words of a search.
    #[serde(default)]
    pub free: Vec<String>,
}

fn three() -> u32 {
    3
}

/// `set`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// At least this urgent.
    #[schemars(with = "Option<super::Level>")]
    pub urgency: Option<Urgency>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Whose.
    pub team: Option<String>,
    /// Labels to add.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Names for later steps, as templates. A text that is one `{{ expression }}` and nothing else keeps its type.
    #[serde(default)]
    pub vars: BTreeMap<String, Value>,
}

/// `branch`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// A CEL condition.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// If so.
    #[schemars(with = "Vec<Step>")]
    pub then: Vec<Spanned<Step>>,
    /// If not.
    #[serde(default, rename = "else")]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `approve`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// A template of one line.
    pub title: String,
    /// A template: what a human needs to know to decide.
    pub details: String,
    /// Who is asked.
    pub team: String,
    /// How long they have.
    #[schemars(with = "String")]
    pub deadline: Span,
    /// What follows if nobody decides in time.
    #[serde(default)]
    pub default: Unanswered,
    /// What they may change, as templates.
    #[serde(default)]
    pub editable: BTreeMap<String, Value>,
    /// Where the answer is kept: `approved`, `by`, `reason`, and the editable values as they were decided.
    pub into: String,
    /// What the customer is told meanwhile; the desk's own sentence where absent.
    pub tell: Option<Words>,
    /// What is done where it is rejected; the playbook goes on where absent, but may not act any more.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `verify`: nothing where the customer is verified already.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The address that the customer says their account is under, as a template. The code goes there only if the
    /// directory knows it.
    pub email: Option<String>,
    /// Instead: the id of the account that they say is theirs, as a template. The code goes to the address on file.
    pub account: Option<String>,
    /// What the customer is told, whether or not there is such an account; the desk's own sentence where absent.
    pub tell: Option<Words>,
    /// What is done where they could not show it, with `failure.cause`; a human goes on where absent.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `wait`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// So long.
    #[serde(rename = "for")]
    #[schemars(with = "Option<String>")]
    pub span: Option<Span>,
    /// Until this happens, such as `ticket.solved` or `order.shipped`.
    pub event: Option<String>,
    /// To what, as a template; the ticket's number for events of tickets.
    pub about: Option<String>,
    /// So long at most.
    #[schemars(with = "Option<String>")]
    pub at_most: Option<Span>,
    /// Where what is known of the event is kept.
    pub into: Option<String>,
    /// What is known of it, as texts; empty where the event does not bring it.
    #[serde(default)]
    pub brings: Vec<String>,
    /// What the customer is told meanwhile; the desk's own sentence where absent.
    pub tell: Option<Words>,
    /// What is done where it does not happen in time; a human goes on where absent.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub otherwise: Vec<Spanned<Step>>,
}

/// `ticket`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// A template.
    pub title: String,
    /// A template; what the customer wrote and told where absent.
    pub body: Option<String>,
    /// The conversation's where absent.
    pub priority: Option<Priority>,
    /// The conversation's where absent.
    pub team: Option<String>,
    /// Where it is kept; its `number` can be told.
    #[serde(default = "ticket_name")]
    pub into: String,
    /// One ticket for many customers: a template that names the matter. While a ticket of that matter is open, it is
    /// joined instead of opening another.
    pub incident: Option<String>,
}

fn ticket_name() -> String {
    "ticket".to_owned()
}

/// `notify`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Which team.
    pub team: String,
    /// A template.
    pub text: String,
}

/// `reply`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What is said.
    pub text: Words,
}

/// `hand_off`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {}

/// `include`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "String")]
pub struct Include {
    /// Which part.
    pub part: String,
    /// Its steps, once the release is read.
    pub steps: Vec<Spanned<Step>>,
}

impl From<String> for Include {
    fn from(part: String) -> Self {
        Self { part, steps: Vec::new() }
    }
}
