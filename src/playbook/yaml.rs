//! Reading edited YAML: strict, and every fault with its line.

use super::fault::{Faults, Spot};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

pub use serde_saphyr::Spanned;

/// The value in a file, or a fault with its line.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str, faults: &mut Faults) -> Option<T> {
    parse_from(file, text, 0, faults)
}

/// The same for text that begins `skipped` lines below the file's first.
pub fn parse_from<T: DeserializeOwned>(
    file: &str,
    text: &str,
    skipped: u64,
    faults: &mut Faults,
) -> Option<T> {
    match serde_saphyr::from_str::<T>(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let plain = error.without_snippet();
            let at = plain.location();
            let at =
                at.map_or(Spot { line: 1, column: 0 }, |at| Spot { line: at.line(), column: at.column() });
            let at = Spot { line: at.line + skipped, ..at };
            // The place is said once, before the sentence.
            let sentence = plain.to_string();
            let sentence = sentence.split(" at line ").next().unwrap_or(&sentence);
            faults.add(file, at, sentence.lines().next().unwrap_or("cannot be read as YAML"));
            None
        }
    }
}

/// Where a value stands.
pub fn spot<T>(value: &Spanned<T>) -> Spot {
    Spot { line: value.referenced.line(), column: value.referenced.column() }
}

/// The line of a value.
pub fn line<T>(value: &Spanned<T>) -> u64 {
    value.referenced.line()
}

/// A length of time as people write it: `30s`, `5m`, `72h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// For arithmetic with instants; as long as chrono can count.
    #[must_use]
    pub fn delta(self) -> chrono::TimeDelta {
        chrono::TimeDelta::from_std(self.0).unwrap_or(chrono::TimeDelta::MAX)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|_| {
            serde::de::Error::custom(format!(
                "\"{text}\" is no length of time; write e.g. 30s, 5m, 72h or 7d"
            ))
        })
    }
}
