//! Stories of `nlu::signals`, one module a subject.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

mod entities;
mod figures;
mod hostile;
mod judgement;
mod language;

use nlu::signals::{EntityKind, Hints, Reading, read};

/// Friday 20 November 2026, 10:00 UTC, 11:00 where the customer is.
fn hints() -> Hints<'static> {
    let now = "2026-11-20T10:00:00Z".parse().unwrap_or_default();
    Hints { now, utc_offset_minutes: 60, language: None }
}

fn reading(text: &str) -> Reading {
    read(text, &hints())
}

/// What is named, as `kind value` lines.
fn named(text: &str) -> Vec<(EntityKind, String)> {
    reading(text).entities.into_iter().map(|e| (e.kind, e.value)).collect()
}
