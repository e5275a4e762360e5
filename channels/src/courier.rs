//! What goes out on platforms that must be pushed to.

use crate::words::{Channel, Choice, Citation};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One message to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    /// Ours, unique and stable over retries: the nonce where a platform takes one.
    pub key: String,
    /// Where it goes.
    pub channel: Channel,
    /// The chat, thread or visitor.
    pub address: String,
    /// Who speaks, where the platform can show it.
    pub author: String,
    /// Plain text.
    pub text: String,
    /// Buttons below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Sources to link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The platform's id of the customer's message that it answers, for places where several people write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// The platform's word that it took a part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's id of what it shows.
    pub external_id: String,
    /// Whether another part must follow.
    pub more: bool,
}

/// Why a message did not go out, by what the outbox must do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Surely not accepted, and the time of the next try is known: the platform named it, or our own pacing did.
    #[error("waits its turn: {cause}")]
    Later {
        /// Who asks to wait.
        cause: String,
        /// How long at least.
        after: Duration,
    },
    /// Surely not accepted: send it again later.
    #[error("not delivered for now: {cause}")]
    Retry {
        /// What went wrong.
        cause: String,
    },
    /// Surely not accepted: the address has another name now.
    #[error("moved to {to}")]
    Moved {
        /// The new one.
        to: String,
    },
    /// Surely not accepted: nobody can be reached there until they come back.
    #[error("nobody can be reached: {cause}")]
    Unreachable {
        /// Why, for an agent.
        cause: String,
    },
    /// Surely not accepted, and never will be.
    #[error("cannot be delivered: {cause}")]
    GiveUp {
        /// What went wrong.
        cause: String,
    },
    /// Nobody can know whether it was accepted.
    #[error("may or may not have been delivered: {cause}")]
    InDoubt {
        /// What went wrong.
        cause: String,
    },
}

/// Carries messages to one platform.
#[async_trait]
pub trait Courier: Send + Sync {
    /// The platform it serves.
    fn channel(&self) -> Channel;

    /// Whether sending the same key twice shows the message once. If not, a send whose answer was lost in a crash
    /// is shown to an agent instead of being repeated.
    fn repeats_safely(&self) -> bool;

    /// Sends one part of a message (parts are numbered from 0; most messages have one). It answers within 15 s, and
    /// never waits for its turn longer than a second: then it says [`DeliveryError::Later`].
    async fn deliver(&self, message: &Outbound, part: usize) -> Result<Receipt, DeliveryError>;

    /// Shows that somebody is writing; of no consequence where it fails.
    async fn typing(&self, address: &str);
}
