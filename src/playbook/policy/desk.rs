//! `policies/desk.yaml`: who this desk is.

use crate::playbook::yaml::Span;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

/// The desk.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskPolicy {
    /// As customers see it.
    pub name: String,
    /// One line on what is supported.
    pub product: String,
    /// What the bot calls itself.
    pub bot_name: String,
    /// Used where the customer's language is unknown or not spoken here.
    pub default_language: String,
    /// What the bot speaks.
    pub languages: Vec<String>,
    /// Where the desk is.
    #[schemars(with = "String")]
    pub timezone: Tz,
    /// A message after a resolution reopens the conversation within this time; later it starts a new one.
    #[schemars(with = "String")]
    pub reopen_within: Span,
    /// Silence after an answer of the bot counts as an assumed resolution.
    #[schemars(with = "String")]
    pub assume_resolved_after: Span,
    /// The watchdog's limit: every message has an outcome by then.
    #[schemars(with = "String")]
    pub outcome_within: Span,
    /// In scope but below the intent's threshold, and at least this: the bot asks "did you mean", once.
    pub clarify_from: f32,
}
