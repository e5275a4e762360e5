//! What each model of a server was found to understand. Found anew after a while: servers are updated.

use crate::wire::request::Dialect;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a finding holds.
const HOLDS: Duration = Duration::from_secs(6 * 3600);

/// Findings by model.
#[derive(Debug, Default)]
pub(super) struct Dialects {
    found: Mutex<BTreeMap<String, (Dialect, Instant)>>,
}

impl Dialects {
    /// The dialect to begin with.
    pub(super) fn of(&self, model: &str) -> Dialect {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = found.get(model).filter(|(_, since)| since.elapsed() < HOLDS);
        fresh.map(|(dialect, _)| *dialect).unwrap_or_default()
    }

    /// An answer came in this dialect.
    pub(super) fn remember(&self, model: &str, dialect: Dialect) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            found.get(model).is_some_and(|(known, since)| *known == dialect && since.elapsed() < HOLDS);
        if !known {
            found.insert(model.to_owned(), (dialect, Instant::now()));
        }
    }

    /// Everything found.
    pub(super) fn all(&self) -> Vec<(String, Dialect)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().map(|(model, (dialect, _))| (model.clone(), *dialect)).collect()
    }
}
