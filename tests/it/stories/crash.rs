//! The process dies; what was recorded is finished by the next one.

use crate::support::outside::{FakeActions, FakeCourier, FakeDirectory, FakeNotifier, FakeTickets};
use crate::support::world::{World, shipped};
use channels::Channel;
use deskhand::domain::effect::Outcome;
use deskhand::domain::event::Event;
use deskhand::engines::Desk;
use deskhand::outbox::World as Outside;
use deskhand::platforms::Platforms;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

#[tokio::test]
async fn what_was_received_before_the_crash_is_answered_after_it() {
    let world = World::asleep().await;
    let visitor = world.visitor().await;
    visitor.writes("How do I export a project to CSV?").await;
    // No engine has seen it. Another process wakes on the same database.
    let (_stop, stopped) = watch::channel(false);
    let _engines = world.desk.start(&stopped);
    world.settles().await;
    assert_eq!(visitor.hears().await.matches("bot: ").count(), 1);
}

#[tokio::test]
async fn what_the_bot_was_saying_when_the_process_died_is_said_once_more_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
    let storage = deskhand::store::open(&url).await.unwrap();
    let world = World::on(storage.clone(), None, shipped(), false).await;
    world.courier.hangs.store(true, Ordering::SeqCst);
    let (_stop, stopped) = watch::channel(false);
    let engines = world.desk.start(&stopped);
    let visitor = world.on_telegram().await;
    visitor.writes("How do I export a project to CSV?").await;
    while world.courier.texts().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // Dropping the tasks is as abrupt as a kill: nothing is finished.
    let id = visitor.talk().await.id;
    drop(engines);
    storage.close().await;

    let storage = deskhand::store::open(&url).await.unwrap();
    let next = World::on(storage, None, shipped(), true).await;
    for _ in 0..500 {
        let log = next.log(id).await;
        if log.iter().any(|entry| {
            matches!(
                &entry.event,
                Event::Finished { outcome: Outcome::Delivered { perhaps_twice: true, .. }, .. }
            )
        }) {
            assert_eq!(next.courier.texts().len(), 1);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody noticed the send in doubt");
}

/// What happens when Postgres goes away for a while: the lead is lost, and the same process takes it again.
#[tokio::test]
async fn what_an_engine_was_saying_when_it_was_stopped_is_said_by_the_next_one_of_the_same_process() {
    let world = World::asleep().await;
    world.courier.hangs.store(true, Ordering::SeqCst);
    let (_stop, stopped) = watch::channel(false);
    let engines = world.desk.start(&stopped);
    let visitor = world.on_telegram().await;
    visitor.writes("How do I export a project to CSV?").await;
    while world.courier.texts().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(engines);
    world.courier.hangs.store(false, Ordering::SeqCst);
    let _engines = world.desk.start(&stopped);
    world.settles().await;
    assert_eq!(world.courier.texts().len(), 2, "once before, once after: nobody could know");
    let log = world.log(visitor.talk().await.id).await;
    let marked = log.iter().any(|entry| {
        matches!(
            &entry.event,
            Event::Finished { outcome: Outcome::Delivered { perhaps_twice: true, .. }, .. }
        )
    });
    assert!(marked);
}

#[tokio::test]
async fn a_clean_stop_leaves_nothing_half_done() {
    let world = World::new().await;
    let mut people = Vec::new();
    for _ in 0..20 {
        let person = world.visitor().await;
        person.writes("How do I export a project to CSV?").await;
        people.push(person);
    }
    world.stops().await;
    let outside = Outside {
        couriers: HashMap::from([(
            Channel::Telegram,
            Arc::new(FakeCourier::new(Channel::Telegram)) as Arc<dyn channels::Courier>,
        )]),
        tickets: Arc::new(FakeTickets::new(world.ledger.storage.clone())),
        tracker: None,
        notifier: Arc::new(FakeNotifier::default()),
        actions: Arc::new(FakeActions::default()),
    };
    let next = Desk::assemble(
        world.ledger.clone(),
        shipped(),
        Arc::new(FakeDirectory::default()),
        outside,
        Platforms::default(),
    );
    let (_stop, stopped) = watch::channel(false);
    let _engines = next.start(&stopped);
    world.settles().await;
    for person in &people {
        assert_eq!(person.hears().await.matches("bot: ").count(), 1);
    }
}
