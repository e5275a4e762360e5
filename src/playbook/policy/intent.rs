//! `policies/intents/*.yaml`: what customers want, in their own words, and what the desk does about it.

use crate::domain::decision::Automation;
use crate::domain::ticket::Priority;
use crate::playbook::yaml::{Span, Spanned};
use nlu::signals::Urgency;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Utterances by language.
pub type Examples = BTreeMap<String, Vec<Spanned<String>>>;

/// One intent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Snake case; the file is named after it.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Whose matter it is.
    #[schemars(with = "String")]
    pub team: Spanned<String>,
    /// What a mistake would cost.
    pub risk: Risk,
    /// How much the bot may do.
    pub automation: Automation,
    /// Whether the desk accepts that an intent of high risk runs without a human's approval.
    #[serde(default)]
    pub risk_accepted: bool,
    /// How many of its answers may turn out to be wrong before it may do less by itself.
    #[schemars(with = "Option<ErrorBudget>")]
    pub error_budget: Option<Spanned<ErrorBudget>>,
    /// The probability needed to act; the trained one where absent.
    #[schemars(with = "Option<f32>")]
    pub threshold: Option<Spanned<f32>>,
    /// What reads its messages; the desk's default where absent.
    #[serde(default)]
    pub engine: Option<Engine>,
    /// At least this urgent.
    #[schemars(with = "Option<super::Level>")]
    pub urgency: Option<Urgency>,
    /// What is done once the bot is sure.
    #[schemars(with = "Then")]
    pub then: Spanned<Then>,
    /// How customers say it.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub examples: Examples,
}

/// How many answers of an intent may turn out to be wrong: the customer says that it did not help, or comes back with it
/// after it was settled, or an agent corrects it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorBudget {
    /// The share that may, 0 to 1.
    pub failures: f64,
    /// Nothing is concluded from fewer answers than these.
    #[serde(default = "twenty")]
    pub of_at_least: i64,
    /// How far back is counted.
    #[schemars(with = "String")]
    pub within: Span,
    /// What it may do then, until an admin lifts it.
    #[serde(default = "suggest")]
    pub demote_to: Automation,
}

fn twenty() -> i64 {
    20
}

fn suggest() -> Automation {
    Automation::Suggest
}

/// What reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The local classifier alone.
    Local,
    /// A language model's second opinion is always asked, also where the classifier is sure.
    Model,
    /// A language model is asked where the classifier is unsure.
    #[default]
    Auto,
}

/// `policies/intents/out-of-scope.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutOfScope {
    /// What this desk has no answer to.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub out_of_scope: Examples,
}

/// What a mistake would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// An annoyance.
    Low,
    /// Money or time.
    Medium,
    /// Trust, data, the law.
    High,
}

impl Risk {
    /// The name used in policies and conditions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What ends the judgement of a message: exactly one of them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// A human answers.
    HandOff(HandOffTo),
    /// A playbook runs.
    Playbook(String),
    /// An article is quoted.
    Answer(AnswerFrom),
    /// A sentence of `replies.yaml` is said.
    Reply(String),
}

/// Who gets it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOffTo {
    /// The intent's team where absent.
    pub team: Option<String>,
    /// The conversation's priority where absent.
    pub priority: Option<Priority>,
}

/// Which articles may answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerFrom {
    /// All that list the intent, where absent.
    pub articles: Option<Vec<String>>,
}
