//! The circuit breaker: a server that fails more than half of its last calls is left alone, tried with a single call
//! now and then, and trusted again after a few that went well.

use crate::ask::{Answer, Ask};
use crate::error::ModelError;
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// When it opens and closes.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// How many of the last calls are looked at.
    pub window: usize,
    /// How many there must be before anything is concluded.
    pub fewest: usize,
    /// The share of failures above which it opens.
    pub share: f64,
    /// The time between probes.
    pub probe_every: Duration,
    /// Good probes in a row that close it.
    pub good_probes: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { window: 20, fewest: 10, share: 0.5, probe_every: Duration::from_secs(30), good_probes: 3 }
    }
}

#[derive(Debug)]
enum Circuit {
    Closed { last: VecDeque<bool> },
    Open { next_probe: Instant, probing: bool, good: u32 },
}

/// Stops calls to a server that fails.
pub struct Breaker {
    inner: Arc<dyn Model>,
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    settings: BreakerSettings,
    circuit: Mutex<Circuit>,
}

impl Breaker {
    /// Around a server.
    pub fn new(inner: Arc<dyn Model>, name: &str, settings: BreakerSettings) -> Self {
        let circuit = Mutex::new(Circuit::Closed { last: VecDeque::new() });
        Self { inner, shared: Arc::new(Shared { name: name.to_owned(), settings, circuit }) }
    }
}

/// A call that was let through. Dropped without a verdict it counts as failed: somebody lost patience with it.
struct Pass {
    shared: Arc<Shared>,
    verdict: Option<bool>,
}

impl Pass {
    fn judge(mut self, error: Option<&ModelError>) {
        self.verdict = Some(!error.is_some_and(ModelError::server_fault));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.shared.record(self.verdict.unwrap_or(false));
    }
}

impl Shared {
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>) -> Result<Pass, ModelError> {
        let now = Instant::now();
        if let Circuit::Open { next_probe, probing, .. } = &mut *self.circuit() {
            if *probing || now < *next_probe {
                let after = if *probing { self.settings.probe_every } else { *next_probe - now };
                return Err(ModelError::Open { after });
            }
            *probing = true;
            *next_probe = now + self.settings.probe_every;
        }
        Ok(Pass { shared: self.clone(), verdict: None })
    }

    fn record(&self, good: bool) {
        let settings = self.settings;
        let mut circuit = self.circuit();
        match &mut *circuit {
            Circuit::Closed { last } => {
                last.push_back(good);
                if last.len() > settings.window {
                    last.pop_front();
                }
                let failed = last.iter().filter(|good| !**good).count();
                if last.len() >= settings.fewest && failed as f64 > settings.share * last.len() as f64 {
                    let next_probe = Instant::now() + settings.probe_every;
                    *circuit = Circuit::Open { next_probe, probing: false, good: 0 };
                }
            }
            // A call that began before the circuit opened says nothing new.
            Circuit::Open { probing: false, .. } => {}
            Circuit::Open { probing, good: count, .. } => {
                *probing = false;
                *count = if good { *count + 1 } else { 0 };
                if *count >= settings.good_probes {
                    *circuit = Circuit::Closed { last: VecDeque::new() };
                }
            }
        }
    }
}

#[async_trait]
impl Model for Breaker {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let pass = self.shared.enter()?;
        let answer = self.inner.ask(ask).await;
        pass.judge(answer.as_ref().err());
        answer
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        Box::pin(async_stream::stream! {
            let pass = match shared.enter() {
                Ok(pass) => pass,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            };
            let mut draft = inner.draft(ask);
            while let Some(piece) = draft.next().await {
                match piece {
                    Ok(Delta::Text(text)) => yield Ok(Delta::Text(text)),
                    last => {
                        pass.judge(last.as_ref().err());
                        yield last;
                        return;
                    }
                }
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let (healthy, says, open) = match &*self.shared.circuit() {
            Circuit::Closed { last } => {
                let failed = last.iter().filter(|good| !**good).count();
                (true, format!("closed; {failed} of the last {} calls failed", last.len()), 0.0)
            }
            Circuit::Open { next_probe, good, .. } => {
                let seconds = next_probe.saturating_duration_since(Instant::now()).as_secs();
                let wanted = self.shared.settings.good_probes;
                let says = format!(
                    "open: the server failed too often. {good} of {wanted} good probes, the next in {seconds} s"
                );
                (false, says, 1.0)
            }
        };
        let of = self.shared.name.clone();
        let own = PartState { part: "breaker", of, healthy, says, figures: vec![("circuit_open", open)] };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, down, pieces};
    use tokio::time::advance;

    fn breaker(inner: Arc<Scripted>) -> Breaker {
        Breaker::new(inner, "test", BreakerSettings::default())
    }

    async fn open(inner: Arc<Scripted>) -> (Arc<Scripted>, Breaker) {
        let breaker = breaker(inner.clone());
        for _ in 0..20 {
            drop(breaker.ask(ask()).await);
        }
        (inner, breaker)
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_within_twenty_calls_and_then_lets_none_through() {
        let (inner, breaker) = open(Scripted::new().fails(down())).await;
        let asked = inner.count();
        assert!(asked <= 20 && !breaker.state()[0].healthy);
        for _ in 0..1000 {
            assert_eq!(breaker.ask(ask()).await.unwrap_err().code(), "model-circuit-open");
        }
        assert_eq!(pieces(breaker.draft(ask())).await.1.unwrap_err().code(), "model-circuit-open");
        assert_eq!(inner.count(), asked);
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_every_thirty_seconds_and_three_good_ones_close_it() {
        let (inner, breaker) = open(Scripted::new().fails(down())).await;
        let asked = inner.count();
        let inner = inner.answers("good");
        for probe in 1..=3 {
            advance(Duration::from_secs(29)).await;
            assert!(breaker.ask(ask()).await.is_err());
            advance(Duration::from_secs(1)).await;
            assert!(breaker.ask(ask()).await.is_ok());
            assert_eq!(inner.count(), asked + probe);
        }
        assert!(breaker.state()[0].healthy);
        assert!(breaker.ask(ask()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_probe_begins_the_count_anew_and_probes_do_not_fly_together() {
        let (inner, breaker) = open(Scripted::new().fails(down())).await;
        let inner = inner.answers("good").fails(down()).answers("good").slow(Duration::from_secs(5));
        let breaker = Arc::new(breaker);
        let before = inner.count();
        advance(Duration::from_secs(30)).await;
        let (first, second) = tokio::join!(breaker.ask(ask()), breaker.ask(ask()));
        assert!(first.is_ok() && second.is_err());
        assert_eq!(inner.count(), before + 1);
        for good in [false, true, true, true] {
            assert!(!breaker.state()[0].healthy);
            advance(Duration::from_secs(30)).await;
            assert_eq!(breaker.ask(ask()).await.is_ok(), good);
        }
        assert!(breaker.state()[0].healthy);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_and_bad_answers_do_not_open_it_but_lost_patience_does() {
        let (_, breaker) = open(Scripted::new().fails(ModelError::Refused { why: String::new() })).await;
        assert!(breaker.state()[0].healthy);
        let hangs = Scripted::new().answers("late").slow(Duration::from_secs(60));
        let breaker = self::breaker(hangs);
        for _ in 0..20 {
            drop(tokio::time::timeout(Duration::from_secs(1), breaker.ask(ask())).await);
        }
        assert!(!breaker.state()[0].healthy);
    }
}
