//! A desk beside a ticket system of somebody else's.

use crate::support::world::{World, shipped};
use connectors::guard::{Guard, Limits, Policy};
use connectors::tickets::{Redmine, RedmineFields};
use deskhand::integrations::tracker::RemoteTracker;
use deskhand::ports::Tracker;
use deskhand::ports::storage::{TicketFilter, TicketRecord};
use fakes::tickets::{Faults, SECRET, TicketFake, Vendor};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A Redmine of its own, reached with little patience: a lost request may come to light for a second.
pub(super) async fn redmine(faults: Faults) -> (TicketFake, Arc<dyn Tracker>) {
    deskhand::app::install_tls();
    let fake = TicketFake::start(Vendor::Redmine, faults).await.unwrap();
    let limits = Limits { total: Duration::from_millis(400), ..Limits::default() };
    let guard =
        Guard::new(Policy::allowing(["127.0.0.1"]).unwrap(), limits, Duration::from_millis(20)).unwrap();
    let fields = RedmineFields { key: Some(7), ..RedmineFields::default() };
    let base = fake.base().parse().unwrap();
    let system = Redmine::new(guard, base, &SECRET.into(), "desk", fields).unwrap();
    let system = Box::new(system.with_lag(Duration::from_secs(1)));
    (fake, Arc::new(RemoteTracker::new("redmine", system, false, "https://desk.example")))
}

/// A desk on a file of its own.
pub(super) async fn desk(tracker: Arc<dyn Tracker>) -> World {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
    let storage = deskhand::store::open(&url).await.unwrap();
    World::beside(storage, Some(folder), shipped(), true, Some(tracker)).await
}

/// All our tickets, the oldest first.
pub(super) async fn tickets(world: &World) -> Vec<TicketRecord> {
    let filter = TicketFilter { limit: 200, ..TicketFilter::default() };
    let mut items = world.ledger.storage.tickets(&filter).await.unwrap().items;
    items.reverse();
    items
}

/// Time goes by in steps until nothing waits in the outbox any more.
pub(super) async fn runs_dry(world: &World, minutes: i64) {
    for _ in 0..600 {
        if world.ledger.storage.waiting_effects().await.unwrap() == 0 {
            return;
        }
        world.wait(minutes);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    panic!("something waits for ever");
}

/// What must come true soon.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    for _ in 0..1500 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("in vain: {what}");
}
