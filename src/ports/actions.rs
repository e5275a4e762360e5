//! Other systems, by the actions of the policies.

use super::CallError;
use crate::playbook::actions::Action;
use async_trait::async_trait;
use serde_json::Value;

/// Runs actions. What is sent is what [`Action::request`] makes of the input; what comes back is checked by the caller.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Runs one, once. `key` stays the same over all tries of one run and differs for every other: it goes into the
    /// action's idempotency header, where it has one.
    async fn run(&self, key: &str, action: &Action, input: &Value) -> Result<Value, CallError>;

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
