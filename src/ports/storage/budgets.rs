//! What the bot did by itself, and how it turned out: approvals that wait, error budgets, how often rules fire.

use super::{Page, Row, Unavailable};
use crate::domain::Time;
use crate::domain::ids::Seq;
use async_trait::async_trait;

/// How an intent has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// What the bot answered or did by itself.
    pub answers: i64,
    /// What turned out to be wrong: it did not help, the customer came back, an agent corrected it.
    pub failures: i64,
}

/// How often a rule has fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHits {
    /// The rule.
    pub rule: String,
    /// How often.
    pub hits: i64,
    /// When last.
    pub last_at: Time,
}

/// Figures that decisions are made on.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// A page of conversations that wait for a human's word, with the place that asked; the longest waiting first.
    async fn approvals(&self, cursor: Option<&str>, limit: i64) -> Result<Page<(Row, Seq)>, Unavailable>;

    /// How an intent has done since then, and since its demotion was last lifted.
    async fn marks(&self, intent: &str, since: Time) -> Result<Marks, Unavailable>;

    /// Adds to what is counted. A process that is killed forgets what it had not written yet.
    async fn count_rules(&self, fired: &[RuleHits]) -> Result<(), Unavailable>;

    /// How often rules have fired, by rule; those that never did are missing.
    async fn rule_hits(&self) -> Result<Vec<RuleHits>, Unavailable>;
}
