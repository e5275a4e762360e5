//! What a conversation remembers of the world: answers, events, acts and hand-offs.

use crate::domain::Time;
use crate::domain::customer::Account;
use crate::domain::decision::Reason;
use crate::domain::ids::Seq;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a directory said to a playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "lookup", rename_all = "snake_case")]
pub enum Lookup {
    /// It answered.
    Answered {
        /// The account, if there is one.
        account: Option<Box<Account>>,
    },
    /// A system outside answered an action.
    Called {
        /// What.
        output: Value,
    },
    /// It did not.
    Unavailable {
        /// Why.
        cause: String,
    },
}

/// Something that happened outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// What, such as `ticket.solved`.
    pub name: String,
    /// To what.
    pub about: String,
    /// What is known of it.
    pub data: Value,
}

/// Something that another system has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The event that asked for it.
    pub seq: Seq,
    /// The action.
    pub action: String,
    /// What it took.
    pub input: Value,
    /// What it answered.
    pub output: Value,
    /// Whether it was undone since, or that was asked for.
    pub undone: bool,
}

/// What the human was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// When.
    pub at: Time,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What they need to know.
    pub summary: String,
}
