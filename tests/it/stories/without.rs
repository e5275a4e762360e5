//! A question that a customer may have no answer to.

use super::calls::{WISH, ada};
use crate::support::shop;
use insta::assert_snapshot;

const STEPS: &str = r#"
  - ask: {slot: order, kind: order_number, text: {en: "Which order?"}, again: {en: "The number, please."}, tries: 2, optional: true}
  - branch:
      when: slots.order == ""
      then:
        - reply: {text: {en: "Then we go on without it."}}
      else:
        - reply: {text: {en: "Noted: {{ slots.order }}."}}
"#;

#[tokio::test]
async fn whoever_does_not_have_it_says_so_and_the_playbook_goes_on() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: Which order? [I don't have it]");
    ada.says("Sorry, I don’t know it").await;
    assert_snapshot!(ada.hears().await, @"bot: Then we go on without it.");
}

#[tokio::test]
async fn the_button_says_the_same() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.presses("slot:").await;
    assert_snapshot!(ada.hears().await, @"bot: Then we go on without it.");
}

#[tokio::test]
async fn after_the_tries_it_goes_on_too_and_calls_no_human() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says("the blue one").await;
    assert_snapshot!(ada.hears().await, @"bot: The number, please. [I don't have it]");
    ada.says("the blue one, as I said").await;
    assert_snapshot!(ada.hears().await, @"bot: Then we go on without it.");
    assert_eq!(ada.talk().await.state.name(), "bot");
}

#[tokio::test]
async fn whoever_has_it_is_understood_as_ever() {
    let world = shop::desk(STEPS, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    ada.says("HB-20418").await;
    assert_snapshot!(ada.hears().await, @"bot: Noted: HB-20418.");
}

const WAYS: &str = r#"
  - ask:
      slot: way
      kind: choice
      text: {en: "How?"}
      tries: 5
      choices:
        - {id: mail, label: {en: "By mail"}}
        - {id: store, label: {en: "In store"}}
        - {id: other-store, label: {en: "In store next door"}}
  - reply: {text: {en: "Noted: {{ slots.way }}."}}
"#;

#[tokio::test]
async fn a_choice_may_be_told_in_words_but_is_never_guessed() {
    for (words, taken) in [
        ("By mail, please", Some("mail")),
        ("in store next door", Some("other-store")),
        ("by mail or in store", None),
        ("not by mail", None),
        ("can I bring it in store?", None),
        ("I would have thought that somebody could send it to me by mail some day", None),
        ("email", None),
    ] {
        let world = shop::desk(WAYS, "auto", true).await;
        let ada = ada(&world).await;
        ada.says(WISH).await;
        ada.hears().await;
        ada.says(words).await;
        let heard = ada.hears().await;
        match taken {
            Some(way) => assert_eq!(heard, format!("bot: Noted: {way}."), "{words}"),
            None => assert!(!heard.contains("Noted"), "{words}: {heard}"),
        }
    }
}
