//! Effects waiting to be done.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::Place;
use async_trait::async_trait;

/// An effect to do now.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The event that asked for it.
    pub place: Place,
    /// What.
    pub effect: Effect,
    /// Tries before this one.
    pub attempts: i64,
    /// Parts of a long message that have gone out.
    pub progress: i64,
    /// Tries of which nobody could know whether they had arrived.
    pub doubts: i64,
}

/// How a try counts that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// As a failure.
    Tried,
    /// Not at all: it waited its turn.
    Waited,
    /// As one of which nobody could know.
    InDoubt,
}

/// The outbox. Rows come in by `Commit` and go out by a commit that `finishes` them.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes effects that are due and marks them `sending`, durably, before anything is sent. An effect is due only
    /// when no earlier one of its kind is unfinished in its conversation: messages go out in order, and a webhook that
    /// is away holds up no answer.
    async fn claim(&self, now: Time, limit: i64) -> Result<Vec<Item>, Unavailable>;

    /// Puts a claimed effect back until `due`, remembering why and how the try counts.
    async fn put_back(&self, place: Place, due: Time, cause: &str, count: Count) -> Result<(), Unavailable>;

    /// Notes durably that so many parts of a claimed message have gone out.
    async fn progressed(&self, place: Place, parts: i64) -> Result<(), Unavailable>;

    /// Effects marked `sending` that nobody is sending: another process died over them, or an engine of this one was
    /// stopped in the middle. Asked before an engine begins, while nothing is under way.
    async fn interrupted(&self) -> Result<Vec<Item>, Unavailable>;

    /// When the next effect falls due after `now`.
    async fn next_effect_due(&self, now: Time) -> Result<Option<Time>, Unavailable>;

    /// Effects not finished.
    async fn waiting_effects(&self) -> Result<i64, Unavailable>;
}
