//! The kill switch: once it is off, nothing automated is said or done, and customers come to people.

use super::calls::{WISH, ada};
use crate::support::outside::DeliveryFault;
use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::domain::conversation::State;
use deskhand::domain::decision::Route;
use deskhand::domain::effect::Outcome;
use deskhand::domain::event::{Author, Event};
use deskhand::domain::switch::{Switch, SwitchedOff};
use insta::assert_snapshot;
use std::sync::atomic::Ordering;
use std::time::Duration;

const QUESTION: &str = "How do I export a project to CSV?";

async fn off(world: &World, switch: &str) {
    let switch: Switch = switch.parse().unwrap();
    let (because, by) = ("it says nonsense".to_owned(), "Maria".to_owned());
    let off = SwitchedOff { switch, because, by, at: world.ledger.now() };
    assert!(world.ledger.storage.switch_off(&off).await.unwrap());
}

async fn on(world: &World, switch: &str) {
    let now = world.ledger.now();
    let switch: Switch = switch.parse().unwrap();
    assert!(world.ledger.storage.switch_on(&switch, "mended", "Maria", now).await.unwrap());
}

async fn reasons(person: &Person<'_>) -> Vec<String> {
    let decision = person.decision().await;
    decision.reasons.iter().map(|reason| reason.code.clone()).collect()
}

async fn spoke_by_itself(world: &World, person: &Person<'_>) -> bool {
    let log = world.log(person.talk().await.id).await;
    log.iter().any(|entry| matches!(&entry.event, Event::Said { author: Author::Bot, .. }))
}

#[tokio::test]
async fn while_the_bot_is_off_customers_are_triaged_and_come_to_people() {
    let world = World::new().await;
    off(&world, "all").await;
    let visitor = world.visitor().await;
    visitor.says(QUESTION).await;
    assert_snapshot!(visitor.hears().await, @"desk: I'm passing you to a person in our Customer Support team, who will answer here in this chat. They see what you've written, so you don't have to repeat it.");
    let decision = visitor.decision().await;
    assert_eq!(decision.route, Route::Handoff);
    assert_eq!(decision.intent.as_deref(), Some("export_data"));
    assert!(reasons(&visitor).await.contains(&"switched-off".to_owned()));
    assert!(decision.draft.is_some_and(|draft| !draft.is_empty()), "the agent reads what the bot would say");
    assert!(matches!(visitor.talk().await.state, State::Queued { .. }));
    let log = world.log(visitor.talk().await.id).await;
    assert!(log.iter().any(|entry| matches!(&entry.event, Event::Switched { off } if off.len() == 1)));
    // Writing again and waiting brings no words of the machine either; the ticket of who waits too long stands.
    visitor.says("hello?").await;
    world.wait(60 * 24);
    world.settles().await;
    assert_eq!(visitor.hears().await, "");
    assert_eq!(visitor.talk().await.tickets.len(), 1);
    // On again, the next customer is answered.
    on(&world, "all").await;
    let other = world.visitor().await;
    other.says(QUESTION).await;
    assert!(spoke_by_itself(&world, &other).await);
}

#[tokio::test]
async fn a_channel_an_intent_and_a_playbook_are_switched_off_by_themselves() {
    let world = World::new().await;
    for switch in ["channel:telegram", "intent:export_data"] {
        off(&world, switch).await;
    }
    let telegram = world.on_telegram().await;
    telegram.says("How do I invite a teammate?").await;
    assert!(matches!(telegram.talk().await.state, State::Queued { .. }));
    let visitor = world.visitor().await;
    visitor.says(QUESTION).await;
    assert!(reasons(&visitor).await.contains(&"switched-off".to_owned()));
    assert!(matches!(visitor.talk().await.state, State::Queued { .. }));
    let other = world.visitor().await;
    other.says("How do I invite a teammate?").await;
    assert_eq!(other.talk().await.state, State::Bot);
    off(&world, "playbook:refund").await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert!(reasons(&ada).await.contains(&"switched-off".to_owned()));
    assert!(ada.talk().await.run.is_none());
}

#[tokio::test]
async fn a_turn_under_way_says_nothing_once_the_switch_is_off() {
    let world = World::new().await;
    world.directory.slow_ms.store(400, Ordering::SeqCst);
    let ada = ada(&world).await;
    ada.writes(QUESTION).await;
    // The turn has read the switchboard and waits for the directory now.
    while world.directory.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    off(&world, "all").await;
    world.settles().await;
    assert!(!spoke_by_itself(&world, &ada).await, "the bot spoke after it was switched off");
    assert!(matches!(ada.talk().await.state, State::Queued { .. }));
}

#[tokio::test]
async fn what_waits_in_the_outbox_is_not_sent_and_a_human_comes() {
    let world = World::new().await;
    let visitor = world.on_telegram().await;
    world.courier.will(DeliveryFault::FloodWait(60));
    visitor.writes(QUESTION).await;
    while visitor.talk().await.decision.is_none() || !world.courier.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    off(&world, "channel:telegram").await;
    world.wait(2);
    world.settles().await;
    let texts = world.courier.texts();
    assert_eq!(texts.len(), 1, "only the notice went out: {texts:?}");
    assert!(texts[0].contains("passing you to a person"), "{texts:?}");
    assert!(matches!(visitor.talk().await.state, State::Queued { .. }));
    let why = visitor.talk().await.handoff.unwrap().reasons;
    assert_eq!(why[0].code, "switched-off");
}

/// Asks for the order and pays back.
const STEPS: &str = r#"
  - ask: {slot: order, kind: order_number, text: {en: "Which order?"}}
  - call: {action: shop.refund, with: {number: "{{ slots.order }}", amount: 10}, into: refund}
  - reply: {text: {en: "Refund {{ refund.id }}."}}
"#;

#[tokio::test]
async fn an_action_that_is_off_is_not_run_though_it_was_asked_for_before() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    // The other side is away: the act waits in the outbox.
    world.actions.will(crate::support::outside::ActionFault::Away);
    ada.writes("it was HB-20418").await;
    while !world.actions.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    off(&world, "action:shop.refund").await;
    world.wait(5);
    world.settles().await;
    assert_eq!(world.actions.times("shop.refund"), 0, "it was run after it was switched off");
    let log = world.log(ada.talk().await.id).await;
    let failed = log.iter().any(|entry| {
        matches!(&entry.event, Event::Finished { outcome: Outcome::Failed { cause }, .. } if cause.contains("switched off"))
    });
    assert!(failed);
    assert!(matches!(ada.talk().await.state, State::Queued { .. }));
}

#[tokio::test]
async fn a_question_of_a_playbook_that_is_off_now_is_not_asked_again() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    off(&world, "intent:refund_request").await;
    ada.hears().await;
    ada.says("I do not know").await;
    assert!(matches!(ada.talk().await.state, State::Queued { .. }));
    assert!(reasons(&ada).await.contains(&"switched-off".to_owned()));
    assert!(world.actions.inputs("shop.refund").is_empty());
}
