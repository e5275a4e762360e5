//! Telling a team that something needs them.

use crate::domain::Time;
use crate::domain::ids::{ConversationId, Place};
use crate::domain::ticket::Priority;
use async_trait::async_trait;
use std::time::Duration;

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
    /// Shows it in every open console.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;

    /// The channels that are set up beside the console, such as `slack`. A team that names none is told by all.
    fn channels(&self) -> Vec<String> {
        Vec::new()
    }

    /// Tells the team by one of them.
    async fn tell(&self, channel: &str, _notice: &Notice) -> Result<(), NotifyError> {
        Err(NotifyError::Refused(format!("{channel} is not set up in the settings, under [notify]")))
    }
}

/// The notice did not get through, by what the outbox must do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// Later, by its schedule.
    #[error("{0}")]
    Retry(String),
    /// Not before `after` has passed.
    #[error("{cause}")]
    Later {
        /// In the other side's words.
        cause: String,
        /// How long to wait.
        after: Duration,
    },
    /// It will never be taken until somebody changes something.
    #[error("{0}")]
    Refused(String),
}
