//! `policies/guardrails.yaml`: what a language model may have a say in, and how much its word counts. Every part has
//! a default, and so has the file.

use super::intent::Engine;
use crate::playbook::fault::{Faults, Spot};
use schemars::JsonSchema;
use serde::Deserialize;

/// The guardrails.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guardrails {
    /// What reads messages of intents that do not say.
    pub engine: Engine,
    /// The language model's part.
    pub model: ModelPart,
    /// Texts that are meant for the model rather than for the desk.
    pub injection: Injection,
}

/// The language model's part.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelPart {
    /// Below this confidence of the local classifier a message is taken to be none of the desk's matters, and the
    /// model is not asked either; from here to the intent's threshold it is.
    pub uncertain_from: f32,
    /// How often the model is right, by how sure it says it is.
    pub reliability: Reliability,
    /// How much its word counts beside the local opinion, 0 (nothing) to 1 (as an independent witness's). Both err on
    /// the same texts, so 1 is too much.
    pub weight: f32,
    /// Among how many wrong intents its errors fall.
    pub confused_with: u32,
    /// Whether it may write answers from articles; without it, passages are quoted.
    pub replies: bool,
    /// Whether it reads answers to a playbook's questions that nothing else could read. What it finds must stand in the
    /// customer's words.
    pub slots: bool,
    /// How articles for its answers are looked for.
    pub retrieval: Retrieval,
    /// Whether it improves the summary of a hand-off.
    pub summaries: bool,
    /// How it writes to customers.
    pub tone: String,
}

impl Default for ModelPart {
    fn default() -> Self {
        Self {
            uncertain_from: 0.12,
            reliability: Reliability::default(),
            weight: 0.7,
            confused_with: 5,
            replies: true,
            slots: true,
            retrieval: Retrieval::Words,
            summaries: true,
            tone: "friendly, plain, short".to_owned(),
        }
    }
}

/// How articles are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retrieval {
    /// By the words of the question.
    Words,
    /// By its words and by its meaning: needs `llm.models.embed`, and asks that model once for each question.
    Meaning,
}

/// The share of right answers, 0 to 1. Not measured: a cautious guess until a desk has counted its own.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reliability {
    /// Where it is sure.
    pub sure: f32,
    /// Where it says likely.
    pub likely: f32,
    /// Where it guesses.
    pub guess: f32,
}

impl Default for Reliability {
    fn default() -> Self {
        Self { sure: 0.92, likely: 0.78, guess: 0.5 }
    }
}

/// Texts that are meant for the model.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Injection {
    /// From this score of the detector the model is not asked what a message means and writes no answer to it.
    pub limit: f32,
}

impl Default for Injection {
    fn default() -> Self {
        Self { limit: model::injection::SUSPICIOUS as f32 }
    }
}

impl Guardrails {
    /// What is out of range.
    pub fn check(&self, file: &str, faults: &mut Faults) {
        let Reliability { sure, likely, guess } = self.model.reliability;
        let top: Spot = 1.into();
        let shares = [
            ("model.uncertain_from", self.model.uncertain_from),
            ("model.weight", self.model.weight),
            ("model.reliability.sure", sure),
            ("model.reliability.likely", likely),
            ("model.reliability.guess", guess),
        ];
        for (name, _) in shares.iter().filter(|(_, share)| !(0.0..=1.0).contains(share)) {
            faults.add(file, top, format!("{name} is 0 to 1"));
        }
        // More would make one word of the model outweigh anything; less would turn its word into its opposite.
        let least = 1.0 / (self.model.confused_with as f32 + 1.0);
        if [sure, likely, guess].iter().any(|share| !(least..=0.99).contains(share)) {
            let message = "model.reliability: each is at least as good as chance among confused_with others, and 0.99 at most";
            faults.add(file, top, message);
        }
        if !(sure >= likely && likely >= guess) {
            faults.add(file, top, "model.reliability: sure is not below likely, nor likely below guess");
        }
        if !(1..=1000).contains(&self.model.confused_with) {
            faults.add(file, top, "model.confused_with is 1 to 1000");
        }
        if self.injection.limit.is_nan() || self.injection.limit < 0.0 {
            faults.add(file, top, "injection.limit is a score from 0; above 1 nothing counts as an attempt");
        }
        if self.model.tone.chars().count() > 200 {
            faults.add(file, top, "model.tone is 200 characters at most");
        }
    }
}
