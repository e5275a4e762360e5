//! How far polled databases were read.

use super::Unavailable;
use crate::domain::Time;
use async_trait::async_trait;
use serde_json::Value;

/// Where a poll stands for whoever goes on with it.
#[derive(Debug, Clone, PartialEq)]
pub struct PollPlace {
    /// Whether nothing has been read yet.
    pub first: bool,
    /// The cursor of the last row that was taken.
    pub place: Option<Value>,
    /// Tries in a row that came to nothing.
    pub failures: i64,
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct PolledRow {
    /// Its key: it fires once.
    pub occurrence: String,
    /// The checked event.
    pub event: Value,
    /// Why nothing is to be done about it, where that is known already.
    pub outcome: Option<String>,
}

/// What one look brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    /// Which trigger.
    pub trigger: String,
    /// What was read, as [`Polls::claim_poll`] was told.
    pub reads: String,
    /// When.
    pub at: Time,
    /// When to look again.
    pub due: Time,
    /// How far it was read; `None` leaves that as it is.
    pub place: Option<Value>,
    /// The rows.
    pub rows: Vec<PolledRow>,
    /// What somebody should look at, although rows were taken.
    pub trouble: Option<String>,
}

/// How a poll is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollHealth {
    /// Which trigger.
    pub trigger: String,
    /// When it last worked.
    pub looked_at: Option<Time>,
    /// When it is looked again.
    pub due: Time,
    /// Tries in a row that came to nothing.
    pub failures: i64,
    /// Why.
    pub trouble: Option<String>,
}

/// Polls' memory.
#[async_trait]
pub trait Polls: Send + Sync {
    /// Takes a poll that is due and puts it off until `until`, so that of several processes one looks; another may once
    /// that has passed. `reads` names what is read: a place in something else is none. `None` where it is not due.
    async fn claim_poll(
        &self,
        trigger: &str,
        reads: &str,
        now: Time,
        until: Time,
    ) -> Result<Option<PollPlace>, Unavailable>;

    /// Records the rows as firings, each once for good, and how far it was read, in one transaction. Returns how many
    /// rows were new.
    async fn polled(&self, polled: Polled) -> Result<usize, Unavailable>;

    /// It came to nothing.
    async fn poll_failed(&self, trigger: &str, trouble: &str, due: Time) -> Result<(), Unavailable>;

    /// How all of them are.
    async fn polls(&self) -> Result<Vec<PollHealth>, Unavailable>;
}
