//! A playbook under way in a conversation.

use super::ids::Seq;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a playbook stands; small and complete, so that it survives restarts and days of waiting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The playbook's id.
    pub playbook: String,
    /// The content address of the playbook as it was when the run began.
    pub version: String,
    /// The message that started it.
    pub message: Seq,
    /// The next step: indices into steps, alternating with the branch taken (0 then, 1 else).
    pub path: Vec<usize>,
    /// What the customer told.
    pub slots: BTreeMap<String, String>,
    /// What steps have saved.
    pub saved: BTreeMap<String, serde_json::Value>,
    /// What it waits for.
    pub waiting: Waiting,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Waiting {
    /// Nothing: go on.
    Nothing,
    /// The customer's answer to an `ask`.
    Slot {
        /// Which.
        slot: String,
        /// How often it was asked.
        tries: u32,
    },
    /// What comes of an effect.
    Effect {
        /// The event that asked for it.
        seq: Seq,
    },
}
