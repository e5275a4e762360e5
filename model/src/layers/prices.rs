//! What tokens cost: a table in the settings, since no server says it.

use crate::ask::Usage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    pub input_usd: f64,
    /// Tokens written.
    pub output_usd: f64,
}

/// Prices by model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// By the model's name or the beginning of it: servers answer with dated names.
    pub models: BTreeMap<String, Price>,
    /// For every other model. Too high is safe, too low is not.
    pub otherwise: Price,
}

impl Prices {
    /// Nothing costs anything: a server of one's own.
    #[must_use]
    pub fn free() -> Self {
        Self { models: BTreeMap::new(), otherwise: Price { input_usd: 0.0, output_usd: 0.0 } }
    }

    /// The price of a model: the longest name that its own begins with.
    #[must_use]
    pub fn of(&self, model: &str) -> Price {
        let known = self.models.iter().filter(|(name, _)| model.starts_with(name.as_str()));
        known.max_by_key(|(name, _)| name.len()).map_or(self.otherwise, |(_, price)| *price)
    }
}

impl Price {
    /// Millionths of a dollar, rounded up. A dollar for a million tokens is a millionth for each.
    #[must_use]
    pub fn micros(self, usage: Usage) -> u64 {
        let micros =
            usage.input as f64 * self.input_usd.max(0.0) + usage.output as f64 * self.output_usd.max(0.0);
        // Saturates; what is not a number costs everything.
        if micros.is_nan() { u64::MAX } else { micros.ceil() as u64 }
    }

    /// The dearer of two, each way.
    #[must_use]
    pub fn dearer(self, other: Self) -> Self {
        Self {
            input_usd: self.input_usd.max(other.input_usd),
            output_usd: self.output_usd.max(other.output_usd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_gives_the_price() {
        let price = |input_usd| Price { input_usd, output_usd: 10.0 };
        let models = BTreeMap::from([("gpt".to_owned(), price(5.0)), ("gpt-mini".to_owned(), price(0.25))]);
        let prices = Prices { models, otherwise: price(50.0) };
        assert_eq!(prices.of("gpt-mini-2026-08-01").input_usd, 0.25);
        assert_eq!(prices.of("unheard-of").input_usd, 50.0);
        let usage = Usage { input: 1001, output: 10, estimated: false };
        assert_eq!(prices.of("gpt-mini").micros(usage), 351);
        assert_eq!(price(f64::NAN).micros(usage), 100);
    }
}
