//! Named places at which a chaos run kills the process: `DESKHAND_CRASH_AT=turn-before-commit:3` aborts at the third
//! pass of that place. Without the variable each place costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

static ARMED: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();

/// Every place there is.
pub const POINTS: &[&str] = &[
    "inbox-before-commit",
    "inbox-after-commit",
    "turn-before-commit",
    "turn-after-commit",
    "outbox-after-claim",
    "outbox-after-act",
    "outbox-after-commit",
];

/// Dies here if the environment asks for it.
pub fn point(name: &'static str) {
    let armed = ARMED.get_or_init(|| {
        let wanted = std::env::var("DESKHAND_CRASH_AT").ok()?;
        let (place, pass) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        Some((place.to_owned(), AtomicI64::new(pass.parse().unwrap_or(1))))
    });
    if let Some((place, left)) = armed
        && place == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
