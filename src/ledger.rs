//! The one door to the log: whoever commits through it is heard by everybody who needs to know.

use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::effect::Effect;
use crate::domain::ids::ConversationId;
use crate::hub::{DeskSignal, Hub, Signal};
use crate::ports::storage::{Commit, CommitError, Storage, Unavailable};
use crate::ports::{Clock, Ids};
use std::sync::Arc;

/// How often somebody else may be faster before we say that the database is too busy.
pub const PATIENCE: usize = 50;

/// The log, the clock, and those who listen.
#[derive(Clone)]
pub struct Ledger {
    /// Where everything is kept.
    pub storage: Arc<dyn Storage>,
    /// Who listens.
    pub hub: Arc<Hub>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

impl Ledger {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Commits, then tells. Returns the state after.
    pub async fn commit(&self, commit: Commit) -> Result<Conversation, CommitError> {
        let acts = commit.entries.iter().any(|entry| Effect::of(entry, commit.after.channel).is_some());
        let after = commit.after.clone();
        self.storage.commit(commit).await?;
        self.hub.tell(after.customer, Signal::Changed);
        self.hub.tell_desk(DeskSignal::Changed(after.id));
        if after.due().is_some() {
            self.hub.turns.notify_one();
        }
        if acts {
            self.hub.outbox.notify_one();
        }
        Ok(after)
    }

    /// The state, or that there is no such conversation.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Unavailable> {
        self.storage.conversation(id).await
    }
}
