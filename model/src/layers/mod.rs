//! Decorators over the one trait, each in a file of its own. From outside in:
//! cache → deadline → checked (one repair) → journal → rate → budget → turns (concurrency) → fallback →
//! for each server: retry → breaker → attempt's time → server.
//!
//! The order matters. The cache keeps only checked answers. Each paid call, a repair too, passes the journal, the rate
//! and the budget. The breaker sees single attempts, so that an open circuit also stops retries.

pub mod breaker;
pub mod budget;
pub mod cache;
pub mod checked;
pub mod fallback;
pub mod journal;
pub mod prices;
pub mod rate;
pub mod retry;
pub mod stack;
pub mod timeout;
pub mod turns;

#[cfg(test)]
pub(crate) mod testing;
