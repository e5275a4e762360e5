//! How values are written in columns: times as microseconds, ids and JSON as text.

use crate::domain::Time;
use chrono::DateTime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Microseconds since 1970.
pub(crate) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn time(micros: i64) -> Result<Time, sqlx::Error> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable(format!("{micros} is not a time")))
}

pub(crate) fn parsed<T: FromStr>(text: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| unreadable(format!("{text:?}: {error}")))
}

/// A name from a fixed set, such as a state or a role.
pub(crate) fn named<T>(name: &str, from_name: fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    from_name(name).ok_or_else(|| unreadable(format!("{name:?} is not known to this program")))
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Text for a column; Postgres cannot hold NUL.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn unreadable(what: String) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}

/// What is looked through: lower case, without NUL.
pub(crate) fn searchable<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&plain(part).to_lowercase());
        text.push('\n');
    }
    text
}

/// The most words of a search that are looked at, and the most characters of each.
const SEARCH_WORDS: usize = 8;
const WORD_CHARS: usize = 100;

/// A `LIKE … ESCAPE '!'` pattern for each word looked for.
pub(crate) fn patterns(search: &str) -> Vec<String> {
    plain(search)
        .to_lowercase()
        .split_whitespace()
        .take(SEARCH_WORDS)
        .map(|word| {
            let escaped = word.chars().take(WORD_CHARS).fold(String::new(), |mut pattern, char| {
                if matches!(char, '!' | '%' | '_') {
                    pattern.push('!');
                }
                pattern.push(char);
                pattern
            });
            format!("%{escaped}%")
        })
        .collect()
}
