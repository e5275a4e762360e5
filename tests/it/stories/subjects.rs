//! The customer changes the subject midway, and comes back.

use super::calls::{WISH, ada};
use crate::support::shop;
use deskhand::desk::Command;
use insta::assert_snapshot;
use std::collections::BTreeMap;

const STEPS: &str = r#"
  - ask: {slot: order, kind: order_number, text: {en: "Which order?"}}
  - reply: {text: {en: "Noted: {{ slots.order }}."}}
"#;

const EXPORT: &str = "How do I export a project to CSV?";

#[tokio::test]
async fn after_another_matter_the_bot_comes_back_to_its_question_once() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says(EXPORT).await;
    assert!(ada.hears().await.contains("Did this"), "the other matter is answered, with its buttons");
    assert_eq!(ada.talk().await.aside.len(), 1);
    ada.presses("answer:yes").await;
    assert_snapshot!(ada.hears().await, @r"
    bot: You're welcome! If anything else comes up, just write here.
    bot: Back to what we had begun (Refund):

    Which order?
    ");
    assert_eq!(ada.talk().await.state.name(), "bot", "one matter is open still");
    // Once more away: this time nobody is pressed.
    ada.says(EXPORT).await;
    ada.hears().await;
    ada.presses("answer:yes").await;
    assert_snapshot!(ada.hears().await, @"bot: You're welcome! If anything else comes up, just write here.");
    // But whoever comes back by themselves is understood.
    ada.says("it was HB-20418").await;
    assert_snapshot!(ada.hears().await, @"bot: Noted: HB-20418.");
    assert!(ada.talk().await.runs().next().is_none());
}

#[tokio::test]
async fn another_playbook_in_between_ends_and_leads_back() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says("It would be great if you could add a dark mode to Harbor.").await;
    let heard = ada.hears().await;
    assert!(heard.contains("can't promise"), "{heard}");
    assert!(heard.ends_with("Back to what we had begun (Refund):\n\nWhich order?"), "{heard}");
    ada.says("HB-20418").await;
    assert_snapshot!(ada.hears().await, @"bot: Noted: HB-20418.");
}

#[tokio::test]
async fn a_word_of_approval_is_heard_whatever_is_talked_about() {
    let steps = r#"
  - approve: {title: "Pay?", details: "12", team: billing, deadline: 4h, into: word}
  - call: {action: shop.refund, with: {number: "HB-1", amount: 12}, into: refund}
  - reply: {text: {en: "Paid: {{ refund.id }}"}}
"#;
    let world = shop::desk(steps, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    // The same wish again starts nothing twice.
    ada.says("I want my money back.").await;
    assert_snapshot!(ada.hears().await, @"bot: This is being seen to. You don't need to do anything; I'll write here as soon as there is news.");
    assert_eq!(ada.talk().await.open_approvals().count(), 1);
    // Another playbook asks something meanwhile.
    ada.says("I would like to cancel our subscription.").await;
    let question = ada.hears().await;
    assert!(question.contains("[It costs too much]"), "{question}");
    let approval = ada.talk().await.open_approvals().next().unwrap().0;
    world.agent("Ben").commands(&ada, Command::Approve { approval, edits: BTreeMap::new() }).await.unwrap();
    world.settles().await;
    let heard = ada.hears().await;
    assert!(
        heard.starts_with("bot: Paid: re_1\nbot: Back to what we had begun (Cancel subscription):"),
        "{heard}"
    );
    assert_eq!(world.actions.times("shop.refund"), 1);
    assert!(ada.talk().await.run.is_some_and(|run| run.playbook == "cancel-subscription"));
}

#[tokio::test]
async fn asking_for_a_person_works_in_the_middle_and_shows_what_was_open() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.says(EXPORT).await;
    ada.says("I want to talk to a human").await;
    let talk = ada.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert!(talk.handoff.unwrap().summary.contains("Also open: Refund"));
    assert!(talk.aside.is_empty());
}
