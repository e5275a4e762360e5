//! Calls that came to nothing, counted since the process began.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often a job came to nothing for one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tallied {
    /// The job.
    pub step: &'static str,
    /// A stable code, such as `model-timed-out`.
    pub code: &'static str,
    /// How often.
    pub count: u64,
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Tally {
    /// One more; for `/metrics`, too.
    pub(super) fn failed(&self, step: &'static str, code: &'static str) {
        metrics::counter!("deskhand_model_failures_total", "step" => step, "code" => code).increment(1);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((step, code)).or_default() += 1;
    }

    pub(super) fn all(&self) -> Vec<Tallied> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((step, code), count)| Tallied { step, code, count: *count }).collect()
    }
}
