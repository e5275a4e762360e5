//! What set triggers off.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::customer::Customer;
use crate::domain::ids::{ConversationId, CustomerId};
use async_trait::async_trait;
use serde_json::Value;

/// One occurrence that sets a trigger off.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The trigger's id.
    pub trigger: String,
    /// What tells it from other occurrences of the same trigger.
    pub occurrence: String,
    /// When it was recorded.
    pub at: Time,
    /// The checked event.
    pub event: Value,
    /// Tries before this one.
    pub attempts: i64,
    /// What came of it, once it is through.
    pub outcome: Option<String>,
}

/// A page of what set triggers off, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FiringFilter {
    /// Only of this trigger.
    pub trigger: Option<String>,
    /// Where the page begins; anything that is no cursor of this list means its beginning.
    pub cursor: Option<String>,
    /// How many, 1 to 200.
    pub limit: i64,
}

/// Triggers' work, and what they need to find whose matter something is.
#[async_trait]
pub trait Firings: Send + Sync {
    /// Records an occurrence; false where it was recorded before. When it returns, it is on disk.
    async fn put_firing(
        &self,
        trigger: &str,
        occurrence: &str,
        event: &Value,
        at: Time,
    ) -> Result<bool, Unavailable>;

    /// Occurrences whose work is due, the oldest first.
    async fn due_firings(&self, now: Time, limit: i64) -> Result<Vec<Firing>, Unavailable>;

    /// Its work is done.
    async fn firing_done(&self, trigger: &str, occurrence: &str, outcome: &str) -> Result<(), Unavailable>;

    /// Its work is tried again then.
    async fn firing_later(&self, trigger: &str, occurrence: &str, due: Time) -> Result<(), Unavailable>;

    /// What set triggers off, newest first.
    async fn firings(&self, filter: &FiringFilter) -> Result<Page<Firing>, Unavailable>;

    /// Up to when a schedule was looked at; nothing where it never was.
    async fn schedule(&self, trigger: &str) -> Result<Option<Time>, Unavailable>;

    /// Notes that a schedule was looked at up to `until`, and records the moment that it fires for, in one transaction.
    /// Of several processes that look at once, one records it.
    async fn advance_schedule(
        &self,
        trigger: &str,
        until: Time,
        moment: Option<Time>,
    ) -> Result<bool, Unavailable>;

    /// The customer for whom a signed identity vouches that the address (lower case) is theirs; the newest of several.
    async fn customer_by_verified_email(&self, email: &str) -> Result<Option<Customer>, Unavailable>;

    /// A customer's conversations, the newest first.
    async fn conversations_of(
        &self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<ConversationId>, Unavailable>;
}
