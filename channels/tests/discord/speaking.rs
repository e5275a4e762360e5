//! What the bot says, and how it looks.

use crate::support::{World, choices, message};
use channels::{Channel, Choice, Citation, Courier as _, DeliveryError};
use fakes::discord::{Fault, Trouble};

#[tokio::test]
async fn a_message_is_shown_once_however_often_it_is_sent() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let told = message("0190e7b1-8c2f-7000-8000-000000000001", ada.direct, "Hello Ada");
    let first = world.bot.deliver(&told, 0).await.unwrap();
    let again = world.bot.deliver(&told, 0).await.unwrap();
    assert_eq!((first.external_id == again.external_id, first.more), (true, false));
    // Accepted, and the link cut before the answer.
    let second = message("0190e7b1-8c2f-7000-8000-000000000002", ada.direct, "Are you there?");
    world.fake.order(Fault::on("POST", "/messages", Trouble::CutAfter).times(2));
    world.fake.order(Fault::on("POST", "/messages", Trouble::Refuse(502, 0)).times(1));
    assert!(matches!(world.bot.deliver(&second, 0).await, Err(DeliveryError::Retry { .. })));
    world.send(&second).await.unwrap();
    let heard: Vec<_> = ada.hears().into_iter().map(|shown| shown.content).collect();
    assert_eq!(heard, ["Hello Ada", "Are you there?"]);
    assert!(world.bot.repeats_safely() && world.bot.channel() == Channel::Discord);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_long_message_comes_in_parts_with_the_buttons_below_the_last() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let mut told = message("long", ada.direct, &"Long words in a row. ".repeat(250));
    told.choices = choices(2);
    world.send(&told).await.unwrap();
    let heard = ada.hears();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|shown| shown.content.chars().count() <= 2_000));
    assert!(heard[..2].iter().all(|shown| shown.components.as_array().unwrap().is_empty()));
    assert_eq!(heard[2].components[0]["components"].as_array().unwrap().len(), 2);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn nobody_is_pinged_by_what_somebody_wrote() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let tricks = [
        "@everyone look",
        "@here now",
        "<@1> <@!2> <@&3>",
        "\\<@4>",
        "`<@5>`",
        "<@\u{200b}6>",
        "<\\@7>",
        "[x](https://a.example/@everyone)",
        "https://a.example/<@8>",
    ];
    for (n, trick) in tricks.iter().enumerate() {
        let mut told = message(&format!("trick{n}"), ada.direct, trick);
        told.author = trick.to_string();
        told.choices = vec![Choice { id: "a".into(), label: (*trick).into() }];
        told.citations = vec![Citation {
            article: "a".into(),
            title: (*trick).into(),
            url: Some(format!("https://a.example/{trick}")),
        }];
        world.send(&told).await.unwrap();
    }
    let journal = world.fake.journal();
    assert_eq!(journal.shown.len(), tricks.len());
    assert!(journal.shown.iter().all(|shown| shown.pings.is_empty()), "{:?}", journal.shown);
    for sent in journal.requests.iter().filter(|request| request.route.ends_with("/messages")) {
        let allowed = &sent.body.as_ref().unwrap()["allowed_mentions"];
        assert_eq!(allowed["parse"], serde_json::json!([]));
    }
    journal.assert_clean();
}

#[tokio::test]
async fn an_answer_refers_to_the_message_it_answers_where_it_still_stands() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    let thread = ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    let asked = ada.says_in(thread, "and this?");
    for (key, answers) in [("one", asked.to_string()), ("two", "1".into()), ("three", "i/7".into())] {
        let mut told = message(key, thread, key);
        told.answers = Some(answers);
        world.send(&told).await.unwrap();
    }
    let heard: Vec<_> = ada.hears_in(thread).into_iter().map(|shown| shown.answers).collect();
    assert_eq!(heard, [Some(asked), None, None]);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart_from_what_goes_wrong_for_now() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    let thread = ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    let unreachable = |result| matches!(result, Err(DeliveryError::Unreachable { .. }));
    ada.blocks(true);
    assert!(unreachable(world.bot.deliver(&message("a", ada.direct, "x"), 0).await), "blocked");
    world.fake.archive(thread, false);
    world.bot.deliver(&message("b", thread, "out of the archive"), 0).await.unwrap();
    world.fake.archive(thread, true);
    assert!(unreachable(world.bot.deliver(&message("c", thread, "x"), 0).await), "locked");
    world.fake.delete_channel(thread);
    assert!(unreachable(world.bot.deliver(&message("d", thread, "x"), 0).await), "deleted");
    world.fake.close_channel(help, true);
    assert!(unreachable(world.bot.deliver(&message("e", help, "x"), 0).await), "closed");
    world.fake.order(Fault::on("POST", "/messages", Trouble::Refuse(500, 0)).times(1));
    ada.blocks(false);
    assert!(matches!(
        world.bot.deliver(&message("f", ada.direct, "x"), 0).await,
        Err(DeliveryError::Retry { .. })
    ));
    assert!(matches!(world.bot.deliver(&message("g", 0, "x"), 0).await, Err(DeliveryError::GiveUp { .. })));
    world.fake.revoke(true);
    assert!(matches!(
        world.bot.deliver(&message("h", ada.direct, "x"), 0).await,
        Err(DeliveryError::Retry { .. })
    ));
    let health = format!("{:?}", world.bot.health().borrow());
    assert!(health.contains("token") && !health.contains(world.fake.token()), "{health}");
}

#[tokio::test]
async fn typing_is_shown() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    world.bot.typing(&ada.direct.to_string()).await;
    assert_eq!(world.fake.typed(ada.direct), 1);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn the_token_is_never_printed() {
    let world = World::new().await;
    let printed = format!("{:?} {:?} {:?}", world.bot, world.settings, world.bot.examine().await);
    assert!(!printed.contains(world.fake.token()), "{printed}");
}
