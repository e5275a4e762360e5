//! How many calls one customer may cause in a minute.

use crate::ask::{Answer, Ask};
use crate::error::ModelError;
use crate::port::{Draft, Model, PartState};
use async_trait::async_trait;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Customers remembered before those that have their full share again are forgotten.
const SWEEP_AT: usize = 10_000;

/// tokio's clock for governor, so that tests can turn it.
#[derive(Debug, Clone)]
struct Ticks {
    begun: Instant,
}

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.begun.elapsed().into()
    }
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, Ticks, NoOpMiddleware<Nanos>>;

/// Counts calls by customer.
pub struct Rate {
    inner: Arc<dyn Model>,
    limiter: Limiter,
    clock: Ticks,
    refused: AtomicU64,
}

impl Rate {
    /// Around `inner`: `a_minute` calls for each customer, all at once if need be.
    pub fn new(inner: Arc<dyn Model>, a_minute: NonZeroU32) -> Self {
        let clock = Ticks { begun: Instant::now() };
        let limiter =
            RateLimiter::new(Quota::per_minute(a_minute), DashMapStateStore::default(), clock.clone());
        Self { inner, limiter, clock, refused: AtomicU64::new(0) }
    }

    fn enter(&self, customer: &str) -> Result<(), ModelError> {
        if self.limiter.len() > SWEEP_AT {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&customer.to_owned()).map_err(|refused| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let after = refused.wait_time_from(self.clock.now());
            ModelError::RateLimited { after: after.max(Duration::from_millis(1)) }
        })
    }
}

#[async_trait]
impl Model for Rate {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        self.enter(&ask.customer)?;
        self.inner.ask(ask).await
    }

    fn draft(&self, ask: Ask) -> Draft {
        match self.enter(&ask.customer) {
            Ok(()) => self.inner.draft(ask),
            Err(error) => Box::pin(futures::stream::iter([Err(error)])),
        }
    }

    fn state(&self) -> Vec<PartState> {
        let refused = self.refused.load(Ordering::Relaxed);
        let own = PartState {
            part: "rate",
            of: String::new(),
            healthy: true,
            says: format!("{refused} calls were over a customer's rate"),
            figures: vec![("refused_rate", refused as f64)],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, pieces};

    #[tokio::test(start_paused = true)]
    async fn a_thousand_messages_in_a_minute_cause_few_calls() {
        let inner = Scripted::new().answers("a");
        let rate = Rate::new(inner.clone(), NonZeroU32::new(20).unwrap());
        for _ in 0..1000 {
            drop(rate.ask(ask()).await);
            tokio::time::advance(Duration::from_millis(60)).await;
        }
        // The share at once, and what comes back within the minute.
        assert!((20..=40).contains(&inner.count()), "{}", inner.count());
        assert!(rate.ask(Ask { customer: "u2".to_owned(), ..ask() }).await.is_ok());
        let error = loop {
            if let Err(error) = pieces(rate.draft(ask())).await.1 {
                break error;
            }
        };
        let ModelError::RateLimited { after } = error else { panic!("{error}") };
        tokio::time::advance(after).await;
        assert!(pieces(rate.draft(ask())).await.1.is_ok());
    }
}
