//! A human has a word before something is done.

use super::calls::{WISH, ada};
use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::desk::Command;
use deskhand::domain::decision::Automation;
use deskhand::domain::event::{Demotion, Event};
use deskhand::hand::HandError;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;

const STEPS: &str = r#"
  - ask:
      slot: amount
      kind: amount
      text: {en: "How much?"}
      check: {when: "value > 0.0 && value <= 5000.0", text: {en: "That can't be; how much was it?"}}
  - approve:
      title: "Refund of {{ slots.amount }} for {{ customer.name }}"
      details: "Wrote: {{ message.text }}"
      team: billing
      deadline: 4h
      default: reject
      editable: {amount: "{{ slots.amount }}"}
      into: word
      tell: {en: "I have asked a colleague."}
      otherwise:
        - reply: {text: {en: "No refund: {{ word.reason }}"}}
        - resolve: {}
  - call: {action: shop.refund, with: {number: "HB-1", amount: "{{ word.amount }}"}, into: refund}
  - reply: {text: {en: "{{ word.amount }} is on its way ({{ refund.id }}); {{ word.by }} agreed."}}
"#;

async fn asked(world: &World) -> (Person<'_>, i64) {
    let ada = ada(world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says("400 euros").await;
    assert_eq!(ada.hears().await, "bot: I have asked a colleague.");
    let approval = ada.talk().await.open_approvals().next().expect("a proposal").0;
    (ada, approval)
}

#[tokio::test]
async fn a_human_changes_the_amount_and_approves() {
    let world = shop::desk(STEPS, "auto", true).await;
    let (ada, approval) = asked(&world).await;
    let talk = ada.talk().await;
    let proposal = &talk.approvals[&approval].proposal;
    assert_snapshot!(proposal.title, @"Refund of 400.0 for Ada");
    assert!(world.notifier.told.lock().unwrap().iter().any(|notice| notice.team == "billing"));
    assert_eq!(world.actions.times("shop.refund"), 0);
    let ben = world.agent("Ben");
    let edits = BTreeMap::from([("amount".to_owned(), json!(350.0))]);
    ben.commands(&ada, Command::Approve { approval, edits: edits.clone() }).await.unwrap();
    world.settles().await;
    assert_eq!(world.actions.inputs("shop.refund"), [json!({"number": "HB-1", "amount": 350.0})]);
    assert_snapshot!(ada.hears().await, @"bot: 350.0 is on its way (re_1); Ben agreed.");
    let again = ben.commands(&ada, Command::Approve { approval, edits }).await;
    assert!(matches!(again, Err(HandError::Refused(_))), "{again:?}");
    assert_eq!(world.actions.times("shop.refund"), 1);
}

#[tokio::test]
async fn only_what_may_be_changed_is_changed() {
    let world = shop::desk(STEPS, "auto", true).await;
    let (ada, approval) = asked(&world).await;
    let ben = world.agent("Ben");
    for (name, value) in [("number", json!("HB-2")), ("amount", json!("everything")), ("amount", json!(null))]
    {
        let edits = BTreeMap::from([(name.to_owned(), value)]);
        let refused = ben.commands(&ada, Command::Approve { approval, edits }).await.unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
    }
    assert_eq!(ada.talk().await.open_approvals().count(), 1);
}

#[tokio::test]
async fn what_is_rejected_is_not_done_and_the_customer_hears_why() {
    let world = shop::desk(STEPS, "auto", true).await;
    let (ada, approval) = asked(&world).await;
    let reason = "The renewal was announced twice.".to_owned();
    world.agent("Ben").commands(&ada, Command::Reject { approval, reason }).await.unwrap();
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: No refund: The renewal was announced twice.");
    assert_eq!(world.actions.times("shop.refund"), 0);
}

#[tokio::test]
async fn nobody_decides_and_the_default_holds() {
    let world = shop::desk(STEPS, "auto", true).await;
    let (ada, approval) = asked(&world).await;
    world.wait(239);
    world.settles().await;
    assert_eq!(ada.hears().await, "");
    world.wait(1);
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: No refund: Nobody decided in time.");
    let late = world.agent("Ben").commands(&ada, Command::Approve { approval, edits: BTreeMap::new() }).await;
    assert!(late.is_err());
    assert_eq!(world.actions.times("shop.refund"), 0);
    let steps = STEPS.replace("default: reject", "default: hand_off");
    let world = shop::desk(&steps, "auto", true).await;
    let (ada, _) = asked(&world).await;
    world.wait(240);
    world.settles().await;
    assert_eq!(ada.talk().await.handoff.unwrap().reasons[0].code, "approval-overdue");
}

#[tokio::test]
async fn an_answer_that_can_not_be_is_asked_for_again() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says("90000 euros").await;
    assert_snapshot!(ada.hears().await, @"bot: That can't be; how much was it?");
    ada.says("90000 euros!").await;
    assert_eq!(ada.talk().await.handoff.unwrap().reasons[0].code, "slot-missing");
}

/// The playbook forgets to ask; the intent's level does not.
const HASTY: &str = r#"
  - call: {action: shop.refund, with: {number: "HB-1", amount: 12}, into: refund}
  - reply: {text: {en: "Paid: {{ refund.id }}"}}
"#;

#[tokio::test]
async fn below_auto_nothing_is_done_without_a_humans_word() {
    // Its risk is high and not accepted: whatever the file says, it is at "approve" at most.
    let world = shop::desk(HASTY, "auto", false).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert!(ada.hears().await.starts_with("bot: A colleague has to agree to this first."));
    assert_eq!(ada.decision().await.automation, Automation::Approve);
    assert!(ada.decision().await.reasons.iter().any(|reason| reason.code == "risk-capped"));
    assert_eq!(world.actions.times("shop.refund"), 0);
    let approval = ada.talk().await.open_approvals().next().unwrap().0;
    world.agent("Ben").commands(&ada, Command::Approve { approval, edits: BTreeMap::new() }).await.unwrap();
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: Paid: re_1");
    assert_eq!(world.actions.times("shop.refund"), 1);
}

#[tokio::test]
async fn after_a_rejection_a_playbook_that_goes_on_may_not_act() {
    let steps = r#"
  - approve: {title: "Pay?", details: "12", team: billing, deadline: 1h, into: word}
  - call: {action: shop.refund, with: {number: "HB-1", amount: 12}, into: refund}
  - reply: {text: {en: "Paid: {{ refund.id }}"}}
"#;
    let world = shop::desk(steps, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    let approval = ada.talk().await.open_approvals().next().unwrap().0;
    let reason = "no".to_owned();
    world.agent("Ben").commands(&ada, Command::Reject { approval, reason }).await.unwrap();
    world.settles().await;
    assert_eq!(ada.talk().await.handoff.unwrap().reasons[0].code, "not-approved");
    assert_eq!(world.actions.times("shop.refund"), 0);
}

#[tokio::test]
async fn a_demotion_holds_back_what_the_policy_allows_until_it_is_lifted() {
    let world = shop::desk(HASTY, "auto", true).await;
    let storage = &world.ledger.storage;
    let demotion = Demotion {
        intent: "refund_request".to_owned(),
        to: Automation::Suggest,
        because: "Three of the last ten were wrong.".to_owned(),
    };
    storage.demote(&demotion, world.ledger.now()).await.unwrap();
    let held = ada(&world).await;
    held.says(WISH).await;
    let decision = held.decision().await;
    assert_eq!(decision.automation, Automation::Suggest);
    assert!(decision.reasons.iter().any(|reason| reason.code == "automation-demoted"));
    assert_eq!(decision.draft.as_deref(), Some("Run the playbook \"Refund\"."));
    assert_eq!(world.actions.times("shop.refund"), 0);
    storage.restore_level("refund_request", "mended", "Maria", world.ledger.now()).await.unwrap();
    let free = ada(&world).await;
    free.says(WISH).await;
    assert_eq!(world.actions.times("shop.refund"), 1);
}

#[tokio::test]
async fn who_takes_over_takes_the_decision_with_them() {
    let world = shop::desk(STEPS, "auto", true).await;
    let (ada, approval) = asked(&world).await;
    let ben = world.agent("Ben");
    ben.takes_over(&ada).await.unwrap();
    let late = ben.commands(&ada, Command::Approve { approval, edits: BTreeMap::new() }).await;
    assert_eq!(late.unwrap_err().to_string(), "There is nothing to approve here any more.");
    world.wait(300);
    world.settles().await;
    let log = world.log(ada.talk().await.id).await;
    assert!(!log.iter().any(|entry| matches!(entry.event, Event::Rejected { .. } | Event::Approved { .. })));
}
