//! A circuit breaker for each host: while a host is down, nobody waits for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many of the last calls are looked at.
pub const WINDOW: usize = 20;
/// More failures than this among them open the breaker: more than half.
const TOLERATED: usize = WINDOW / 2;
/// Hosts remembered at most; those in good health are forgotten first.
const HOSTS: usize = 1024;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Calls go through.
    Closed,
    /// Calls are refused until the pause is over.
    Open,
    /// The pause is over: one call is let through to see.
    HalfOpen,
}

/// A breaker as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct View {
    /// Host and port.
    pub host: String,
    /// Where it stands.
    pub state: State,
    /// Failures among the last [`WINDOW`] calls.
    pub failures: usize,
    /// Time until the next probe.
    pub opens_in_s: u64,
}

#[derive(Debug, Default)]
struct Breaker {
    last: VecDeque<bool>,
    open_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        match self.open_until {
            None => Ok(false),
            Some(until) if now < until => Err(until - now),
            // A probe is under way: the rest wait for what it finds.
            Some(_) if self.probing => Err(Duration::from_secs(1)),
            Some(_) => {
                self.probing = true;
                Ok(true)
            }
        }
    }

    fn record(&mut self, well: bool, probe: bool, now: Instant, pause: Duration) {
        if probe {
            self.probing = false;
            self.open_until = if well { None } else { Some(now + pause) };
            if well {
                self.last.clear();
            }
            return;
        }
        if self.last.len() == WINDOW {
            self.last.pop_front();
        }
        self.last.push_back(well);
        if self.open_until.is_none() && self.failures() > TOLERATED {
            self.open_until = Some(now + pause);
        }
    }

    fn failures(&self) -> usize {
        self.last.iter().filter(|well| !**well).count()
    }

    fn state(&self, now: Instant) -> State {
        match self.open_until {
            None => State::Closed,
            Some(until) if now < until => State::Open,
            Some(_) => State::HalfOpen,
        }
    }
}

/// The breakers of all hosts.
#[derive(Debug, Clone)]
pub(super) struct Breakers {
    pause: Duration,
    hosts: Arc<Mutex<HashMap<String, Breaker>>>,
}

/// Leave for one call. Dropped without a word (the task was cancelled), it counts for nothing, and frees the probe.
#[derive(Debug)]
pub(super) struct Leave {
    breakers: Breakers,
    host: String,
    probe: bool,
    told: bool,
}

impl Breakers {
    /// Breakers that stay open for `pause` before they probe.
    #[must_use]
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, hosts: Arc::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Breaker>) -> T) -> T {
        work(&mut self.hosts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Leave to call this host, or how long to wait.
    pub(super) fn admit(&self, host: &str, now: Instant) -> Result<Leave, Duration> {
        let probe = self.with(|hosts| {
            if hosts.len() >= HOSTS && !hosts.contains_key(host) {
                hosts.retain(|_, breaker| breaker.open_until.is_some());
            }
            hosts.entry(host.to_owned()).or_default().admit(now)
        })?;
        Ok(Leave { breakers: self.clone(), host: host.to_owned(), probe, told: false })
    }

    /// All hosts that were called, by name.
    #[must_use]
    pub(super) fn view(&self, now: Instant) -> Vec<View> {
        let mut views: Vec<View> = self.with(|hosts| {
            hosts
                .iter()
                .map(|(host, breaker)| View {
                    host: host.clone(),
                    state: breaker.state(now),
                    failures: breaker.failures(),
                    opens_in_s: breaker.open_until.map_or(0, |until| (until - now).as_secs()),
                })
                .collect()
        });
        views.sort_by(|a, b| a.host.cmp(&b.host));
        views
    }
}

impl Leave {
    /// How the call went: `well` where the host answered at all as a living host does.
    pub(super) fn tell(mut self, well: bool, now: Instant) {
        self.told = true;
        let (probe, pause) = (self.probe, self.breakers.pause);
        self.breakers.with(|hosts| {
            if let Some(breaker) = hosts.get_mut(&self.host) {
                breaker.record(well, probe, now, pause);
            }
        });
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.probe && !self.told {
            self.breakers.with(|hosts| {
                if let Some(breaker) = hosts.get_mut(&self.host) {
                    breaker.probing = false;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn calls(breakers: &Breakers, now: Instant, outcomes: impl IntoIterator<Item = bool>) {
        for well in outcomes {
            breakers.admit("a", now).unwrap().tell(well, now);
        }
    }

    #[tokio::test]
    async fn half_of_twenty_is_tolerated_and_one_more_is_not() {
        let (breakers, now) = (Breakers::new(PAUSE), Instant::now());
        calls(&breakers, now, [true, false].repeat(10));
        assert_eq!(breakers.view(now)[0].state, State::Closed);
        calls(&breakers, now, [false]); // pushes a success out
        assert_eq!(breakers.view(now)[0].state, State::Open);
        assert_eq!(breakers.admit("a", now).unwrap_err(), PAUSE);
        assert!(breakers.admit("b", now).is_ok(), "other hosts are not touched");
    }

    #[tokio::test]
    async fn one_probe_decides() {
        let (breakers, now) = (Breakers::new(PAUSE), Instant::now());
        calls(&breakers, now, [false; 11]);
        let later = now + PAUSE;
        let probe = breakers.admit("a", later).unwrap();
        assert_eq!(breakers.view(later)[0].state, State::HalfOpen);
        assert!(breakers.admit("a", later).is_err(), "only one");
        drop(probe); // its task was killed
        breakers.admit("a", later).unwrap().tell(false, later);
        assert_eq!(breakers.admit("a", later).unwrap_err(), PAUSE);
        let again = later + PAUSE;
        breakers.admit("a", again).unwrap().tell(true, again);
        assert_eq!(breakers.view(again)[0].state, State::Closed);
        calls(&breakers, again, [false; 10]);
        assert_eq!(breakers.view(again)[0].state, State::Closed, "the past is forgotten");
    }
}
