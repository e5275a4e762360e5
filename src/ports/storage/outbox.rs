//! Effects waiting to be done.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{ConversationId, Place};
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
    /// When it was asked for.
    pub asked_at: Time,
    /// When this try began, as it was written down before it.
    pub began: Time,
    /// When the last one before it began of which nobody knows what came of it.
    pub tried: Option<Time>,
    /// Whether somebody had it tried again after it had been given up.
    pub redriven: bool,
}

/// What could not be done in all its tries. It stays until somebody has it tried again or gives it up.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// The event that asked for it.
    pub place: Place,
    /// What.
    pub effect: Effect,
    /// Why the last try came to nothing.
    pub cause: String,
    /// How many there were.
    pub attempts: i64,
    /// When it was asked for.
    pub asked_at: Time,
    /// When it was given up.
    pub died_at: Time,
    /// Effects that wait behind it.
    pub behind: i64,
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

/// The outbox. Rows come in by `Commit` and go out by a commit that `finishes` them, or stay as dead letters by one that
/// `buries` them. An [`Event::Redriven`](crate::domain::event::Event::Redriven) brings them back or takes them out.
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

    /// Dead letters, the newest first.
    async fn letters(&self, cursor: Option<&str>, limit: i64) -> Result<Page<Letter>, Unavailable>;

    /// One dead letter.
    async fn letter(&self, place: Place) -> Result<Option<Letter>, Unavailable>;

    /// Whether something waits in a lane of a conversation, dead letters among it.
    async fn is_waiting(&self, conversation: ConversationId, lane: &str) -> Result<bool, Unavailable>;

    /// How many dead letters there are.
    async fn dead_letters(&self) -> Result<i64, Unavailable>;

    /// Effects not finished, without the dead letters.
    async fn waiting_effects(&self) -> Result<i64, Unavailable>;
}
