//! What is asked of a model and what comes back: plain values, the same for every server and every decorator.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The jobs a model may do. Each has one prompt (but for [`Self::Embed`], which has none), its own limits and, if the
/// desk wishes, its own model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A second opinion on the intent.
    Classify,
    /// Values for the slots of a playbook.
    Extract,
    /// What the human who takes over must know.
    Summarise,
    /// An answer to the customer from articles.
    Reply,
    /// A draft for the agent.
    Suggest,
    /// A text in another language.
    Translate,
    /// Whether a draft says only what its sources say.
    Screen,
    /// What to look up next for a playbook, or what was found.
    Use,
    /// Texts as vectors. The messages are the texts; the answer is `{"vectors": […]}`, one for each.
    Embed,
}

impl Step {
    /// All that have a prompt.
    pub const ALL: [Self; 8] = [
        Self::Classify,
        Self::Extract,
        Self::Summarise,
        Self::Reply,
        Self::Suggest,
        Self::Translate,
        Self::Screen,
        Self::Use,
    ];

    /// Its name in files, metrics and the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::Extract => "extract",
            Self::Summarise => "summarise",
            Self::Reply => "reply",
            Self::Suggest => "suggest",
            Self::Translate => "translate",
            Self::Screen => "screen",
            Self::Use => "use",
            Self::Embed => "embed",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who speaks in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The desk.
    System,
    /// The task, with its data.
    User,
    /// An earlier answer of the model, shown again for a repair.
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The words.
    pub text: String,
}

/// What one call may cost in time and tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The most tokens of an answer.
    pub max_tokens: u32,
    /// 0 (always the likeliest word) to 2.
    pub temperature: f32,
    /// The whole step's time: waiting, retries and a repair included.
    pub timeout: Duration,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The job.
    pub step: Step,
    /// The prompt and its version, such as `classify@1f2e3d4c5b6a`.
    pub prompt: String,
    /// The release whose prompts, policies and articles are asked from.
    pub release: String,
    /// The conversation it is asked for: one call in flight for each.
    pub conversation: String,
    /// The customer it is asked for: limits are counted by customer.
    pub customer: String,
    /// System and user message; a repair adds to them.
    pub messages: Vec<Message>,
    /// The JSON Schema that the answer must meet, ids that exist filled in as enums; none for plain text.
    pub schema: Option<Arc<Value>>,
    /// The top-level string of the answer that a draft shows while it is written.
    pub streams: Option<String>,
    /// Time and tokens.
    pub limits: Limits,
}

impl Ask {
    /// Characters in all messages.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.messages.iter().map(|message| message.text.chars().count()).sum()
    }

    /// What a call is taken to have used that failed, and may have been paid for all the same.
    #[must_use]
    pub fn usage_at_most(&self) -> Usage {
        Usage { input: self.tokens_at_most(), output: u64::from(self.limits.max_tokens), estimated: true }
    }

    /// A number of input tokens that the call will hardly exceed, for reservations: three characters to a token, one
    /// for each character outside of ASCII (tokenizers split other scripts finely), and a little for each message.
    #[must_use]
    pub fn tokens_at_most(&self) -> u64 {
        let schema = self.schema.as_ref().map_or(0, |schema| schema.to_string().len() as u64 / 3);
        let text = |message: &Message| {
            let ascii = message.text.bytes().filter(u8::is_ascii).count() as u64;
            ascii.div_ceil(3) + message.text.chars().filter(|letter| !letter.is_ascii()).count() as u64 + 8
        };
        self.messages.iter().map(text).sum::<u64>() + schema
    }
}

/// Tokens of one or more calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// The server said nothing (or nonsense): the numbers are our estimate.
    pub estimated: bool,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// The sum of two calls.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            estimated: self.estimated || other.estimated,
        }
    }
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "content")]
pub enum Body {
    /// As a server sent it. Only [`crate::layers::checked`] turns it into one of the others.
    Unchecked(String),
    /// Met the schema, whole.
    Json(Value),
    /// Plain text, whole.
    Text(String),
}

/// One answer, with what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says.
    pub body: Body,
    /// The server's name in the settings.
    pub server: String,
    /// The model as the server names it.
    pub model: String,
    /// Tokens, all paid calls for this question together.
    pub usage: Usage,
    /// Money for them in millionths of a US dollar.
    pub cost_micros: u64,
    /// Calls that it took: 1, more after a retry or a repair, 0 from the cache.
    pub calls: u32,
    /// The first answer broke the schema, the second did not.
    pub repaired: bool,
    /// From the cache: nothing was paid.
    pub cached: bool,
}

impl Answer {
    /// The checked JSON; none for text and for what was not checked.
    #[must_use]
    pub fn json(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(value) => Some(value),
            Body::Text(_) | Body::Unchecked(_) => None,
        }
    }

    /// The checked text; none for JSON and for what was not checked.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::Json(_) | Body::Unchecked(_) => None,
        }
    }
}
