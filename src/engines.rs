//! The engines together: what `serve` starts, and what tests start over a world of their own.

use crate::asking::Asking;
use crate::hand::Hand;
use crate::inbox::Inbox;
use crate::ledger::Ledger;
use crate::library::Library;
use crate::outbox::{Dispatcher, World};
use crate::platforms::Platforms;
use crate::ports::Queries;
use crate::ticketing::Ticketing;
use crate::triggers::Triggers;
use crate::turn::Turns;
use crate::watchdog;
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a ticket elsewhere is asked about where nothing else is said.
const ASKS_EVERY: TimeDelta = TimeDelta::minutes(5);

/// Everything that runs, assembled; tests assemble it over their own world.
pub struct Desk {
    /// The log and those who listen.
    pub ledger: Ledger,
    /// The release in force.
    pub library: Arc<Library>,
    /// Records.
    pub inbox: Inbox,
    /// The human's hand.
    pub hand: Hand,
    /// What sets the desk off beside messages.
    pub triggers: Triggers,
    /// Tickets after they were opened.
    pub ticketing: Ticketing,
    /// Asks the language model.
    pub asking: Arc<Asking>,
    /// Decides.
    pub turns: Arc<Turns>,
    dispatcher: Arc<Dispatcher>,
    platforms: Platforms,
}

impl Desk {
    /// Assembles the engines, without a language model.
    #[must_use]
    pub fn assemble(ledger: Ledger, library: Arc<Library>, world: World, platforms: Platforms) -> Self {
        let asking = Asking::off(ledger.clone());
        Self::assemble_with_model(ledger, library, world, platforms, asking)
    }

    /// Assembles the engines.
    #[must_use]
    pub fn assemble_with_model(
        ledger: Ledger,
        library: Arc<Library>,
        world: World,
        platforms: Platforms,
        asking: Arc<Asking>,
    ) -> Self {
        let hand = Hand::new(ledger.clone(), library.clone());
        Self {
            ticketing: Ticketing::new(ledger.clone(), hand.clone(), world.tracker.clone(), ASKS_EVERY),
            inbox: Inbox::new(ledger.clone(), library.clone()),
            hand,
            platforms,
            triggers: Triggers::new(ledger.clone(), library.clone(), world.directory.clone()),
            turns: Turns::new(
                ledger.clone(),
                library.clone(),
                world.directory.clone(),
                world.actions.clone(),
                asking.clone(),
            ),
            asking,
            dispatcher: Dispatcher::new(ledger.clone(), library.clone(), world),
            ledger,
            library,
        }
    }

    /// The same, asking about tickets elsewhere so often where their system sends no events.
    #[must_use]
    pub fn asking_every(mut self, every: TimeDelta) -> Self {
        self.ticketing = self.ticketing.every(every);
        self
    }

    /// The same, polling these databases.
    #[must_use]
    pub fn reading(mut self, databases: Arc<dyn Queries>) -> Self {
        self.triggers = self.triggers.reading(databases);
        self
    }

    /// Starts the engines; they end when `stop` says so.
    pub fn start(&self, stop: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut engines = JoinSet::new();
        engines.spawn(self.turns.clone().run(stop.clone()));
        let acting = self.platforms.clone().run(self.ledger.clone(), self.dispatcher.clone(), stop.clone());
        engines.spawn(acting);
        engines.spawn(self.triggers.clone().run(stop.clone()));
        engines.spawn(self.triggers.clone().poll(stop.clone()));
        engines.spawn(watchdog::run(self.ledger.clone(), self.library.clone(), stop.clone()));
        engines.spawn(self.ticketing.clone().run(stop.clone()));
        engines.spawn(sweep(self.ledger.clone(), stop.clone()));
        engines
    }
}

/// Forgets expired sessions, once an hour.
async fn sweep(ledger: Ledger, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = ledger.storage.sweep_sessions(ledger.now()).await {
            tracing::warn!(%error, "expired sessions could not be forgotten");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
            _ = stop.changed() => {}
        }
    }
}
