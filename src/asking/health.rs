//! Whether the model is known to answer. While it is, a customer may wait a step's own time for it; while it is not, a
//! few at a time find out, and the others are not kept waiting at all.

use crate::domain::consult::Standing;
use model::ModelError;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Calls at once that find out whether it answers.
const PROBES: usize = 4;

/// How long a turn may take from asking how the model stands until its call is under way.
const BEFORE_THE_CALL: Duration = Duration::from_secs(1);

/// How long a refusal that says nothing of its end lasts.
const AWHILE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct State {
    /// Whether the last call went well; nothing before the first.
    well: Option<bool>,
    /// When turns were told that they may find out: their calls are not under way yet, or were a moment ago.
    given: VecDeque<Instant>,
    /// Nobody asks before then.
    alone_until: Option<Instant>,
    /// What was wrong last.
    trouble: Option<String>,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Health {
    state: Mutex<State>,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing(&self, in_flight: usize, patience_ms: u32) -> Standing {
        let mut state = self.state();
        let now = Instant::now();
        if state.alone_until.is_some_and(|until| until > now) {
            return Standing::Off;
        }
        if state.well == Some(true) {
            return Standing::Well;
        }
        state.given.retain(|given| now.duration_since(*given) < BEFORE_THE_CALL);
        // Many turns ask in the same moment, long before the first of their calls is counted.
        if in_flight.max(state.given.len()) >= PROBES {
            return Standing::Off;
        }
        state.given.push_back(now);
        Standing::Unproven { patience_ms }
    }

    /// Learns from a call. A cached answer says nothing of the server.
    pub(super) fn heard(&self, error: Option<&ModelError>, cached: bool) {
        let mut state = self.state();
        match error {
            None if cached => {}
            None => *state = State { well: Some(true), ..State::default() },
            Some(error) => {
                let alone = match error {
                    ModelError::Open { after } => Some(*after),
                    ModelError::OverBudget { scope: "day", after } => Some(after.unwrap_or(AWHILE)),
                    ModelError::Misconfigured { .. } => Some(AWHILE),
                    _ => None,
                };
                if error.server_fault() || alone.is_some() {
                    state.well = Some(false);
                    state.alone_until = alone.map(|after| Instant::now() + after);
                    state.trouble = Some(error.to_string());
                }
            }
        }
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_few_find_out_at_once_also_before_their_calls_are_counted() {
        let health = Health::default();
        let told = |in_flight: usize| {
            let standings = (0..60).map(|_| health.standing(in_flight, 1200));
            standings.filter(|standing| *standing != Standing::Off).count()
        };
        assert_eq!(told(0), PROBES);
        tokio::time::advance(BEFORE_THE_CALL).await;
        assert_eq!(told(PROBES), 0, "the four are still out");
        assert_eq!(told(1), PROBES);
        health.heard(None, false);
        assert_eq!(told(0), 60);
    }
}
