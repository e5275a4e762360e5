//! Waiting for a human, and the watchdog.

use crate::support::world::World;
use deskhand::domain::effect::Effect;
use deskhand::domain::event::Event;
use deskhand::watchdog;
use insta::assert_snapshot;

#[tokio::test]
async fn nobody_comes_and_the_customer_is_told_what_to_expect_while_the_ticket_stands() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    visitor.says("I want to talk to a human").await;
    visitor.hears().await;
    world.wait(4);
    world.settles().await;
    assert_eq!(visitor.hears().await, "", "it is not time yet");
    world.wait(2);
    world.settles().await;
    let talk = visitor.talk().await;
    assert_eq!(talk.tickets.len(), 1, "the ticket stands");
    let heard = visitor.hears().await;
    assert!(heard.contains(&talk.tickets[0].number), "{heard}");
    world.wait(60);
    world.settles().await;
    assert_eq!(visitor.hears().await, "", "they are told once");
    assert_eq!(visitor.talk().await.tickets.len(), 1);
    // And a human can still come.
    world.agent("Ben").takes_over(&visitor).await.unwrap();
}

#[tokio::test]
async fn at_night_the_customer_is_told_when_somebody_is_there() {
    let world = World::new().await;
    world.wait(60 * 14); // eleven in the evening in Berlin
    let visitor = world.visitor().await;
    visitor.says("My invoice is wrong, I want to talk to a human").await;
    assert_snapshot!(
        visitor.hears().await,
        @"bot: This needs a person in our Customer Support team, and the team is closed right now. It opens again: Thursday, 08:00 (CET). Your message is waiting for them and the answer will come here."
    );
    world.wait(30);
    world.settles().await;
    assert_eq!(visitor.hears().await, "", "nobody is late before the team opens");
}

#[tokio::test]
async fn whoever_writes_while_waiting_is_reassured_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    visitor.says("I want to talk to a human").await;
    visitor.hears().await;
    visitor.says("it is about my last invoice").await;
    assert_eq!(visitor.hears().await.lines().count(), 1);
    visitor.says("hello?").await;
    assert_eq!(visitor.hears().await, "");
    assert_eq!(visitor.talk().await.state.name(), "queued");
}

#[tokio::test]
async fn the_watchdog_hands_over_what_the_bot_left_lying() {
    // The engines sleep: whatever stands in the way of the bot, the promise holds.
    let world = World::asleep().await;
    let visitor = world.visitor().await;
    visitor.writes("How do I export a project to CSV?").await;
    assert_eq!(watchdog::round(&world.ledger, &world.library).await, Ok(0), "it is not late yet");
    world.wait(1);
    assert_eq!(watchdog::round(&world.ledger, &world.library).await, Ok(1));
    let talk = visitor.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert!(talk.handoff.unwrap().reasons.iter().any(|reason| reason.code == "no-outcome-in-time"));
    assert!(visitor.hears().await.starts_with("bot: Something went wrong"));
    assert_eq!(watchdog::round(&world.ledger, &world.library).await, Ok(0), "once is enough");
}

#[tokio::test]
async fn a_message_in_the_middle_of_a_stuck_playbook_is_rescued_too() {
    let world = World::asleep().await;
    let visitor = world.visitor().await;
    visitor.writes("How do I export a project to CSV?").await;
    visitor.writes("hello? anybody?").await;
    world.wait(1);
    assert_eq!(watchdog::round(&world.ledger, &world.library).await, Ok(1));
    assert!(visitor.talk().await.pending.is_empty(), "both messages have their outcome");
    let log = world.log(visitor.talk().await.id).await;
    assert!(
        !log.iter().any(|entry| matches!(&entry.event, Event::Requested { effect: Effect::OpenTicket(_) }))
    );
}
