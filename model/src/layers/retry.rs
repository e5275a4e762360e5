//! Another try, after a pause, only for errors that a pause may mend, and only within the step's time.

use crate::ask::{Answer, Ask, Usage};
use crate::error::ModelError;
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A number from 0 up to 1, for jitter; handed in, so that tests know it.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// How often and how slowly.
#[derive(Debug, Clone, Copy)]
pub struct RetrySettings {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// The longest first pause; it doubles each time.
    pub first: Duration,
    /// The longest pause of our own.
    pub longest: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { attempts: 3, first: Duration::from_millis(300), longest: Duration::from_secs(4) }
    }
}

/// Tries again.
pub struct Retry {
    inner: Arc<dyn Model>,
    settings: RetrySettings,
    jitter: Jitter,
    retries: Arc<AtomicU64>,
}

impl Retry {
    /// Around `inner`.
    pub fn new(inner: Arc<dyn Model>, settings: RetrySettings, jitter: Jitter) -> Self {
        Self { inner, settings, jitter, retries: Arc::default() }
    }
}

/// The pause before the next attempt, or none if there is to be none. What the server asked for is kept to the second;
/// if there is no time for it, waiting less would only be refused again.
fn pause(
    error: &ModelError,
    attempt: u32,
    settings: RetrySettings,
    jitter: f64,
    left: Duration,
) -> Option<Duration> {
    if !error.worth_retrying() || attempt >= settings.attempts {
        return None;
    }
    let doubled = settings.first.saturating_mul(1 << (attempt - 1).min(16)).min(settings.longest);
    // Full jitter: callers that failed together do not come back together.
    let own = doubled.mul_f64(jitter.clamp(0.0, 1.0));
    let pause = match error {
        ModelError::Busy { after: Some(after), .. } => *after + own.min(Duration::from_millis(250)),
        _ => own,
    };
    (pause < left).then_some(pause)
}

#[async_trait]
impl Model for Retry {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let until = Instant::now() + ask.limits.timeout;
        let mut attempt = 1;
        let mut lost = Usage::default();
        loop {
            let error = match self.inner.ask(ask.clone()).await {
                Ok(answer) => {
                    let (calls, usage) = (answer.calls + attempt - 1, answer.usage.plus(lost));
                    return Ok(Answer { calls, usage, ..answer });
                }
                Err(error) => error,
            };
            lost = lost.plus(error.lost(&ask));
            let left = until.saturating_duration_since(Instant::now());
            let Some(pause) = pause(&error, attempt, self.settings, (self.jitter)(), left) else {
                return Err(error);
            };
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(pause).await;
            attempt += 1;
        }
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, settings, jitter) = (self.inner.clone(), self.settings, self.jitter.clone());
        let retries = self.retries.clone();
        Box::pin(async_stream::stream! {
            let until = Instant::now() + ask.limits.timeout;
            let mut attempt = 1;
            let mut lost = Usage::default();
            'attempts: loop {
                let mut draft = inner.draft(ask.clone());
                let mut shown = false;
                while let Some(piece) = draft.next().await {
                    match piece {
                        // Words that were shown can't be taken back: no second try after them.
                        Err(error) if !shown => {
                            let left = until.saturating_duration_since(Instant::now());
                            let Some(pause) = pause(&error, attempt, settings, jitter(), left) else {
                                yield Err(error);
                                return;
                            };
                            retries.fetch_add(1, Ordering::Relaxed);
                            lost = lost.plus(error.lost(&ask));
                            drop(draft);
                            sleep(pause).await;
                            attempt += 1;
                            continue 'attempts;
                        }
                        Ok(Delta::Done(mut answer)) => {
                            answer.calls += attempt - 1;
                            answer.usage = answer.usage.plus(lost);
                            yield Ok(Delta::Done(answer));
                        }
                        other => {
                            shown = true;
                            yield other;
                        }
                    }
                }
                return;
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let retries = self.retries.load(Ordering::Relaxed);
        let own = PartState {
            part: "retry",
            of: String::new(),
            healthy: true,
            says: format!("{retries} calls were tried again"),
            figures: vec![("retries", retries as f64)],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, down, pieces};

    fn retry(inner: Arc<Scripted>) -> Retry {
        Retry::new(inner, RetrySettings::default(), Arc::new(|| 1.0))
    }

    fn busy(seconds: u64) -> ModelError {
        ModelError::Busy { cause: "429".to_owned(), after: Some(Duration::from_secs(seconds)) }
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_longer_each_time_and_as_long_as_it_is_told() {
        let inner = Scripted::new().fails(down()).fails(busy(3)).answers("yes");
        let begun = Instant::now();
        assert_eq!(retry(inner.clone()).ask(ask()).await.unwrap().calls, 3);
        assert_eq!(begun.elapsed(), Duration::from_millis(300 + 3000 + 250));
        let inner = Scripted::new().fails(down()).answers("a b");
        assert_eq!(pieces(retry(inner).draft(ask())).await.0, "a b");
    }

    #[tokio::test]
    async fn what_a_broken_call_may_have_cost_is_counted() {
        let broken = ModelError::Unavailable { cause: "cut".to_owned(), paid: crate::error::Paid::Perhaps };
        for (first, counted) in [(broken, ask().usage_at_most().total()), (down(), 0)] {
            let answer = retry(Scripted::new().fails(first).answers("a")).ask(ask()).await.unwrap();
            assert_eq!(answer.usage.total(), 110 + counted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_wait_past_the_step_and_not_for_what_will_not_mend() {
        for (error, calls) in [
            (busy(9), 1),
            (ModelError::Misconfigured { cause: String::new() }, 1),
            (ModelError::Refused { why: String::new() }, 1),
            (ModelError::TimedOut, 1),
            (down(), 3),
        ] {
            let inner = Scripted::new().fails(error.clone());
            assert_eq!(retry(inner.clone()).ask(ask()).await, Err(error));
            assert_eq!(inner.count(), calls);
        }
    }
}
