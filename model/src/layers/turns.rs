//! How many calls fly at once: so many for the whole desk, one for each conversation.

use crate::ask::{Answer, Ask};
use crate::error::ModelError;
use crate::port::{Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets calls through in turn.
pub struct Turns {
    inner: Arc<dyn Model>,
    shared: Arc<Shared>,
}

struct Shared {
    all: Arc<Semaphore>,
    most: usize,
    /// One permit for each conversation that has a call; forgotten when nobody holds or awaits it.
    conversations: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Turns {
    /// Around `inner`: `most` calls at once.
    pub fn new(inner: Arc<dyn Model>, most: usize) -> Self {
        let all = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Self { inner, shared: Arc::new(Shared { all, most, conversations: Mutex::default() }) }
    }
}

impl Shared {
    /// Waits for both turns. The conversation's comes first: one busy conversation holds one place, not many.
    async fn enter(
        &self,
        conversation: &str,
    ) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), ModelError> {
        let own = self.of(conversation);
        let closed = |_| ModelError::Busy { cause: "the desk is shutting down".to_owned(), after: None };
        let own = own.acquire_owned().await.map_err(closed)?;
        let all = self.all.clone().acquire_owned().await.map_err(closed)?;
        Ok((own, all))
    }

    fn of(&self, conversation: &str) -> Arc<Semaphore> {
        let mut conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = conversations.get(conversation).and_then(Weak::upgrade) {
            return found;
        }
        if conversations.len() > 1024 {
            conversations.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Semaphore::new(1));
        conversations.insert(conversation.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

#[async_trait]
impl Model for Turns {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let _turn = self.shared.enter(&ask.conversation).await?;
        self.inner.ask(ask).await
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        Box::pin(async_stream::try_stream! {
            let _turn = shared.enter(&ask.conversation).await?;
            let mut draft = inner.draft(ask);
            while let Some(piece) = draft.next().await {
                yield piece?;
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let flying = self.shared.most.saturating_sub(self.shared.all.available_permits());
        let own = PartState {
            part: "concurrency",
            of: String::new(),
            healthy: flying < self.shared.most,
            says: format!("{flying} of {} calls in flight", self.shared.most),
            figures: vec![("calls_in_flight", flying as f64)],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, pieces};
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    fn of(conversation: usize) -> Ask {
        Ask { conversation: format!("c{conversation}"), ..ask() }
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_a_conversation_and_so_many_for_all() {
        let inner = Scripted::new().answers("a").slow(Duration::from_secs(1));
        let turns = Turns::new(inner.clone(), 4);
        futures::future::join_all((0..10).map(|_| turns.ask(of(1)))).await;
        assert_eq!(inner.most.load(Ordering::SeqCst), 1);
        futures::future::join_all((0..40).map(|n| turns.ask(of(n)))).await;
        assert_eq!((inner.most.load(Ordering::SeqCst), inner.count()), (4, 50));
        assert_eq!(turns.state()[0].figures[0].1, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_given_up_makes_room() {
        let inner = Scripted::new().answers("a").slow(Duration::from_secs(60));
        let turns = Turns::new(inner, 1);
        for _ in 0..5 {
            drop(tokio::time::timeout(Duration::from_secs(1), turns.ask(of(1))).await);
        }
        drop(turns.draft(of(1)).next());
        assert!(pieces(turns.draft(of(1))).await.1.is_ok());
    }
}
