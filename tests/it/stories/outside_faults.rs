//! The world outside breaks; the desk's word holds.

use crate::support::outside::{DeliveryFault, TicketFault};
use crate::support::world::{Person, World};
use channels::Channel;
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

/// What came of the sends of a conversation.
async fn outcomes(world: &World, person: &Person<'_>) -> Vec<Outcome> {
    let log = world.log(person.talk().await.id).await;
    let outcomes = log.into_iter().filter_map(|entry| match entry.event {
        Event::Finished { outcome, .. } => Some(outcome),
        _ => None,
    });
    outcomes.collect()
}

#[tokio::test]
async fn what_the_bot_said_is_said_once_more_where_nobody_can_know_and_an_agent_sees_so() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::AnswerLost);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    assert_eq!(world.courier.texts().len(), 2, "the same answer twice is better than none");
    let outcomes = outcomes(&world, &visitor).await;
    assert!(matches!(outcomes[..], [Outcome::Delivered { perhaps_twice: true, .. }]), "{outcomes:?}");
}

#[tokio::test]
async fn what_an_agent_wrote_is_not_repeated_but_shown_as_in_doubt() {
    let world = World::new().await;
    let visitor = world.on_telegram().await;
    visitor.says("I want to talk to a human").await;
    let ben = world.agent("Ben");
    ben.takes_over(&visitor).await.unwrap();
    world.settles().await;
    let before = world.courier.texts().len();
    world.courier.will(DeliveryFault::AnswerLost);
    ben.says(&visitor, "Your refund is on its way.").await.unwrap();
    world.settles().await;
    assert_eq!(world.courier.texts().len(), before + 1);
    let outcomes = outcomes(&world, &visitor).await;
    assert!(matches!(outcomes.last(), Some(Outcome::InDoubt { .. })), "{outcomes:?}");
}

#[tokio::test]
async fn a_customer_who_has_blocked_the_bot_is_a_fact_and_not_a_loop() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::Blocked);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    assert!(matches!(outcomes(&world, &visitor).await[..], [Outcome::Failed { .. }]));
    assert!(world.courier.texts().is_empty());
    assert_eq!(visitor.talk().await.unreachable.as_deref(), Some("403: bot was blocked by the user"));
    visitor.says("I am back. How do I export a project to CSV?").await;
    assert_eq!(visitor.talk().await.unreachable, None, "whoever writes can be reached");
}

#[tokio::test]
async fn what_the_bot_could_not_say_brings_a_human() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::Disliked);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    assert!(matches!(outcomes(&world, &visitor).await[..], [Outcome::Failed { .. }]));
    let talk = visitor.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert_eq!(talk.handoff.unwrap().reasons[0].code, "not-delivered");
    assert!(world.courier.texts().is_empty(), "nothing more is tried that would go the same way");
}

#[tokio::test]
async fn a_chat_that_has_moved_is_answered_at_its_new_address() {
    let world = World::new().await;
    world.courier.will(DeliveryFault::Moved);
    let visitor = world.on_telegram().await;
    visitor.says("How do I export a project to CSV?").await;
    let old = visitor.id.to_string();
    let sent = world.courier.accepted.lock().unwrap().clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].address, format!("{old}0"));
    let storage = &world.ledger.storage;
    assert_eq!(storage.current(Channel::Telegram, &old).await.unwrap(), None);
    assert!(storage.current(Channel::Telegram, &sent[0].address).await.unwrap().is_some());
}

#[tokio::test]
async fn a_long_message_goes_out_in_parts_and_goes_on_where_it_was_interrupted() {
    let world = World::new().await;
    world.courier.longest.store(60, Ordering::SeqCst);
    let visitor = world.on_telegram().await;
    visitor.says("I want to talk to a human").await;
    let whole: Vec<String> = world.courier.texts();
    assert!(whole.len() > 2, "{whole:?}");
    world.courier.accepted.lock().unwrap().clear();
    let other = world.on_telegram().await;
    other.writes("I want to talk to a human").await;
    // The first part goes out; before the second the platform asks for patience.
    while world.courier.texts().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.courier.will(DeliveryFault::FloodWait(5));
    while !world.courier.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.clock_seconds(6);
    world.settles().await;
    assert_eq!(world.courier.texts(), whole, "nothing is missing and nothing is there twice");
}
