//! A human takes over: at once, one only, and the bot is mute.

use crate::support::world::World;
use deskhand::desk::{Command, Refusal};
use deskhand::domain::conversation::State;
use deskhand::domain::event::{Author, Event};
use deskhand::hand::HandError;
use insta::assert_snapshot;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn two_reach_for_it_and_one_gets_it() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    visitor.says("I want to talk to a human").await;
    visitor.hears().await;
    let (ben, mia) = (world.agent("Ben"), world.agent("Mia"));
    let (first, second) = tokio::join!(ben.takes_over(&visitor), mia.takes_over(&visitor));
    let refused = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert!(
        matches!(&refused[0], HandError::Refused(Refusal::Taken(name)) if name == "Ben" || name == "Mia")
    );
    let heard = visitor.hears().await;
    assert_eq!(heard.lines().filter(|line| line.starts_with("desk:")).count(), 1, "{heard}");
}

#[tokio::test]
async fn a_turn_under_way_says_nothing_once_a_human_is_there() {
    let world = World::new().await;
    world.directory.slow_ms.store(400, Ordering::SeqCst);
    let account = deskhand::domain::customer::Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Default::default()
    };
    let ada = world.verified(account).await;
    ada.writes("How do I export a project to CSV?").await;
    // The turn is waiting for the directory now.
    while world.directory.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    world.agent("Ben").takes_over(&ada).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let log = world.log(ada.talk().await.id).await;
    let by_bot = log.iter().any(|entry| matches!(&entry.event, Event::Said { author: Author::Bot, .. }));
    assert!(!by_bot, "the bot spoke after a human had taken over");
    assert!(!log.iter().any(|entry| matches!(&entry.event, Event::Decided { .. })));
}

#[tokio::test]
async fn a_message_of_the_bot_that_has_not_gone_out_yet_is_dropped() {
    let world = World::new().await;
    let visitor = world.on_telegram().await;
    world.courier.will(crate::support::outside::DeliveryFault::FloodWait(60));
    visitor.writes("How do I export a project to CSV?").await;
    while visitor.talk().await.decision.is_none() || !world.courier.faults.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.agent("Ben").takes_over(&visitor).await.unwrap();
    world.wait(2);
    world.settles().await;
    let texts = world.courier.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("Ben"), "only the word that Ben is there went out: {texts:?}");
}

#[tokio::test]
async fn a_human_answers_hands_back_and_settles() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let ben = world.agent("Ben");
    visitor.says("I want to talk to a human").await;
    assert_eq!(ben.says(&visitor, "too soon").await, Err(HandError::Refused(Refusal::NotYours)));
    ben.takes_over(&visitor).await.unwrap();
    visitor.hears().await;
    visitor.says("How do I export a project to CSV?").await;
    assert_eq!(visitor.hears().await, "", "the bot is mute");
    ben.says(&visitor, "I will show you.").await.unwrap();
    ben.commands(&visitor, Command::Note { client_id: "n1".to_owned(), text: "knows CSV".to_owned() })
        .await
        .unwrap();
    assert_snapshot!(visitor.hears().await, @"Ben: I will show you.");
    ben.commands(&visitor, Command::Release).await.unwrap();
    visitor.hears().await;
    visitor.says("And how do I invite a colleague?").await;
    assert!(visitor.hears().await.starts_with("bot: "));
    assert_eq!(ben.commands(&visitor, Command::Resolve).await, Ok(()));
    assert!(matches!(visitor.talk().await.state, State::Resolved { .. }));
    assert_eq!(ben.commands(&visitor, Command::Resolve).await, Err(HandError::Refused(Refusal::Already)));
}

#[tokio::test]
async fn the_same_message_of_an_agent_is_said_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let ben = world.agent("Ben");
    visitor.says("I want to talk to a human").await;
    ben.takes_over(&visitor).await.unwrap();
    visitor.hears().await;
    let say = Command::Say { client_id: "x1".to_owned(), text: "Hello!".to_owned() };
    for _ in 0..3 {
        ben.commands(&visitor, say.clone()).await.unwrap();
    }
    assert_eq!(visitor.hears().await, "Ben: Hello!");
}

#[tokio::test]
async fn a_conversation_can_be_passed_to_another_team() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let ben = world.agent("Ben");
    visitor.says("I want to talk to a human").await;
    ben.takes_over(&visitor).await.unwrap();
    let nowhere = Command::HandOff { team: "nowhere".to_owned(), note: None };
    assert!(matches!(ben.commands(&visitor, nowhere).await, Err(HandError::Refused(Refusal::NoSuchTeam(_)))));
    let to_billing =
        Command::HandOff { team: "billing".to_owned(), note: Some("about an invoice".to_owned()) };
    ben.commands(&visitor, to_billing).await.unwrap();
    let talk = visitor.talk().await;
    assert_eq!((talk.state.name(), talk.team.as_deref()), ("queued", Some("billing")));
}
