//! `[llm]`: the language model.

use model::Step;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The language model. Without `base_url` there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Llm {
    /// Any OpenAI-compatible server.
    pub base_url: Option<String>,
    /// Its key.
    pub api_key: Option<SecretString>,
    /// The header the key goes into; `Authorization` as a bearer token.
    pub key_header: String,
    /// The model for steps that name none.
    pub model: Option<String>,
    /// Models by step.
    pub models: BTreeMap<String, String>,
    /// Added to each request.
    pub headers: BTreeMap<String, String>,
    /// Added to each address.
    pub query: BTreeMap<String, String>,
    /// The most that a day (UTC) may cost.
    pub daily_budget_usd: Option<f64>,
    /// The most that a conversation may cost.
    pub conversation_budget_usd: Option<f64>,
    /// The most that a customer may cost in a day.
    pub customer_budget_usd: Option<f64>,
    /// The most tokens of a day.
    pub daily_tokens: Option<u64>,
    /// By model, or the beginning of its name; `default` for every other.
    pub prices: BTreeMap<String, Price>,
    /// How long a customer waits while nobody knows whether the model answers.
    pub patience_ms: u64,
    /// The time of one attempt.
    pub attempt_timeout_ms: u64,
    /// Calls at once.
    pub at_once: usize,
    /// Calls that one customer may cause in a minute.
    pub calls_per_minute: u32,
    /// Whether names are taken out, too.
    pub redact_names: bool,
    /// How long what was asked and answered is kept, in days; 0 keeps nothing.
    pub journal_days: u32,
    /// A second server, asked when the first fails.
    pub fallback: Fallback,
}

/// `[llm.fallback]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Its address.
    pub base_url: Option<String>,
    /// Its key.
    pub api_key: Option<SecretString>,
    /// The header the key goes into; that of the first where absent.
    pub key_header: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    pub input_usd: f64,
    /// Tokens written.
    pub output_usd: f64,
}

impl Llm {
    /// What is wrong, with the key's name.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, url) in
            [("llm.base_url", &self.base_url), ("llm.fallback.base_url", &self.fallback.base_url)]
        {
            let is_address = |url: &String| {
                url::Url::parse(url)
                    .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            };
            if let Some(url) = url.as_ref().filter(|url| !is_address(url)) {
                return Err(format!(
                    "{key}: \"{url}\" is no address; expected e.g. https://api.openai.com/v1"
                ));
            }
        }
        if self.base_url.is_some() && self.model.is_none() {
            return Err("llm.model is missing: which model is the server to use?".to_owned());
        }
        if self.fallback.base_url.is_some() && (self.base_url.is_none() || self.fallback.model.is_none()) {
            return Err(
                "llm.fallback.base_url needs llm.fallback.model, and llm.base_url as the first".to_owned()
            );
        }
        let steps: Vec<&str> = Step::ALL.into_iter().chain([Step::Embed]).map(Step::name).collect();
        if let Some(step) = self.models.keys().find(|step| !steps.contains(&step.as_str())) {
            return Err(format!(
                "llm.models: there is no step \"{step}\"; expected one of {}",
                steps.join(", ")
            ));
        }
        let budgets = [
            ("llm.daily_budget_usd", self.daily_budget_usd),
            ("llm.conversation_budget_usd", self.conversation_budget_usd),
            ("llm.customer_budget_usd", self.customer_budget_usd),
        ];
        for (key, budget) in budgets {
            if budget.is_some_and(|usd| !(usd.is_finite() && usd >= 0.0)) {
                return Err(format!("{key} is an amount of US dollars from 0"));
            }
        }
        let set = budgets.iter().any(|(_, budget)| budget.is_some());
        if set && self.base_url.is_some() && self.prices.is_empty() {
            let message = "llm.prices is missing: without prices nobody can keep to a budget. Write e.g. default = { input_usd = 5.0, output_usd = 20.0 } for a million tokens";
            return Err(message.to_owned());
        }
        for (model, price) in &self.prices {
            if ![price.input_usd, price.output_usd].iter().all(|usd| usd.is_finite() && *usd >= 0.0) {
                return Err(format!("llm.prices.{model} is in US dollars for a million tokens, from 0"));
            }
        }
        for (key, value, range) in [
            ("llm.patience_ms", self.patience_ms, 100..=30_000),
            ("llm.attempt_timeout_ms", self.attempt_timeout_ms, 100..=300_000),
            ("llm.at_once", self.at_once as u64, 1..=1000),
            ("llm.calls_per_minute", u64::from(self.calls_per_minute), 1..=100_000),
            ("llm.journal_days", u64::from(self.journal_days), 0..=3650),
        ] {
            if !range.contains(&value) {
                return Err(format!("{key} is {} to {}", range.start(), range.end()));
            }
        }
        Ok(())
    }
}
