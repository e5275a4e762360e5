//! What goes out on platforms that must be pushed to.

use crate::words::{Channel, Choice, Citation};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

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
}

/// The platform's word that it took a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's id of the message.
    pub external_id: String,
}

/// Why a message did not go out, by what the outbox must do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Surely not accepted: send it again later, not before the time the platform named.
    #[error("not delivered for now: {cause}")]
    Retry {
        /// What went wrong.
        cause: String,
        /// Seconds to wait at least, when the platform said so.
        after_s: Option<u64>,
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

    /// Sends one message.
    async fn deliver(&self, message: &Outbound) -> Result<Receipt, DeliveryError>;
}
