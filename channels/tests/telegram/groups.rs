//! Groups and forums, where the bot listens only when it is addressed.

use super::stage::{Stage, choice, message, until};
use channels::{Courier as _, DeliveryError, Fact};

#[tokio::test]
async fn in_a_group_only_what_is_addressed_is_heard() {
    let stage = Stage::new().await;
    let group = stage.fake.group("Harbor talk");
    let ada = stage.fake.customer("Ada").in_group(&group);
    let bo = stage.fake.customer("Bo").in_group(&group);
    ada.says("good morning everyone");
    ada.says("@harbor_bot my parcel is late");
    bo.says("/human@harbor_bot");
    bo.says("/human@another_bot");
    bo.says("@another_bot help");
    let address = format!("{}:{}", group.id, ada.id);
    until("heard", || stage.desk.count() == 2).await;
    assert_eq!(stage.desk.texts(&address), ["my parcel is late"]);
    assert_eq!(stage.desk.texts(&format!("{}:{}", group.id, bo.id)), ["/human"]);

    let asked = stage.desk.accepted()[0].external_id.clone();
    let mut answer = message(&address, "We are looking into it.");
    answer.answers = Some(asked.clone());
    let receipt = stage.telegram.deliver(&answer, 0).await.unwrap();
    let sent = stage.fake.journal().sent.remove(0);
    assert_eq!(sent.message["reply_to_message"]["message_id"].to_string(), asked);

    ada.replies(receipt.external_id.parse().unwrap(), "thank you");
    until("heard", || stage.desk.count() == 3).await;
    let last = stage.desk.accepted().remove(2);
    assert_eq!((last.text.as_str(), last.quoted.as_deref()), ("thank you", Some("We are looking into it.")));
    stage.fake.assert_clean();
}

#[tokio::test]
async fn an_answer_to_what_was_deleted_is_sent_all_the_same() {
    let stage = Stage::new().await;
    let group = stage.fake.group("Harbor talk");
    let mut answer = message(&format!("{}:5", group.id), "Here you are.");
    answer.answers = Some("4040".to_owned());
    stage.telegram.deliver(&answer, 0).await.unwrap();
    assert_eq!(stage.fake.journal().texts(group.id), ["Here you are."]);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_topic_of_a_forum_is_an_address_of_its_own() {
    let stage = Stage::new().await;
    let forum = stage.fake.forum("Harbor forum");
    let ada = stage.fake.customer("Ada").in_group(&forum).in_topic(77);
    ada.says("@harbor_bot hello");
    until("heard", || stage.desk.count() == 1).await;
    let address = stage.desk.accepted()[0].address.clone();
    assert_eq!(address, format!("{}:{}:77", forum.id, ada.id));
    stage.says(&address, "hello Ada").await.unwrap();
    stage.telegram.typing(&address).await;
    let journal = stage.fake.journal();
    assert_eq!(journal.sent[0].message["message_thread_id"], 77);
    assert_eq!(journal.calls("sendChatAction")[0].params["message_thread_id"], 77);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn only_the_one_who_was_asked_may_press() {
    let stage = Stage::new().await;
    let group = stage.fake.group("Harbor talk");
    let ada = stage.fake.customer("Ada").in_group(&group);
    let bo = stage.fake.customer("Bo").in_group(&group);
    let address = format!("{}:{}", group.id, ada.id);
    let mut question = message(&address, "Refund or replacement?");
    question.choices = vec![choice("refund", "Refund"), choice("replace", "Replacement")];
    stage.telegram.deliver(&question, 0).await.unwrap();
    let meddling = bo.presses("Refund").unwrap();
    until("answered", || stage.fake.journal().presses_answered.iter().any(|(id, _)| *id == meddling)).await;
    ada.presses("Replacement").unwrap();
    until("heard", || stage.desk.count() == 1).await;
    let press = stage.desk.accepted().remove(0);
    assert_eq!((press.address, press.choice.as_deref()), (address, Some("replace")));
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_group_that_moved_is_followed() {
    let stage = Stage::new().await;
    let group = stage.fake.group("Harbor talk");
    let ada = stage.fake.customer("Ada").in_group(&group);
    ada.says("@harbor_bot hello");
    until("heard", || stage.desk.count() == 1).await;
    let new = group.migrates();
    until("learnt", || stage.desk.facts().len() == 2).await;
    let moved = Fact::Moved { from: group.id.to_string(), to: new.id.to_string() };
    assert_eq!(stage.desk.facts(), [moved.clone(), moved]);

    let address = format!("{}:{}", group.id, ada.id);
    let to = format!("{}:{}", new.id, ada.id);
    assert_eq!(stage.says(&address, "hello").await, Err(DeliveryError::Moved { to: to.clone() }));
    stage.says(&to, "hello").await.unwrap();
    assert_eq!(stage.fake.journal().texts(new.id), ["hello"]);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_bot_that_was_thrown_out_knows_it() {
    let stage = Stage::new().await;
    let group = stage.fake.group("Harbor talk");
    group.removes_bot();
    until("learnt", || stage.desk.facts().len() == 1).await;
    assert!(
        matches!(&stage.desk.facts()[0], Fact::Unreachable { address, .. } if *address == group.id.to_string())
    );
    let error = stage.says(&format!("{}:5", group.id), "hello").await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Unreachable { cause } if cause.contains("kicked")), "{error}");
    stage.fake.assert_clean();
}
