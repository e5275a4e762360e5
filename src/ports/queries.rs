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

/// Reads from named databases. Nothing can be changed through it.
#[async_trait]
pub trait Queries: Send + Sync {
    /// The rows, each by the names of its columns.
    async fn select(&self, query: Query<'_>) -> Result<Vec<Map<String, Value>>, QueryError>;
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
