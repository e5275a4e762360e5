//! Time: of a whole step around everything, and of a single attempt around a server.

use crate::ask::{Answer, Ask};
use crate::error::ModelError;
use crate::port::{Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Which time is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The step's own, from its prompt: waiting, retries and a repair included.
    Step,
    /// One attempt's. It is shorter than a step, so that a retry or another server still has time.
    Attempt(Duration),
}

/// Ends calls that take too long. The call is dropped, and what it held is let go.
pub struct Timeout {
    inner: Arc<dyn Model>,
    whose: Whose,
    over: AtomicU64,
}

impl Timeout {
    /// Around `inner`.
    pub fn new(inner: Arc<dyn Model>, whose: Whose) -> Self {
        Self { inner, whose, over: AtomicU64::new(0) }
    }

    fn time(&self, ask: &Ask) -> Duration {
        match self.whose {
            Whose::Step => ask.limits.timeout,
            Whose::Attempt(time) => time.min(ask.limits.timeout),
        }
    }
}

#[async_trait]
impl Model for Timeout {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        match timeout(self.time(&ask), self.inner.ask(ask)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.over.fetch_add(1, Ordering::Relaxed);
                Err(ModelError::TimedOut)
            }
        }
    }

    fn draft(&self, ask: Ask) -> Draft {
        // A stream has the time of the step for all its pieces; an attempt's time is for the first of them.
        let whose = self.whose;
        let time = self.time(&ask);
        let mut draft = self.inner.draft(ask);
        Box::pin(async_stream::stream! {
            let until = Instant::now() + time;
            let mut first = true;
            loop {
                let next = if first || whose == Whose::Step {
                    timeout_at(until, draft.next()).await
                } else {
                    Ok(draft.next().await)
                };
                first = false;
                match next {
                    Ok(Some(piece)) => yield piece,
                    Ok(None) => break,
                    Err(_) => {
                        yield Err(ModelError::TimedOut);
                        break;
                    }
                }
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let over = self.over.load(Ordering::Relaxed);
        let mut state = self.inner.state();
        if self.whose == Whose::Step {
            state.insert(
                0,
                PartState {
                    part: "timeout",
                    of: String::new(),
                    healthy: true,
                    says: format!("{over} steps ran out of time"),
                    figures: vec![("timeouts", over as f64)],
                },
            );
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, pieces};

    #[tokio::test(start_paused = true)]
    async fn a_step_ends_when_its_time_is_over() {
        let slow = Scripted::new().slow(Duration::from_secs(60)).answers("late");
        let model = Timeout::new(slow.clone(), Whose::Step);
        let begun = Instant::now();
        assert_eq!(model.ask(ask()).await, Err(ModelError::TimedOut));
        assert_eq!(begun.elapsed(), ask().limits.timeout);
        assert_eq!(pieces(model.draft(ask())).await.1, Err(ModelError::TimedOut));
        let model = Timeout::new(slow, Whose::Attempt(Duration::from_secs(1)));
        let begun = Instant::now();
        assert_eq!(model.ask(ask()).await, Err(ModelError::TimedOut));
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
    }
}
