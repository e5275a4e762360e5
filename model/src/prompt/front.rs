//! The head of a prompt's file: what it is for, what it may see, what it must answer, what it may cost.

use crate::ask::Step;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::time::Duration;

/// The YAML between the two lines `---`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Front {
    pub(crate) purpose: Spanned<String>,
    pub(crate) step: Spanned<Step>,
    pub(crate) inputs: BTreeMap<String, Spanned<Input>>,
    /// None: the answer is plain text.
    pub(crate) schema: Option<Spanned<Value>>,
    /// The top-level string of the answer that is shown while it is written.
    pub(crate) stream: Option<Spanned<String>>,
    pub(crate) limits: Spanned<LimitsFront>,
}

/// What may be spent on one call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsFront {
    pub(crate) max_tokens: u32,
    pub(crate) temperature: f32,
    pub(crate) timeout: Span,
    /// The longest whole prompt, in characters.
    pub(crate) max_chars: usize,
}

/// One value that a prompt may see.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is; decides how it is made harmless.
    pub kind: Kind,
    /// For lists: the fields of each entry.
    #[serde(default)]
    pub of: BTreeMap<String, Kind>,
    /// Who wrote it; what customers wrote is redacted.
    #[serde(default)]
    pub from: From,
    /// It may be left out; the template sees an empty value then.
    #[serde(default)]
    pub optional: bool,
    /// The longest text, in characters, of the value or of each field of a list.
    #[serde(default = "max_chars")]
    pub max_chars: usize,
    /// The longest list; what comes after is left out.
    #[serde(default = "max_items")]
    pub max_items: usize,
    /// A value that could be real: every prompt is rendered with its samples before it is published.
    pub sample: Value,
}

const fn max_chars() -> usize {
    4000
}

const fn max_items() -> usize {
    50
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text by anybody: stands between delimiters that it cannot contain.
    Text,
    /// A name or a title: stands as a JSON string.
    Line,
    /// An identifier of the desk's: letters, digits, `_`, `-`, `.`, `:`; anything else is refused.
    Id,
    /// Several identifiers.
    Ids,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Entries with the fields that `of` names.
    List,
}

/// Who wrote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// Customers, files, tickets, tools: redacted before it leaves the machine.
    #[default]
    Customer,
    /// The desk itself: articles, names of intents. Still data, still delimited, but not redacted.
    Desk,
}

/// A length of time as people write it: `8s`, `1m`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|_| {
            serde::de::Error::custom(format!("\"{text}\" is no length of time; write e.g. 8s or 1m"))
        })
    }
}
