//! What people who answer for the desk look at: what it did lately, what triggers, tickets and models came to. Reads only.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::event::Entry;
use crate::domain::ids::{ConversationId, Place};
use async_trait::async_trait;

/// What one trigger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiringCount {
    /// The trigger's id.
    pub trigger: String,
    /// How often it went off.
    pub fired: i64,
    /// When last.
    pub last_at: Time,
    /// Occurrences that came to nothing, for good.
    pub failed: i64,
    /// Occurrences that are not through yet.
    pub waiting: i64,
}

/// What one job of the language model took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSpending {
    /// The job.
    pub step: String,
    /// Calls, also those under way.
    pub calls: i64,
    /// Millionths of a US dollar.
    pub micros: i64,
    /// Tokens, read and written.
    pub tokens: i64,
    /// Calls of which it is not known what they cost: under way, or their process died.
    pub unknown: i64,
}

/// Something about a ticket that the system outside has not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untaken {
    /// The ticket's number.
    pub number: i64,
    /// The event that asked for it.
    pub place: Place,
    /// Whether it is a dead letter: nobody tries it any more.
    pub dead: bool,
    /// Why the last try came to nothing.
    pub cause: String,
    /// When the next one is.
    pub due: Time,
}

/// Reads for overviews.
#[async_trait]
pub trait Overview: Send + Sync {
    /// What the desk decided, did, and was kept from doing in a conversation, the newest first.
    async fn deeds(&self, conversation: ConversationId, limit: i64) -> Result<Vec<Entry>, Unavailable>;

    /// What triggers came to since then, by trigger; those that never went off are missing.
    async fn firing_counts(&self, since: Time) -> Result<Vec<FiringCount>, Unavailable>;

    /// How often rules have fired since the day (UTC) of that instant, up to 90 days back, by rule; those that did not
    /// are missing.
    async fn rules_lately(&self, since: Time) -> Result<Vec<(String, i64)>, Unavailable>;

    /// What calls to language models took since then, by job.
    async fn spent_by_step(&self, since: Time) -> Result<Vec<StepSpending>, Unavailable>;

    /// What the system outside has not taken of these tickets (by number and conversation), the earliest of each.
    async fn untaken(&self, tickets: &[(i64, ConversationId)]) -> Result<Vec<Untaken>, Unavailable>;

    /// The conversations that a ticket (`T-1001`) stands for beside the one it came from; at most 100.
    async fn holders(&self, number: &str) -> Result<Vec<ConversationId>, Unavailable>;
}
