//! A playbook under way in a conversation.

use super::Time;
use super::decision::Automation;
use super::ids::Seq;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    /// The next step: indices into steps, alternating with the arm taken (0 then, 1 else or otherwise).
    pub path: Vec<usize>,
    /// What the customer told.
    pub slots: BTreeMap<String, Value>,
    /// What steps have saved.
    pub saved: BTreeMap<String, Value>,
    /// What it waits for.
    pub waiting: Waiting,
    /// The intent that it is about, where the bot was sure of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// How much it may do by itself.
    #[serde(default = "auto")]
    pub automation: Automation,
    /// What was last ruled on it, if anything was: whether it may act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// What a language model is finding out for the step that it stands at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<Box<Inquiry>>,
    /// Whether the customer was led back to it once, after another matter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
}

fn auto() -> Automation {
    Automation::Auto
}

impl Run {
    /// Names the run within its conversation.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.playbook, self.message)
    }

    /// Whether it waits for the customer, and not for the world or a human.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(self.waiting, Waiting::Slot { .. })
    }

    /// When it goes on even though nothing has come.
    #[must_use]
    pub fn until(&self) -> Option<Time> {
        match &self.waiting {
            Waiting::Approval { until, .. }
            | Waiting::Moment { until }
            | Waiting::Event { until, .. }
            | Waiting::Model { until, .. }
            | Waiting::Code { until, .. } => Some(*until),
            _ => None,
        }
    }
}

/// What a language model does for a `consult` step. It proposes; what was checked and done stands here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Inquiry {
    /// What was called for it, oldest first.
    pub calls: Vec<Called>,
    /// What it wants called now; it has passed the checks of names and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Calling>,
    /// Whether a human was asked about `next`.
    #[serde(default)]
    pub proposed: bool,
    /// What had been ruled on the run before: an approval is for one call and for nothing after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<bool>,
}

/// One call of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calling {
    /// The action's id.
    pub action: String,
    /// Everything that it takes: what the playbook sets and what the model said.
    pub input: Value,
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// What was called.
    #[serde(flatten)]
    pub call: Calling,
    /// What came, cut to a bearable size; words where nothing came.
    pub output: Value,
    /// Whether it gave an answer.
    pub went_well: bool,
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
    /// The code that was sent to the customer's e-mail.
    Code {
        /// The event that asked for it to be sent.
        seq: Seq,
        /// Until then.
        until: Time,
        /// Whether the customer wrote something else and was reminded.
        reminded: bool,
    },
    /// What comes of an effect.
    Effect {
        /// The event that asked for it.
        seq: Seq,
    },
    /// What comes of several.
    Effects {
        /// The events that asked for them, with the step among those that run together.
        awaited: Vec<(Seq, usize)>,
    },
    /// A human's word.
    Approval {
        /// The event that asked for it.
        seq: Seq,
        /// Until then.
        until: Time,
    },
    /// A moment.
    Moment {
        /// Which.
        until: Time,
    },
    /// A language model's answer to the question of a `consult` step.
    Model {
        /// The event that asked.
        seq: Seq,
        /// Until then.
        until: Time,
    },
    /// Something that happens outside.
    Event {
        /// What, such as `ticket.solved`.
        name: String,
        /// To what, such as a ticket's number.
        about: String,
        /// Until then.
        until: Time,
    },
}
