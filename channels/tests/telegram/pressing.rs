//! Buttons.

use super::stage::{Stage, choice, message, until};
use channels::Courier as _;
use fakes::telegram::{Order, Trouble};

#[tokio::test]
async fn a_press_is_heard_answered_and_the_buttons_go() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada").speaking("de");
    let mut question = message(&ada.id.to_string(), "How did we do?");
    question.choices = (1..=5).map(|stars| choice(&format!("rating:{stars}"), &stars.to_string())).collect();
    stage.telegram.deliver(&question, 0).await.unwrap();
    assert_eq!(ada.buttons(), [["1", "2", "3", "4", "5"]]);
    let press = ada.presses("4").unwrap();
    until("heard", || stage.desk.count() == 1).await;
    let inbound = stage.desk.accepted().remove(0);
    assert_eq!(inbound.external_id, format!("cb/{press}"));
    assert_eq!((inbound.text.as_str(), inbound.choice.as_deref()), ("4", Some("rating:4")));
    assert_eq!(inbound.address, ada.id.to_string());
    until("removed", || ada.buttons().is_empty()).await;
    assert_eq!(stage.fake.journal().presses_answered, [(press, "noted (de)".to_owned())]);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_late_press_counts_and_nothing_breaks() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let mut question = message(&ada.id.to_string(), "Shall we?");
    question.choices = vec![choice("yes", "Yes"), choice("no", "No")];
    stage.telegram.deliver(&question, 0).await.unwrap();
    ada.presses_late("Yes").unwrap();
    ada.presses("Yes").unwrap();
    until("heard", || stage.desk.count() == 2).await;
    until("removed", || ada.buttons().is_empty()).await;
    ada.says("still there?");
    until("heard", || stage.desk.count() == 3).await;
    stage.fake.assert_clean();
}

#[tokio::test]
async fn long_ids_come_back_whole_also_after_a_restart() {
    let mut stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let long = "playbook/returns/step/choose-a-reason/option/it-arrived-broken-in-many-pieces";
    let mut question = message(&ada.id.to_string(), "What happened?");
    question.choices = vec![choice(long, "It broke"), choice("#odd", "Odd"), choice("@7 odd", "Odder")];
    stage.telegram.deliver(&question, 0).await.unwrap();
    stage.restart(|_| ());
    for (label, id) in [("It broke", long), ("Odd", "#odd"), ("Odder", "@7 odd")] {
        stage.fake.order(Order::next("editMessageReplyMarkup", Trouble::CutBefore));
        let before = stage.desk.count();
        ada.presses(label).unwrap();
        until("heard", || stage.desk.count() == before + 1).await;
        assert_eq!(stage.desk.accepted()[before].choice.as_deref(), Some(id));
        until("tried to remove", || stage.fake.journal().calls("editMessageReplyMarkup").len() == before + 1)
            .await;
    }
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_press_that_can_not_be_stored_is_not_answered_yet() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let mut question = message(&ada.id.to_string(), "Shall we?");
    question.choices = vec![choice("yes", "Yes")];
    stage.telegram.deliver(&question, 0).await.unwrap();
    stage.desk.down(true);
    ada.presses("Yes").unwrap();
    until("offered twice", || stage.desk.offered() >= 2).await;
    assert!(stage.fake.journal().presses_answered.is_empty());
    stage.desk.down(false);
    until("answered", || stage.fake.journal().presses_answered.len() == 1).await;
    assert_eq!(stage.desk.count(), 1);
    stage.fake.assert_clean();
}
