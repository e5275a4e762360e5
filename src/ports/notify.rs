//! Telling a team that something needs them.

use crate::domain::Time;
use crate::domain::ids::{ConversationId, Place};
use crate::domain::ticket::Priority;
use async_trait::async_trait;

/// One notice to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable over retries.
    pub key: Place,
    /// Which team.
    pub team: String,
    /// Plain text.
    pub text: String,
    /// How loud.
    pub priority: Priority,
    /// What it is about.
    pub conversation: ConversationId,
    /// When it was asked for.
    pub at: Time,
}

/// Carries notices; telling twice is harmless, so every failure may be retried.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Tells the team.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;
}

/// The notice did not get through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the team was not told: {0}")]
pub struct NotifyError(pub String);
