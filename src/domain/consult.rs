//! What a language model was asked for a conversation, and what it answered. It is asked after a commit that says so
//! and before one that says what came of it, so that no restart pays or decides twice.

use super::Time;
use super::ids::Seq;
use super::release::ReleaseId;
use model::{Step, Usage};
use nlu::signals::{Sentiment, Urgency};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the model stood when the turn began, as far as this process knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Standing {
    /// There is none, or it is left alone: nobody is asked.
    #[default]
    Off,
    /// Nobody knows whether it answers: a customer waits only so long to find out.
    Unproven {
        /// Milliseconds.
        patience_ms: u32,
    },
    /// Its last call went well: a step may take its own time.
    Well,
}

/// What the local classifier and readers made of a message, on the log before any model is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LocalReading {
    /// The likeliest intent; nothing where it is probably none of ours.
    pub intent: Option<String>,
    /// The calibrated probability that the likeliest intent is right.
    pub confidence: f32,
    /// How urgent.
    pub urgency: Urgency,
    /// In what mood.
    pub sentiment: Sentiment,
    /// ISO 639-1, if it could be told.
    pub language: Option<String>,
}

/// A question to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consultation {
    /// The message it is about; for a summary the newest one.
    pub message: Seq,
    /// The job.
    pub step: Step,
    /// Who waits for it goes on without it from then on, and it is never asked again.
    pub until: Time,
    /// The ids that it is about: the articles of a reply and of its check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// The release that asks; an answer to another one's question is not used.
    pub release: ReleaseId,
    /// What was known without it, with the first question about a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Box<LocalReading>>,
}

/// What the model answered, checked against the prompt's schema, with what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consulted {
    /// The server's name in the settings.
    pub server: String,
    /// The model as the server names it.
    pub model: String,
    /// The prompt and its version.
    pub prompt: String,
    /// Tokens.
    pub usage: Usage,
    /// Money in millionths of a US dollar.
    pub cost_micros: u64,
    /// Calls that it took; 0 from the cache.
    pub calls: u32,
    /// From the question to the answer, in milliseconds.
    pub latency_ms: i64,
    /// The answer, with what was taken out of the question put back in.
    pub body: Value,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "came", rename_all = "snake_case")]
pub enum Came {
    /// An answer.
    Answer(Box<Consulted>),
    /// None, for this reason (a stable code).
    Failure {
        /// Such as `model-timed-out`.
        code: String,
    },
}

/// A question under way or answered, as the fold keeps it until its message is decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The event that asked.
    pub seq: Seq,
    /// What.
    pub question: Consultation,
    /// What came of it, if anything has.
    pub came: Option<Came>,
}

impl Asked {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Consulted> {
        match &self.came {
            Some(Came::Answer(answer)) => Some(answer),
            Some(Came::Failure { .. }) | None => None,
        }
    }
}

/// What was said before the lines that the fold still holds, in a model's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Up to this place of the log.
    pub up_to: Seq,
    /// How many messages the customer had written by then.
    pub turns: u32,
    /// The words.
    pub text: String,
}

/// One of the opinions that a confidence was joined from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// The classifier, or the model with its prompt.
    pub by: String,
    /// What it holds the message to be about; nothing is "none of the desk's matters".
    pub intent: Option<String>,
    /// Its probability where it gives one, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// How sure it says it is: `sure`, `likely` or `guess`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<String>,
    /// In its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}
