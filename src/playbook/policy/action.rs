//! `policies/actions/*.yaml`: what other systems can be asked, and what they can be made to do.

pub use super::way::{Command, Http, Method, Sql, Tool};

use super::intent::Risk;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::{Span, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One action; the file is named after its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionFile {
    /// Lower case with dots: `orders.find`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Whether it only reads, or changes something.
    pub kind: ActionKind,
    /// An HTTP request.
    #[schemars(with = "Option<Http>")]
    pub http: Option<Spanned<Http>>,
    /// A query of a database that is set up for reading.
    #[schemars(with = "Option<Sql>")]
    pub sql: Option<Spanned<Sql>>,
    /// A program on this machine that the settings allow.
    #[schemars(with = "Option<Command>")]
    pub command: Option<Spanned<Command>>,
    /// A tool of an MCP server that the settings allow.
    #[schemars(with = "Option<Tool>")]
    pub mcp: Option<Spanned<Tool>>,
    /// How the other side knows us. Secrets stand in the settings; here they are named.
    pub auth: Option<Auth>,
    /// JSON Schema of what it takes; nothing where absent.
    #[schemars(with = "Option<Value>")]
    pub input: Option<Spanned<Value>>,
    /// JSON Schema of what it gives.
    #[schemars(with = "Option<Value>")]
    pub output: Option<Spanned<Value>>,
    /// How long one try may take; 10 s where absent.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Spanned<Span>>,
    /// How often it is tried while the other side is away.
    #[serde(default)]
    pub retry: Retry,
    /// Statuses of success; 200 to 299 where absent.
    #[serde(default)]
    pub success: Vec<u16>,
    /// The header (for a command: the variable of its environment) by which the other side knows a repetition; it gets a
    /// key that stays the same over all tries.
    pub idempotency: Option<String>,
    /// What a mistake would cost.
    #[serde(default = "low")]
    pub risk: Risk,
    /// Who it may be done for; anybody where absent.
    pub requires: Option<Requirement>,
    /// What undoes it.
    #[schemars(with = "Option<Undo>")]
    pub undo: Option<Spanned<Undo>>,
    /// Who goes on where it fails and the playbook says nothing else.
    #[serde(default)]
    pub on_failure: OnFailure,
}

fn low() -> Risk {
    Risk::Low
}

/// Whether an action changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// It may be asked twice and nobody would notice.
    Read,
    /// It is done once.
    Act,
}

/// How the other side knows us: exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// `Authorization: Bearer …`: the secret's name.
    Bearer(String),
    /// `Authorization: Basic …`.
    Basic(Basic),
    /// A header of its own.
    Header(HeaderAuth),
}

/// A name and a password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The name, as it is.
    pub user: String,
    /// The secret's name.
    pub password: String,
}

/// A header whose whole value is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderAuth {
    /// The header.
    pub name: String,
    /// The secret's name.
    pub secret: String,
}

/// How often an act is tried while the other side is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Tries in all, 1 to 20. The pauses between them grow: 1, 2, 4 … seconds.
    #[serde(default = "five")]
    pub tries: u32,
}

fn five() -> u32 {
    5
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: five() }
    }
}

/// Who an action may be done for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// A customer whose identity was verified.
    Verified,
}

/// What undoes an action.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Which action.
    pub action: String,
    /// Its input, as templates over `input` and `output` of what is undone.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
}

/// Who goes on where an action fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnFailure {
    /// The conversation's where absent.
    pub team: Option<String>,
    /// The conversation's where absent.
    pub priority: Option<Priority>,
}
