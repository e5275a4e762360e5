//! Other systems, by the actions of the policies.

use crate::playbook::actions::Action;
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;

/// Runs actions. What is sent is what [`Action::request`] makes of the input; what comes back is checked by the caller.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Runs one, once. `key` stays the same over all tries of one run and differs for every other: it goes into the
    /// action's idempotency header, where it has one.
    async fn run(&self, key: &str, action: &Action, input: &Value) -> Result<Value, ActionError>;

    /// The hosts called so far, with whether each is left alone because it failed too often.
    fn hosts(&self) -> Vec<Host> {
        Vec::new()
    }
}

/// A host that actions reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name and port.
    pub name: String,
    /// For how many seconds it is left alone; `None` where it is not.
    pub rests_s: Option<u64>,
}

/// Why nothing came of it, by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Surely not done; the same again may succeed.
    #[error("{0}")]
    Retry(String),
    /// Surely not done; the other side asks for patience.
    #[error("{cause}")]
    Later {
        /// In its words.
        cause: String,
        /// For how long.
        after: Duration,
    },
    /// Surely not done, and the same again would fail the same.
    #[error("{0}")]
    Refused(String),
    /// Nobody can know whether it was done.
    #[error("{0}")]
    InDoubt(String),
}
