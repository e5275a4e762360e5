//! Other systems are asked and made to do things: once, for the right people, or seen to have failed.

use crate::support::outside::ActionFault;
use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::desk::Command;
use deskhand::domain::customer::Account;
use deskhand::domain::effect::{Effect, Outcome};
use deskhand::domain::event::Event;
use insta::assert_snapshot;
use serde_json::json;
use std::sync::atomic::Ordering;

/// Asks for the order and pays back what it cost.
const STEPS: &str = r#"
  - ask: {slot: order, kind: order_number, text: {en: "Which order?"}}
  - together:
      - call: {action: shop.order, with: {number: "{{ slots.order }}"}, into: order}
      - call: {action: shop.payment, with: {number: "{{ slots.order }}"}, into: payment}
  - branch:
      when: order.found && order.status == "shipped" && payment.paid >= order.total
      then:
        - call: {action: shop.refund, with: {number: "{{ slots.order }}", amount: "{{ order.total }}"}, into: refund}
        - reply: {text: {en: "Done: {{ order.total }} by {{ payment.method }}, refund {{ refund.id }}."}}
      else:
        - reply: {text: {en: "There is nothing to pay back."}}
"#;

pub(super) const WISH: &str = "I forgot to cancel before the renewal, can I still get a refund?";

pub(super) async fn ada(world: &World) -> Person<'_> {
    let account = Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Account::default()
    };
    world.verified(account).await
}

async fn outcomes(world: &World, person: &Person<'_>) -> Vec<Outcome> {
    let log = world.log(person.talk().await.id).await;
    let acts: Vec<i64> = log
        .iter()
        .filter(|entry| matches!(entry.event, Event::Requested { effect: Effect::Act { .. } }))
        .map(|entry| entry.seq)
        .collect();
    let outcomes = log.into_iter().filter_map(|entry| match entry.event {
        Event::Finished { effect, outcome } if acts.contains(&effect) => Some(outcome),
        _ => None,
    });
    outcomes.collect()
}

fn codes(talk: &deskhand::domain::conversation::Conversation) -> Vec<String> {
    let reasons = talk.handoff.iter().flat_map(|handoff| &handoff.reasons);
    reasons.map(|reason| reason.code.clone()).collect()
}

#[tokio::test]
async fn what_does_not_depend_on_each_other_is_asked_at_once_and_the_refund_is_made_once() {
    let world = shop::desk(STEPS, "auto", true).await;
    world.actions.slow_ms.store(50, Ordering::SeqCst);
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: Which order?");
    ada.says("it was HB-20418").await;
    assert_snapshot!(ada.hears().await, @"bot: Done: 80.5 by card, refund re_1.");
    assert_eq!(world.actions.most_at_once.load(Ordering::SeqCst), 2, "side by side");
    let refund = [json!({"number": "HB-20418", "amount": 80.5})];
    assert_eq!(world.actions.inputs("shop.refund"), refund);
    assert!(ada.talk().await.run.is_none());
}

#[tokio::test]
async fn an_answer_that_was_lost_does_not_pay_twice() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    // Two reads, then the refund, whose answer is lost; it carries a key, so it is tried again.
    world.actions.will(ActionFault::Answers(json!({"found": true, "status": "shipped", "total": 80.5})));
    world.actions.will(ActionFault::Answers(json!({"paid": 80.5, "method": "card"})));
    world.actions.will(ActionFault::AnswerLost);
    ada.writes("HB-20418").await;
    while ada.talk().await.run.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        world.clock_seconds(1);
    }
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: Done: 80.5 by card, refund re_1.");
    assert_eq!(world.actions.times("shop.refund"), 1);
}

#[tokio::test]
async fn whoever_is_not_verified_reaches_no_action_that_requires_it() {
    let world = shop::desk(STEPS, "auto", true).await;
    let stranger = world.visitor().await;
    stranger.says(WISH).await;
    stranger.says("HB-20418").await;
    let talk = stranger.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert_eq!(talk.team.as_deref(), Some("billing"), "the action says who goes on");
    assert_eq!(codes(&talk), ["identity-not-verified"]);
    assert_eq!(world.actions.times("shop.refund"), 0);
    assert!(outcomes(&world, &stranger).await.is_empty(), "it was never asked for");
}

/// The turn's check is not the only one: the record may change between asking and doing.
#[tokio::test]
async fn an_identity_that_is_lost_meanwhile_counts_when_it_is_done() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    world.actions.will(ActionFault::Answers(json!({"found": true, "status": "shipped", "total": 80.5})));
    world.actions.will(ActionFault::Answers(json!({"paid": 80.5, "method": "card"})));
    world.actions.will(ActionFault::Away);
    ada.writes("HB-20418").await;
    while !world.actions.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let storage = &world.ledger.storage;
    let mut record = storage.customer(ada.talk().await.customer).await.unwrap().unwrap();
    record.verified = false;
    storage.put_customer(record, world.ledger.now()).await.unwrap();
    world.clock_seconds(5);
    world.settles().await;
    assert!(matches!(outcomes(&world, &ada).await[..], [Outcome::Failed { .. }]));
    assert_eq!(world.actions.times("shop.refund"), 0);
    assert_eq!(ada.talk().await.state.name(), "queued");
}

#[tokio::test]
async fn a_system_that_stays_away_is_given_up_after_its_tries_and_the_conversation_says_so() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    world.actions.will(ActionFault::Answers(json!({"found": true, "status": "shipped", "total": 80.5})));
    world.actions.will(ActionFault::Answers(json!({"paid": 80.5, "method": "card"})));
    for _ in 0..3 {
        world.actions.will(ActionFault::Away);
    }
    ada.writes("HB-20418").await;
    while ada.talk().await.state.name() == "bot" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        world.clock_seconds(2);
    }
    world.settles().await;
    let talk = ada.talk().await;
    assert_eq!(codes(&talk), ["act-failed"]);
    assert_eq!(talk.priority.name(), "high");
    assert_snapshot!(talk.handoff.unwrap().reasons[0].text, @r#""Pay money back" could not be done: 503 from the shop"#);
    assert!(world.actions.faults.lock().unwrap().is_empty(), "three tries, and no more");
}

#[tokio::test]
async fn a_system_that_asks_for_patience_gets_it() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    world.actions.will(ActionFault::Answers(json!({"found": true, "status": "shipped", "total": 80.5})));
    world.actions.will(ActionFault::Answers(json!({"paid": 80.5, "method": "card"})));
    world.actions.will(ActionFault::Busy(20));
    ada.writes("HB-20418").await;
    while !world.actions.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.clock_seconds(19);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.actions.times("shop.refund"), 0, "not before the time that it named");
    world.clock_seconds(2);
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: Done: 80.5 by card, refund re_1.");
}

#[tokio::test]
async fn a_read_that_fails_follows_its_declared_way() {
    let steps = r#"
  - ask: {slot: order, kind: order_number, text: {en: "Which order?"}}
  - call:
      action: shop.order
      with: {number: "{{ slots.order }}"}
      into: order
      otherwise:
        - reply: {text: {en: "The shop does not answer ({{ failure.cause }}); a colleague looks."}}
        - hand_off: {reason: "{{ failure.action }}: {{ failure.cause }}"}
  - reply: {text: {en: "{{ order.status }}"}}
"#;
    let world = shop::desk(steps, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    world.actions.will(ActionFault::Busy(30));
    ada.says("HB-20418").await;
    assert_snapshot!(ada.hears().await, @"bot: The shop does not answer (429 from the shop); a colleague looks.");
    assert_eq!(ada.talk().await.state.name(), "queued");
}

#[tokio::test]
async fn an_answer_that_is_not_as_promised_brings_a_human_and_is_not_repeated() {
    let world = shop::desk(STEPS, "auto", true).await;
    world.actions.answers("shop.refund", json!({"ok": true}));
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.says("HB-20418").await;
    let outcomes = outcomes(&world, &ada).await;
    assert!(matches!(outcomes[..], [Outcome::InDoubt { .. }]), "{outcomes:?}");
    assert_eq!(world.actions.times("shop.refund"), 1);
    assert_eq!(ada.talk().await.state.name(), "queued");
}

#[tokio::test]
async fn nothing_is_done_any_more_once_a_human_has_taken_over() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    world.actions.will(ActionFault::Answers(json!({"found": true, "status": "shipped", "total": 80.5})));
    world.actions.will(ActionFault::Answers(json!({"paid": 80.5, "method": "card"})));
    world.actions.will(ActionFault::Away);
    ada.writes("HB-20418").await;
    while !world.actions.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.agent("Ben").takes_over(&ada).await.unwrap();
    world.clock_seconds(10);
    world.settles().await;
    assert!(matches!(outcomes(&world, &ada).await[..], [Outcome::Dropped]));
    assert_eq!(world.actions.times("shop.refund"), 0);
}

#[tokio::test]
async fn an_agent_has_undone_what_was_done_and_only_once() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.says("HB-20418").await;
    let act = ada.talk().await.done[0].seq;
    let ben = world.agent("Ben");
    ben.commands(&ada, Command::Undo { act }).await.unwrap();
    world.settles().await;
    assert_eq!(world.actions.inputs("shop.cancel"), [json!({"id": "re_1"})]);
    assert!(ben.commands(&ada, Command::Undo { act }).await.is_err());
    assert!(ben.commands(&ada, Command::Undo { act: 1 }).await.is_err());
    assert_eq!(world.actions.times("shop.cancel"), 1);
}
