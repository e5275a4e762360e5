//! All decorators in their order, from settings.

use super::breaker::{Breaker, BreakerSettings};
use super::budget::{Budget, BudgetSettings, Now};
use super::cache::Cache;
use super::checked::Checked;
use super::fallback::Fallback;
use super::journal::{Journal, Sink};
use super::prices::Prices;
use super::rate::Rate;
use super::retry::{Jitter, Retry, RetrySettings};
use super::timeout::{Timeout, Whose};
use super::turns::Turns;
use crate::openai::{OpenAi, ServerSettings, SettingError, WallClock};
use crate::port::Model;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct StackSettings {
    /// Servers in the order in which they are asked; none is a desk without a model.
    pub servers: Vec<ServerSettings>,
    /// The time of one attempt; a step's whole time is its prompt's.
    pub attempt: Duration,
    /// Retries.
    pub retry: RetrySettings,
    /// The circuit breaker of each server.
    pub breaker: BreakerSettings,
    /// Money and tokens.
    pub budget: BudgetSettings,
    /// What tokens cost.
    pub prices: Prices,
    /// Calls at once.
    pub at_once: usize,
    /// Calls that a customer may cause in a minute.
    pub a_minute: NonZeroU32,
    /// How many answers are kept for asking again.
    pub cache_entries: u64,
    /// How long they are kept.
    pub cache_fresh: Duration,
}

impl StackSettings {
    /// The usual limits for these servers and prices.
    #[must_use]
    pub fn new(servers: Vec<ServerSettings>, prices: Prices) -> Self {
        Self {
            servers,
            attempt: Duration::from_secs(20),
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            budget: BudgetSettings::default(),
            prices,
            at_once: 16,
            a_minute: NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN),
            cache_entries: 10_000,
            cache_fresh: Duration::from_secs(24 * 3600),
        }
    }
}

/// What the world hands in.
#[derive(Clone)]
pub struct Outside {
    /// The wall clock.
    pub now: WallClock,
    /// Randomness for jitter.
    pub jitter: Jitter,
    /// Where the journal goes.
    pub journal: Arc<dyn Sink>,
}

/// The whole stack, and the books of its budget for entering what was spent before a restart.
#[derive(Clone)]
pub struct Stack {
    /// The port.
    pub model: Arc<dyn Model>,
    /// The books.
    pub budget: Arc<Budget>,
    /// The servers themselves, for embeddings and `doctor`.
    pub servers: Vec<OpenAi>,
}

/// Builds it; calls nobody.
pub fn build(settings: &StackSettings, outside: &Outside) -> Result<Stack, SettingError> {
    let mut servers = Vec::new();
    let mut guarded: Vec<Arc<dyn Model>> = Vec::new();
    let mut models = Vec::new();
    for server in &settings.servers {
        models.push(server.model.clone());
        models.extend(server.models.values().cloned());
        let name = server.name.clone();
        let server = OpenAi::new(server.clone(), outside.now.clone())?;
        servers.push(server.clone());
        let attempt = Arc::new(Timeout::new(Arc::new(server), Whose::Attempt(settings.attempt)));
        let breaker = Arc::new(Breaker::new(attempt, &name, settings.breaker));
        guarded.push(Arc::new(Retry::new(breaker, settings.retry, outside.jitter.clone())));
    }
    let clock = outside.now.clone();
    let seconds: Now =
        Arc::new(move || clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    let fallback = Arc::new(Fallback::new(guarded));
    let turns = Arc::new(Turns::new(fallback, settings.at_once));
    let prices = settings.prices.clone();
    let budget = Arc::new(Budget::new(turns, settings.budget, prices, &models, seconds.clone()));
    let rate = Arc::new(Rate::new(budget.clone(), settings.a_minute));
    let journal = Arc::new(Journal::new(rate, outside.journal.clone(), seconds));
    let checked = Arc::new(Checked::new(journal));
    let step = Arc::new(Timeout::new(checked, Whose::Step));
    let cache = Arc::new(Cache::new(step, settings.cache_entries, settings.cache_fresh));
    Ok(Stack { model: cache, budget, servers })
}
