//! Databases of the desk's owner: read only, safe to ask twice.

use async_trait::async_trait;
use serde_json::{Map, Value};
use std::time::Duration;

/// One query with what it may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Query<'a> {
    /// The database, by its name in the settings.
    pub database: &'a str,
    /// One `SELECT`, with `$1`, `$2` … for the parameters.
    pub text: &'a str,
    /// What takes their place; never part of the text.
    pub params: &'a [Value],
    /// Rows at most; more are an error.
    pub max_rows: u32,
    /// How long it may take.
    pub timeout: Duration,
}

/// A part of a query's rows, by a column that rises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part<'a> {
    /// The row with the highest value.
    Newest,
    /// Rows from this value on, the value itself included, the lowest first; from the beginning where there is none.
    From(Option<&'a Value>),
}

/// Reads from named databases. Nothing can be changed through it.
#[async_trait]
pub trait Queries: Send + Sync {
    /// The rows, each by the names of its columns.
    async fn select(&self, query: Query<'_>) -> Result<Vec<Map<String, Value>>, QueryError>;

    /// Some of the rows of a query without parameters, in the order of `column` and then `key`; rows without a value
    /// there are none. `max_rows` are given at most, and more are no error.
    async fn part(
        &self,
        query: Query<'_>,
        column: &str,
        key: &str,
        part: Part<'_>,
    ) -> Result<Vec<Map<String, Value>>, QueryError>;
}

/// Why there are no rows, by what the caller can do. Each is a sentence for an agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The database is away or slow; the same again may succeed.
    #[error("{0}")]
    Away(String),
    /// The same again would fail the same: somebody must change the query or the settings.
    #[error("{0}")]
    Refused(String),
}
