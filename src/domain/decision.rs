//! What the bot decided about a message, with everything needed to say why.

use super::Time;
use super::consult::Opinion;
use super::ids::Seq;
use super::release::ReleaseId;
use channels::Citation;
use nlu::classifier::Flip;
use nlu::signals::{Entity, Sentiment, Signal, Urgency};
use serde::{Deserialize, Serialize};

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// The bot answers.
    Reply,
    /// A playbook runs.
    Act,
    /// The bot asks for what is missing.
    Ask,
    /// A ticket stands for the answer.
    Ticket,
    /// A human answers.
    Handoff,
}

impl Route {
    /// The name used in the API and in cases.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Act => "act",
            Self::Ask => "ask",
            Self::Ticket => "ticket",
            Self::Handoff => "handoff",
        }
    }
}

/// How much the bot may do by itself for an intent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Automation {
    /// Decides, but only for the record.
    #[default]
    Observe,
    /// Drafts for the agent.
    Suggest,
    /// Acts once a human approves.
    Approve,
    /// Acts.
    Auto,
}

impl Automation {
    /// The level of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Observe, Self::Suggest, Self::Approve, Self::Auto]
            .into_iter()
            .find(|level| level.name() == name)
    }

    /// The name used in policies and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Suggest => "suggest",
            Self::Approve => "approve",
            Self::Auto => "auto",
        }
    }
}

/// Why: a stable kebab-case code to count by, and a sentence to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable.
    pub code: String,
    /// For people.
    pub text: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

/// An intent and the probability that it is the right one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The intent's id.
    pub intent: String,
    /// 0 to 1.
    pub confidence: f32,
}

/// A word and how much it spoke for (above 0) or against the intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// As written by the customer.
    pub text: String,
    /// In units of the classifier's score.
    pub weight: f32,
}

/// A rule that would have fired but for one condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The rule.
    pub rule: String,
    /// The condition that did not hold, as it is written.
    pub missing: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(score: &f32) -> bool {
    *score == 0.0
}

/// One decision; the event that holds it names the release that made it, so it can be made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The message it is about.
    pub message: Seq,
    /// When.
    pub at: Time,
    /// The intent, unless out of scope.
    pub intent: Option<String>,
    /// The calibrated probability that the intent is right.
    pub confidence: f32,
    /// What the confidence had to reach.
    pub threshold: f32,
    /// Whether it is a matter for this desk at all.
    pub in_scope: bool,
    /// The best three.
    pub top: Vec<Guess>,
    /// How urgent, after rules.
    pub urgency: Urgency,
    /// The words that showed it.
    pub urgency_signals: Vec<Signal>,
    /// In what mood.
    pub sentiment: Sentiment,
    /// The words that showed it.
    pub sentiment_signals: Vec<Signal>,
    /// ISO 639-1, if it could be told.
    pub language: Option<String>,
    /// Numbers, dates and addresses in the message.
    pub entities: Vec<Entity>,
    /// What is done.
    pub route: Route,
    /// How much the bot was allowed to do.
    pub automation: Automation,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The rules that fired.
    pub rules: Vec<String>,
    /// Rules that would have fired but for one condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<NearMiss>,
    /// The words that weighed most.
    pub evidence: Vec<Evidence>,
    /// The opinions that the confidence was joined from, where a language model was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<Opinion>,
    /// How much the message looks like an attempt to instruct a language model, 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub injection: f32,
    /// The words without which the message would have been taken otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
    /// The facts that the rules looked at, as `name=value`.
    pub context: Vec<String>,
    /// Where the answer comes from.
    pub citations: Vec<Citation>,
    /// What the bot would have said or done where it was not allowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// The classifier.
    pub model: String,
    /// The prompts, policies and knowledge.
    pub release: ReleaseId,
    /// What it cost.
    pub cost_usd: f64,
    /// From the message's arrival to the decision, in milliseconds.
    pub latency_ms: i64,
}
