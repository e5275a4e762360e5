//! The world outside breaks; the desk's word holds.

use crate::support::outside::{DeliveryFault, TicketFault};
use crate::support::world::World;
use deskhand::domain::effect::Outcome;
use deskhand::domain::event::Event;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn a_ticket_whose_answer_was_lost_is_opened_once() {
    let world = World::new().await;
    world.tickets.will(TicketFault::AnswerLost);
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.writes("ada@example.com").await;
    while visitor.talk().await.tickets.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        world.clock_seconds(1);
    }
    world.settles().await;
    assert_eq!(visitor.talk().await.tickets.len(), 1);
    let all = world
        .ledger
        .storage
        .tickets(&deskhand::ports::storage::TicketFilter { limit: 50, ..Default::default() })
        .await;
    assert_eq!(all.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_ticket_system_that_is_away_for_a_while_is_waited_for() {
    let world = World::new().await;
    for _ in 0..3 {
        world.tickets.will(TicketFault::Away);
    }
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.hears().await;
    visitor.writes("ada@example.com").await;
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        world.clock_seconds(10);
    }
    world.settles().await;
    let talk = visitor.talk().await;
    assert_eq!(talk.tickets.len(), 1);
    assert!(visitor.hears().await.contains(&talk.tickets[0].number), "the reply quotes the number");
}

#[tokio::test]
async fn a_ticket_that_is_refused_brings_a_human() {
    let world = World::new().await;
    world.tickets.will(TicketFault::Refuses);
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.says("ada@example.com").await;
    let talk = visitor.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert!(talk.handoff.unwrap().reasons.iter().any(|reason| reason.code == "act-failed"));
}

#[tokio::test]
async fn without_the_directory_the_desk_goes_on_and_says_so() {
    let world = World::new().await;
    let account = deskhand::domain::customer::Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Default::default()
    };
    let ada = world.verified(account).await;
    world.directory.away.store(true, Ordering::SeqCst);
    ada.says("How do I export a project to CSV?").await;
    let decision = ada.decision().await;
    assert!(decision.reasons.iter().any(|reason| reason.code == "directory-unavailable"));
    assert!(ada.hears().await.starts_with("bot: "));
}

#[tokio::test]
async fn a_flood_wait_is_waited_out_and_nothing_is_doubled() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::FloodWait(30));
    let visitor = world.on_telegram().await;
    visitor.writes("How do I export a project to CSV?").await;
    while !world.courier.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.clock_seconds(29);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(world.courier.texts().is_empty(), "not before the time that the platform named");
    world.clock_seconds(2);
    world.settles().await;
    assert_eq!(world.courier.texts().len(), 1);
}

#[tokio::test]
async fn a_send_in_doubt_is_shown_and_not_repeated() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::AnswerLost);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    assert_eq!(world.courier.texts().len(), 1);
    let log = world.log(visitor.talk().await.id).await;
    assert!(
        log.iter()
            .any(|entry| matches!(&entry.event, Event::Finished { outcome: Outcome::InDoubt { .. }, .. }))
    );
}

#[tokio::test]
async fn a_customer_who_has_blocked_the_bot_is_a_failed_send_not_a_loop() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::Blocked);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    let log = world.log(visitor.talk().await.id).await;
    assert!(
        log.iter()
            .any(|entry| matches!(&entry.event, Event::Finished { outcome: Outcome::Failed { .. }, .. }))
    );
    assert!(world.courier.texts().is_empty());
}
