//! Whether the model is known to answer. While it is, a customer may wait a step's own time for it; while it is not, a
//! few at a time find out, and the others are not kept waiting at all.

use crate::domain::consult::Standing;
use model::ModelError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Calls at once that find out whether it answers.
const PROBES: usize = 4;

/// How long a refusal that says nothing of its end lasts.
const AWHILE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct State {
    /// Whether the last call went well; nothing before the first.
    well: Option<bool>,
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
        let state = self.state();
        if state.alone_until.is_some_and(|until| until > Instant::now()) {
            return Standing::Off;
        }
        match state.well {
            Some(true) => Standing::Well,
            Some(false) | None if in_flight >= PROBES => Standing::Off,
            Some(false) | None => Standing::Unproven { patience_ms },
        }
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
