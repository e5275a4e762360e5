//! What calls to language models have cost.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::ids::{ConversationId, CustomerId};
use async_trait::async_trait;
use model::Step;

/// A call that stands in no log, such as a draft for an agent. Those of a log are kept with its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Unique.
    pub id: String,
    /// For which conversation.
    pub conversation: ConversationId,
    /// For which customer.
    pub customer: CustomerId,
    /// The job.
    pub step: Step,
    /// When.
    pub at: Time,
    /// Millionths of a US dollar.
    pub micros: u64,
    /// Tokens, read and written.
    pub tokens: u64,
}

/// The calls of one conversation and customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// For which conversation.
    pub conversation: String,
    /// For which customer.
    pub customer: String,
    /// Whether they were made at or after the time that was asked about as `today`.
    pub today: bool,
    /// Millionths of a US dollar.
    pub micros: u64,
    /// Tokens.
    pub tokens: u64,
    /// Calls of which nobody knows what they cost: the process died meanwhile.
    pub unknown: u64,
}

/// The books.
#[async_trait]
pub trait SpendingBooks: Send + Sync {
    /// Enters a call that stands in no log; the same again changes nothing.
    async fn spend(&self, spent: &Spent) -> Result<(), Unavailable>;

    /// Everything since then, summed up, apart from `today` on.
    async fn spending(&self, since: Time, today: Time) -> Result<Vec<Spending>, Unavailable>;
}
