//! The files of `policies/`, as they are written. What they mean together is checked in `playbook::read`.

pub mod action;
pub mod case;
pub mod desk;
pub mod guardrails;
pub mod intent;
pub mod procedure;
pub mod rule;
pub mod team;
pub mod trigger;
pub mod way;

use schemars::JsonSchema;
use std::collections::BTreeMap;

/// A text by language (ISO 639-1).
pub type ByLanguage = BTreeMap<String, String>;

/// Low, medium or high, as editors are told.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
#[allow(missing_docs)]
pub enum Level {
    Low,
    Medium,
    High,
}

/// A mood, as editors are told.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
#[allow(missing_docs)]
pub enum Mood {
    Negative,
    Neutral,
    Positive,
}
