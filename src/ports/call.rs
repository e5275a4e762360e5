//! What can go wrong with a call that changes something elsewhere.

use std::time::Duration;

/// Why nothing is known to have come of it, by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Surely not done; the same again may succeed.
    #[error("{0}")]
    Retry(String),
    /// Surely not done; the other side asks for patience, and a try before `after` has passed is useless.
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
    /// It may have been done: where it left a key, that is looked for before it is done again.
    #[error("{0}")]
    InDoubt(String),
}
