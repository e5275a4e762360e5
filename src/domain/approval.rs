//! A human's word on what a playbook is about to do.

use super::Time;
use super::person::PersonRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a human is asked to approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// One line.
    pub title: String,
    /// What they need to know to decide.
    pub details: String,
    /// Who is asked.
    pub team: String,
    /// What they may change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub editable: BTreeMap<String, Value>,
    /// Until when.
    pub until: Time,
    /// What follows if nobody decides until then.
    pub default: Unanswered,
}

/// What follows where nobody decides in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// It is as if it had been rejected.
    #[default]
    Reject,
    /// It is as if it had been approved.
    Approve,
    /// A human takes the whole conversation.
    HandOff,
}

/// A proposal and what was ruled on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// When it was asked for.
    pub at: Time,
    /// What.
    pub proposal: Proposal,
    /// The answer, until the playbook has taken it in.
    pub ruling: Option<Ruling>,
}

/// An answer to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Whether it may be done.
    pub approved: bool,
    /// Who decided; nobody where the time ran out.
    pub by: Option<PersonRef>,
    /// What they changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edits: BTreeMap<String, Value>,
    /// Why, where it was rejected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
