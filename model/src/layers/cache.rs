//! Answers asked for before: the same prompt of the same release with the same redacted input. Only checked answers
//! are kept.

use crate::ask::{Answer, Ask, Step, Usage};
use crate::error::ModelError;
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use moka::future::Cache as Store;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Remembers.
pub struct Cache {
    inner: Arc<dyn Model>,
    store: Store<[u8; 32], Answer>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
}

impl Cache {
    /// Around `inner`: `entries` answers, each for as long as `fresh`.
    pub fn new(inner: Arc<dyn Model>, entries: u64, fresh: Duration) -> Self {
        let store = Store::builder().max_capacity(entries).time_to_live(fresh).build();
        Self { inner, store, hits: Arc::default(), misses: Arc::default() }
    }

    async fn find(&self, key: &[u8; 32]) -> Option<Answer> {
        let found = self.store.get(key).await;
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found.map(|answer| Answer {
            usage: Usage::default(),
            cost_micros: 0,
            calls: 0,
            cached: true,
            ..answer
        })
    }
}

/// Everything that decides an answer, and nothing else: who asks is not in it. An answer was made from the redacted
/// input alone, so it holds nothing that whoever sends the same input does not know.
fn key(ask: &Ask) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(ask.release.as_bytes());
    part(ask.prompt.as_bytes());
    for message in &ask.messages {
        part(&[message.role as u8]);
        part(message.text.as_bytes());
    }
    part(ask.schema.as_ref().map(|schema| schema.to_string()).unwrap_or_default().as_bytes());
    part(&ask.limits.max_tokens.to_le_bytes());
    part(&ask.limits.temperature.to_le_bytes());
    hash.finalize().into()
}

#[async_trait]
impl Model for Cache {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        // Vectors are large, and the same question word for word is rare.
        if ask.step == Step::Embed {
            return self.inner.ask(ask).await;
        }
        let key = key(&ask);
        if let Some(answer) = self.find(&key).await {
            return Ok(answer);
        }
        let answer = self.inner.ask(ask).await?;
        self.store.insert(key, answer.clone()).await;
        Ok(answer)
    }

    fn draft(&self, ask: Ask) -> Draft {
        let this = Self {
            inner: self.inner.clone(),
            store: self.store.clone(),
            hits: self.hits.clone(),
            misses: self.misses.clone(),
        };
        Box::pin(async_stream::stream! {
            let key = key(&ask);
            if let Some(answer) = this.find(&key).await {
                let shown = match (&ask.streams, answer.json(), answer.text()) {
                    (Some(name), Some(json), _) => json.get(name).and_then(|value| value.as_str()),
                    (_, _, text) => text,
                };
                if let Some(text) = shown {
                    yield Ok(Delta::Text(text.to_owned()));
                }
                yield Ok(Delta::Done(Box::new(answer)));
                return;
            }
            let mut draft = this.inner.draft(ask);
            while let Some(piece) = draft.next().await {
                if let Ok(Delta::Done(answer)) = &piece {
                    this.store.insert(key, (**answer).clone()).await;
                }
                yield piece;
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        let own = PartState {
            part: "cache",
            of: String::new(),
            healthy: true,
            says: format!("{hits} answers came from the cache, {misses} did not"),
            figures: vec![("cache_hits", hits as f64), ("cache_misses", misses as f64)],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Message;
    use crate::layers::testing::{Scripted, ask, down, pieces};

    #[tokio::test]
    async fn the_same_question_is_paid_once_and_another_is_not_the_same() {
        let inner = Scripted::new().answers("a");
        let cache = Cache::new(inner.clone(), 100, Duration::from_secs(60));
        assert!(!cache.ask(ask()).await.unwrap().cached);
        let again = cache.ask(ask()).await.unwrap();
        assert_eq!((again.cached, again.calls, again.cost_micros, again.usage.total()), (true, 0, 0, 0));
        assert!(pieces(cache.draft(ask())).await.1.unwrap().cached);
        assert!(
            cache
                .ask(Ask { conversation: "c2".to_owned(), customer: "u2".to_owned(), ..ask() })
                .await
                .unwrap()
                .cached
        );
        assert_eq!(inner.count(), 1);
        let message = |text: &str| Message { role: crate::Role::User, text: text.to_owned() };
        for other in [
            Ask { release: "r2".to_owned(), ..ask() },
            Ask { prompt: "classify@2".to_owned(), ..ask() },
            Ask { messages: vec![message("help")], ..ask() },
            Ask { messages: vec![message("he"), message("lp")], ..ask() },
        ] {
            assert!(!cache.ask(other).await.unwrap().cached);
        }
    }

    #[tokio::test]
    async fn errors_are_not_kept() {
        let inner = Scripted::new().fails(down()).answers("a");
        let cache = Cache::new(inner.clone(), 100, Duration::from_secs(60));
        assert!(cache.ask(ask()).await.is_err());
        assert!(cache.ask(ask()).await.is_ok());
    }
}
