//! What customers write in private.

use super::stage::{Stage, until};
use channels::{Fact, IntakeError};
use serde_json::json;

#[tokio::test]
async fn a_message_is_heard_with_who_wrote_it() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada").speaking("de");
    let id = ada.says("  My parcel is late ");
    until("heard", || stage.desk.count() == 1).await;
    let inbound = stage.desk.accepted().remove(0);
    assert_eq!(inbound.external_id, id.to_string());
    assert_eq!((inbound.sender, inbound.address), (ada.id.to_string(), ada.id.to_string()));
    assert_eq!(inbound.text, "My parcel is late");
    assert_eq!(inbound.profile.name.as_deref(), Some("Ada"));
    assert_eq!(inbound.profile.locale.as_deref(), Some("de"));
    stage.feels("@harbor_bot by long polling").await;
    until("acknowledged", || stage.fake.waiting() == 0).await;
    stage.fake.assert_clean();
}

#[tokio::test]
async fn an_edit_names_what_it_corrects_and_two_in_a_second_are_two() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let id = ada.says("order 17");
    ada.edits(id, "order 71");
    ada.edits(id, "order 711");
    until("heard", || stage.desk.count() == 3).await;
    let heard = stage.desk.accepted();
    assert_eq!(
        heard.iter().map(|inbound| inbound.text.as_str()).collect::<Vec<_>>(),
        ["order 17", "order 71", "order 711"]
    );
    assert_eq!(heard[0].edits, None);
    assert!(heard[1..].iter().all(|edit| edit.edits == Some(id.to_string())));
    assert!(heard[1].external_id.starts_with(&format!("{id}/e")));
    assert_ne!(heard[1].external_id, heard[2].external_id);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_reply_quotes_and_a_start_brings_its_code() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let first = ada.says(&"long ".repeat(200));
    ada.replies(first, "about this");
    ada.says("/start join-42_x");
    ada.says("/human");
    ada.says("/help@harbor_bot");
    ada.says("/weather");
    until("heard", || stage.desk.count() == 6).await;
    let heard = stage.desk.accepted();
    assert_eq!(heard[1].quoted.as_deref().map(|quoted| quoted.chars().count()), Some(300));
    assert_eq!((heard[2].text.as_str(), heard[2].link.as_deref()), ("/start", Some("join-42_x")));
    assert_eq!((heard[3].text.as_str(), heard[3].link.as_deref()), ("/human", None));
    assert_eq!(heard[4].text, "/help");
    assert_eq!(heard[5].text, "/weather");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn places_contacts_and_polls_are_told_in_words() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let here = json!({"latitude": 59.9, "longitude": 10.7});
    ada.sends(json!({"location": here}));
    ada.sends(json!({"venue": {"location": here, "title": "Harbor", "address": "Pier 1"}, "location": here}));
    ada.sends(json!({"contact": {"phone_number": "+47 1", "first_name": "Bo"}}));
    ada.sends(json!({"dice": {"emoji": "🎲", "value": 4}}));
    let moving = ada.sends(json!({"location": {"latitude": 1.5, "longitude": 2.5, "live_period": 60}}));
    ada.edits(moving, "");
    ada.says("done");
    until("heard", || stage.desk.count() == 6).await;
    let texts = stage.desk.texts(&ada.id.to_string());
    assert_eq!(texts[0], "📍 https://www.openstreetmap.org/?mlat=59.9&mlon=10.7#map=16/59.9/10.7");
    assert!(texts[1].ends_with("\nHarbor, Pier 1"), "{}", texts[1]);
    assert_eq!(texts[2], "👤 Bo, +47 1");
    assert_eq!(texts[3], "🎲 4");
    assert!(texts[4].starts_with("📍"));
    assert_eq!(texts[5], "done", "the steps of a place that moves are not messages");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn what_is_unknown_is_passed_over_but_no_customer_s_words_are_lost() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let from = json!({"id": ada.id, "is_bot": false, "first_name": "Ada"});
    let chat = json!({"id": ada.id, "type": "private"});
    stage.fake.raw_update(json!({"message": {"message_id": 901, "date": 1, "from": from, "chat": chat,
        "caption": "see this", "hologram": {"size": 3}}}));
    stage.fake.raw_update(json!({"message": {"message_id": 902, "date": 1, "from": from, "chat": chat,
        "hologram": {"size": 3}}}));
    stage.fake.raw_update(json!({"message": {"message_id": 903, "date": 1, "from": from, "chat": chat,
        "new_chat_title": "not words"}}));
    stage.fake.raw_update(json!({"message": {"nothing": "of use"}}));
    ada.says("after all that");
    until("heard", || stage.desk.count() == 3).await;
    let texts = stage.desk.texts(&ada.id.to_string());
    assert_eq!(texts, ["see this\n📎 hologram", "📎 hologram", "after all that"]);
    until("acknowledged", || stage.fake.waiting() == 0).await;
    let planted = stage.fake.journal().violations;
    assert!(
        planted.iter().all(|violation| violation.starts_with("answer of the fake: getUpdates")),
        "{planted:#?}"
    );
}

#[tokio::test]
async fn bots_are_not_talked_to() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let bot = json!({"id": 99, "is_bot": true, "first_name": "Echo"});
    let chat = json!({"id": 99, "type": "private"});
    stage.fake.raw_update(
        json!({"message": {"message_id": 1, "date": 1, "from": bot, "chat": chat, "text": "beep"}}),
    );
    ada.says("hello");
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.desk.accepted()[0].text, "hello");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn who_blocks_the_bot_is_known_to_be_out_of_reach() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    ada.blocks();
    ada.unblocks();
    until("learnt", || stage.desk.facts().len() == 2).await;
    let address = ada.id.to_string();
    assert!(matches!(&stage.desk.facts()[0], Fact::Unreachable { address: at, .. } if *at == address));
    assert_eq!(stage.desk.facts()[1], Fact::Reachable { address });
    stage.fake.assert_clean();
}

#[tokio::test]
async fn what_the_desk_refuses_does_not_hold_up_the_rest() {
    let stage = Stage::new().await;
    stage.desk.meets([IntakeError::Refused("too strange".to_owned())]);
    let ada = stage.fake.customer("Ada");
    ada.says("refused");
    ada.says("taken");
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.desk.accepted()[0].text, "taken");
    until("acknowledged", || stage.fake.waiting() == 0).await;
    stage.fake.assert_clean();
}

#[tokio::test]
async fn the_commands_stand_in_the_menu_in_every_language() {
    let stage = Stage::new().await;
    until("registered", || stage.fake.commands(Some("de")).as_array().unwrap().len() == 3).await;
    let names = |language| {
        let commands = stage.fake.commands(language);
        commands
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["command"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["start", "help", "human"]);
    assert_eq!(stage.fake.commands(Some("de"))[2]["description"], "command-human (de)");
    stage.fake.assert_clean();
}
