//! Customers arrive from platforms: who they are, what they send, and what the platform says of them.

use crate::support::world::World;
use channels::{Channel, Fact, File, Inbound, Intake, Phrase, Profile};
use deskhand::desk::Command;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::customer::Customer;
use deskhand::domain::ids::CustomerId;
use deskhand::ports::storage::{Session, SessionKind};
use deskhand::reception::Reception;

fn reception(world: &World) -> Reception {
    Reception::new(world.ledger.clone(), world.library.clone())
}

/// Kim writes to the bot on Telegram.
fn kim(number: u32, text: &str) -> Inbound {
    let said = Inbound::new(
        Channel::Telegram,
        number.to_string(),
        "kim".to_owned(),
        "77".to_owned(),
        text.to_owned(),
    );
    Inbound { profile: Profile { name: Some("Kim".to_owned()), locale: Some("de".to_owned()) }, ..said }
}

async fn talk(world: &World) -> Conversation {
    let current = world.desk.inbox.current(Channel::Telegram, "77").await.unwrap();
    current.expect("a conversation")
}

async fn known(world: &World) -> Customer {
    world.ledger.storage.customer_of(Channel::Telegram, "kim").await.unwrap().expect("a customer")
}

/// A verified customer of the web, who was given a code.
async fn code_of_ada(world: &World, code: &str) -> CustomerId {
    let id = CustomerId(world.ledger.ids.id());
    let ada = Customer {
        id,
        name: Some("Ada".to_owned()),
        email: Some("ada@example.com".to_owned()),
        verified: true,
        external: Some("u-1".to_owned()),
        locale: None,
    };
    let now = world.ledger.now();
    world.ledger.storage.put_customer(ada, now).await.unwrap();
    let session = Session {
        hash: Session::hash_of(code),
        kind: SessionKind::Join,
        subject: id.0,
        expires_at: now + chrono::TimeDelta::minutes(15),
        used_at: now,
    };
    world.ledger.storage.put_session(session).await.unwrap();
    id
}

#[tokio::test]
async fn a_message_is_answered_where_it_came_from_and_the_same_one_once() {
    let world = World::new().await;
    let desk = reception(&world);
    for _ in 0..3 {
        desk.accept(kim(1, "How do I export a project to CSV?")).await.unwrap();
    }
    world.settles().await;
    assert_eq!(world.courier.texts().len(), 1);
    assert_eq!(talk(&world).await.turns, 1);
    assert_eq!(known(&world).await.name.as_deref(), Some("Kim"));
    assert!(!known(&world).await.verified, "what a platform shows proves nothing");
}

#[tokio::test]
async fn a_code_from_the_website_makes_the_chat_that_customers() {
    let world = World::new().await;
    let desk = reception(&world);
    desk.accept(kim(1, "Hello")).await.unwrap();
    world.settles().await;
    let stranger = known(&world).await;
    let ada = code_of_ada(&world, "a-code").await;
    desk.accept(Inbound { link: Some("a-code".to_owned()), ..kim(2, "/start") }).await.unwrap();
    desk.accept(kim(3, "How do I export a project to CSV?")).await.unwrap();
    world.settles().await;
    assert_ne!(stranger.id, ada);
    assert_eq!(known(&world).await.id, ada);
    assert_eq!(talk(&world).await.customer, ada);
    let learned = talk(&world).await.context.unwrap().customer.unwrap();
    assert_eq!((learned.id, learned.verified), (ada, true), "the rules see who it is now");

    // The same code again, from somebody else, opens nothing.
    let mallory = Inbound::new(
        Channel::Telegram,
        "9".to_owned(),
        "mallory".to_owned(),
        "99".to_owned(),
        "/start".to_owned(),
    );
    desk.accept(Inbound { link: Some("a-code".to_owned()), ..mallory }).await.unwrap();
    let other = world.ledger.storage.customer_of(Channel::Telegram, "mallory").await.unwrap().unwrap();
    assert_ne!(other.id, ada);
}

#[tokio::test]
async fn a_code_that_has_expired_joins_nobody() {
    let world = World::new().await;
    let ada = code_of_ada(&world, "a-code").await;
    world.clock_seconds(16 * 60);
    reception(&world).accept(Inbound { link: Some("a-code".to_owned()), ..kim(1, "/start") }).await.unwrap();
    assert_ne!(known(&world).await.id, ada);
    world.settles().await;
    assert!(world.courier.texts().iter().any(|text| text.contains("Code")), "{:?}", world.courier.texts());
}

#[tokio::test]
async fn a_link_from_somebody_unknown_takes_nobodys_proof_away() {
    let world = World::new().await;
    let desk = reception(&world);
    let ada = code_of_ada(&world, "a-code").await;
    desk.accept(Inbound { link: Some("a-code".to_owned()), ..kim(1, "/start") }).await.unwrap();
    let now = world.ledger.now();
    let mallory = CustomerId(world.ledger.ids.id());
    let nobody =
        Customer { id: mallory, name: None, email: None, verified: false, external: None, locale: None };
    world.ledger.storage.put_customer(nobody, now).await.unwrap();
    let session = Session {
        hash: Session::hash_of("a-trap"),
        kind: SessionKind::Join,
        subject: mallory.0,
        expires_at: now + chrono::TimeDelta::minutes(15),
        used_at: now,
    };
    world.ledger.storage.put_session(session).await.unwrap();
    desk.accept(Inbound { link: Some("a-trap".to_owned()), ..kim(2, "/start") }).await.unwrap();
    assert_eq!(known(&world).await.id, ada);
}

#[tokio::test]
async fn a_name_is_never_taken_for_an_identity() {
    let world = World::new().await;
    let ada = code_of_ada(&world, "unused").await;
    let claims = Profile { name: Some("Ada".to_owned()), locale: None };
    reception(&world).accept(Inbound { profile: claims, ..kim(1, "I am ada@example.com") }).await.unwrap();
    world.settles().await;
    assert_ne!(known(&world).await.id, ada);
    assert!(talk(&world).await.context.is_none_or(|context| context.account.is_none()));
}

#[tokio::test]
async fn after_a_resolution_stars_are_asked_for_and_taken_there() {
    let world = World::new().await;
    let desk = reception(&world);
    desk.accept(kim(1, "/human")).await.unwrap();
    world.settles().await;
    assert_eq!(talk(&world).await.state.name(), "queued");
    let ben = world.agent("Ben");
    let id = talk(&world).await.id;
    world.desk.hand.act(id, &ben.who, &Command::Resolve).await.unwrap();
    world.settles().await;
    let asked = world.courier.accepted.lock().unwrap().last().cloned().unwrap();
    assert_eq!(asked.choices.len(), 5);
    let press = Inbound { choice: Some(asked.choices[3].id.clone()), ..kim(2, &asked.choices[3].label) };
    desk.accept(press.clone()).await.unwrap();
    desk.accept(press).await.unwrap();
    let talk = talk(&world).await;
    assert_eq!((talk.rating, talk.state.name()), (Some(4), "resolved"), "stars do not open it again");
    let log = world.log(talk.id).await;
    let rated = |entry: &&deskhand::domain::event::Entry| {
        matches!(entry.event, deskhand::domain::event::Event::Rated { .. })
    };
    assert_eq!(log.iter().filter(rated).count(), 1);
}

#[tokio::test]
async fn start_and_help_say_what_this_is() {
    let world = World::new().await;
    let desk = reception(&world);
    desk.accept(kim(1, "/start")).await.unwrap();
    world.settles().await;
    desk.accept(kim(2, "/help")).await.unwrap();
    world.settles().await;
    let texts = world.courier.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("Ich bin der Assistent"), "in Kim's language: {texts:?}");
    assert!(texts[0].contains(&texts[1]), "the greeting says it all once: {texts:?}");
}

#[tokio::test]
async fn a_file_is_kept_and_never_called_what_a_browser_would_run() {
    let world = World::new().await;
    let desk = reception(&world);
    let file = |name: &str, content: &[u8]| File {
        channel: Channel::Telegram,
        sender: "kim".to_owned(),
        name: name.to_owned(),
        content: content.to_vec(),
    };
    let page = desk.keep(file("../x.html", b"<html><script>alert(1)</script>")).await.unwrap();
    assert_eq!((page.name.as_str(), page.media_type.as_str()), ("x.html", "application/octet-stream"));
    let picture = desk.keep(file("photo", b"\x89PNG\r\n\x1a\n0000")).await.unwrap();
    assert_eq!((picture.name.as_str(), picture.media_type.as_str()), ("photo.png", "image/png"));
    desk.accept(Inbound { attachments: vec![picture.clone()], ..kim(1, "") }).await.unwrap();
    world.settles().await;
    assert_eq!(talk(&world).await.state.name(), "queued", "files without a word are for a person");
    let kept = world.ledger.storage.upload(picture.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(kept.customer, known(&world).await.id);
}

#[tokio::test]
async fn what_a_platform_says_of_a_group_is_true_of_everybody_in_it() {
    let world = World::new().await;
    let desk = reception(&world);
    let in_group = |sender: &str, number: u32| {
        let address = format!("-5:{sender}");
        let text = "How do I export a project to CSV?".to_owned();
        Inbound::new(Channel::Telegram, number.to_string(), sender.to_owned(), address, text)
    };
    desk.accept(in_group("kim", 1)).await.unwrap();
    desk.accept(in_group("lee", 2)).await.unwrap();
    world.settles().await;
    desk.learn(Channel::Telegram, Fact::Moved { from: "-5".to_owned(), to: "-1005".to_owned() })
        .await
        .unwrap();
    for sender in ["kim", "lee"] {
        let address = format!("-1005:{sender}");
        let moved = world.desk.inbox.current(Channel::Telegram, &address).await.unwrap().unwrap();
        assert_eq!(moved.address, address);
    }
    let cause = "the bot was removed from the group".to_owned();
    desk.learn(Channel::Telegram, Fact::Unreachable { address: "-1005".to_owned(), cause }).await.unwrap();
    let lee = world.desk.inbox.current(Channel::Telegram, "-1005:lee").await.unwrap().unwrap();
    assert!(lee.unreachable.is_some());
}

#[tokio::test]
async fn every_sentence_that_platforms_need_is_there_in_every_language_of_the_starter_desk() {
    let world = World::asleep().await;
    let desk = reception(&world);
    for language in desk.languages() {
        for phrase in Phrase::ALL {
            let said = desk.phrase(phrase, Some(&language));
            assert!(
                !said.is_empty() && said != world.library.current().desk.name,
                "{phrase:?} in {language}"
            );
            if phrase.id().starts_with("command") {
                assert!(said.chars().count() <= 100, "{said}");
            }
        }
    }
}
