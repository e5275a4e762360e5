//! A customer shows who they are by a code from their e-mail. The code goes to the address of the account and nowhere
//! else, works once and not for long, and is never written down.

use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::domain::code::{DIGITS, HIDDEN};
use deskhand::domain::customer::{Account, Customer};
use deskhand::domain::event::Event;
use deskhand::domain::ids::CustomerId;
use deskhand::ports::MailError;
use insta::assert_snapshot;
use serde_json::json;
use std::sync::atomic::Ordering;

/// Pays back whoever shows that the order is theirs.
const STEPS: &str = r#"
  - ask: {slot: email, kind: email, text: {en: "Which address is your account under?"}}
  - verify:
      email: "{{ slots.email }}"
      otherwise:
        - reply: {text: {en: "Then a colleague helps you."}}
        - hand_off: {reason: "Not verified: {{ failure.cause }}"}
  - call: {action: shop.refund, with: {number: "HB-1", amount: 5}, into: refund}
  - reply: {text: {en: "Done for {{ customer.name }}: {{ refund.id }}."}}
"#;

const WISH: &str = "I forgot to cancel before the renewal, can I still get a refund?";

fn ada() -> Account {
    Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        tier: "team".to_owned(),
        ..Account::default()
    }
}

async fn desk() -> World {
    let world = shop::desk(STEPS, "auto", true).await;
    world.directory.add(ada());
    world
}

/// Asks for money back and names an account.
async fn claims(person: &Person<'_>, email: &str) {
    person.says(WISH).await;
    person.says(email).await;
}

/// The digits in the newest letter.
fn newest_code(world: &World) -> String {
    let letters = world.mailer.sent.lock().unwrap();
    let text = &letters.last().expect("a letter").text;
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|word| word.len() == DIGITS)
        .expect("a code")
        .to_owned()
}

/// Everything kept of a conversation, as text.
async fn all_that_is_kept(world: &World, person: &Person<'_>) -> String {
    let talk = person.talk().await;
    let log = world.log(talk.id).await;
    serde_json::to_string(&log).unwrap() + &serde_json::to_string(&talk).unwrap()
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_stranger_becomes_who_they_are_and_the_code_is_never_written_down() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "Ada@Example.com").await;
    assert_snapshot!(person.hears().await, @r"
    bot: Which address is your account under?
    bot: If there is an account under that, a code is on its way to its e-mail address. Please type the code here; it works for 10 minutes. [Send another code] [I can't get a code]
    ");
    let code = newest_code(&world);
    assert_eq!(world.mailer.sent.lock().unwrap()[0].to, "ada@example.com");
    assert!(!all_that_is_kept(&world, &person).await.contains(&code), "not even before it is given");
    let (first, last) = code.split_at(3);
    person.says(&format!("it is {first} {last}, thanks")).await;
    assert_snapshot!(person.hears().await, @"bot: Done for Ada: re_1.");
    let kept = all_that_is_kept(&world, &person).await;
    assert!(!kept.contains(&code) && !kept.contains(&format!("{first} {last}")));
    assert!(kept.contains(&format!("it is {HIDDEN}, thanks")));
    let record = world.ledger.storage.customer(person.talk().await.customer).await.unwrap().unwrap();
    assert!(record.verified && record.external.as_deref() == Some("c1"));
    assert_eq!(person.talk().await.context.unwrap().account.unwrap().tier, "team");
}

#[tokio::test]
async fn nobody_learns_whether_there_is_such_an_account() {
    let world = desk().await;
    let (known, unknown) = (world.visitor().await, world.visitor().await);
    claims(&known, "ada@example.com").await;
    claims(&unknown, "eve@example.com").await;
    assert_eq!(
        world.mailer.sent.lock().unwrap().len(),
        1,
        "nothing goes to an address that was only typed in"
    );
    assert_eq!(known.hears().await, unknown.hears().await);
    let code = wrong(&newest_code(&world));
    for _ in 0..5 {
        known.says(&code).await;
        unknown.says(&code).await;
        assert_eq!(known.hears().await, unknown.hears().await);
    }
    assert_eq!(known.talk().await.state.name(), "queued");
    assert_eq!(unknown.talk().await.state.name(), "queued");
    assert_eq!(world.actions.times("shop.refund"), 0);
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_then_the_right_one_is_wrong_too() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "ada@example.com").await;
    person.hears().await;
    let code = newest_code(&world);
    person.says(&wrong(&code)).await;
    assert_snapshot!(person.hears().await, @"bot: That is not the code. 4 tries are left. [Send another code] [I can't get a code]");
    for _ in 0..4 {
        person.says(&wrong(&code)).await;
    }
    assert_snapshot!(person.hears().await, @r"
    bot: That is not the code. 3 tries are left. [Send another code] [I can't get a code]
    bot: That is not the code. 2 tries are left. [Send another code] [I can't get a code]
    bot: That is not the code. 1 try is left. [Send another code] [I can't get a code]
    bot: Then a colleague helps you.
    ");
    person.says(&code).await;
    let record = world.ledger.storage.customer(person.talk().await.customer).await.unwrap().unwrap();
    assert!(!record.verified);
    assert!(!all_that_is_kept(&world, &person).await.contains(&code), "hidden though nobody waits for it");
}

#[tokio::test]
async fn a_code_runs_out_and_a_new_one_takes_the_place_of_the_old() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "ada@example.com").await;
    let old = newest_code(&world);
    person.presses("slot:code-again").await;
    let new = newest_code(&world);
    assert_ne!(old, new);
    person.hears().await;
    person.says(&old).await;
    assert!(person.hears().await.contains("4 tries are left"), "the old one is wrong, and counts");
    world.wait(11);
    world.settles().await;
    assert_snapshot!(person.hears().await, @"bot: Then a colleague helps you.");
    person.says(&new).await;
    let record = world.ledger.storage.customer(person.talk().await.customer).await.unwrap().unwrap();
    assert!(!record.verified);
}

#[tokio::test]
async fn codes_are_asked_for_few_times_an_hour_by_one_and_for_one_account() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "ada@example.com").await;
    for _ in 0..3 {
        person.presses("slot:code-again").await;
    }
    assert_eq!(world.mailer.sent.lock().unwrap().len(), 3, "three an hour for one customer");
    assert_eq!(person.talk().await.state.name(), "queued");
    for _ in 0..4 {
        claims(&world.visitor().await, "ADA@example.com").await;
    }
    assert_eq!(world.mailer.sent.lock().unwrap().len(), 5, "five an hour for one account, whoever asks");
    world.wait(61);
    claims(&world.visitor().await, "ada@example.com").await;
    assert_eq!(world.mailer.sent.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn the_same_message_again_is_one_try_and_a_code_works_once() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "ada@example.com").await;
    let code = newest_code(&world);
    for _ in 0..3 {
        person.sends("again", &wrong(&code), None).await;
    }
    world.settles().await;
    let tries = |log: Vec<deskhand::domain::event::Entry>| {
        log.iter().filter(|entry| matches!(entry.event, Event::CodeTried { .. })).count()
    };
    assert_eq!(tries(world.log(person.talk().await.id).await), 1);
    person.says(&code).await;
    assert!(person.hears().await.contains("Done for Ada"));
    // Another customer cannot use it, and it is of no use to this one.
    let other = world.visitor().await;
    claims(&other, "ada@example.com").await;
    other.says(&code).await;
    let record = world.ledger.storage.customer(CustomerId(other.id)).await.unwrap().unwrap();
    assert!(!record.verified, "another's code opens nothing");
}

#[tokio::test]
async fn on_a_platform_the_sender_joins_the_record_that_is_theirs_already() {
    let world = desk().await;
    let known = Customer {
        id: CustomerId(world.ledger.ids.id()),
        name: Some("Ada".to_owned()),
        email: Some("ada@example.com".to_owned()),
        verified: true,
        external: Some("c1".to_owned()),
        locale: None,
    };
    world.ledger.storage.put_customer(known.clone(), world.ledger.now()).await.unwrap();
    let person = world.on_telegram().await;
    claims(&person, "ada@example.com").await;
    person.says(&newest_code(&world)).await;
    assert!(person.hears().await.contains("Done for Ada: re_1."));
    assert_eq!(person.talk().await.customer, known.id);
    let bound = world.ledger.storage.customer_of(channels::Channel::Telegram, &person.id.to_string()).await;
    assert_eq!(bound.unwrap().unwrap().id, known.id);
}

#[tokio::test]
async fn other_words_meanwhile_are_heard_and_the_code_still_counts() {
    let world = desk().await;
    let person = world.visitor().await;
    claims(&person, "ada@example.com").await;
    person.hears().await;
    person.says("how do I export my data?").await;
    assert!(person.talk().await.aside.len() == 1, "another matter is another matter");
    person.says(&newest_code(&world)).await;
    assert!(person.hears().await.contains("Done for Ada: re_1."));
    let other = world.visitor().await;
    claims(&other, "ada@example.com").await;
    other.presses("slot:code-none").await;
    assert!(other.hears().await.contains("Then a colleague helps you."));
    assert_eq!(world.actions.inputs("shop.refund").len(), 1);
    assert_eq!(world.actions.inputs("shop.refund")[0], json!({"number": "HB-1", "amount": 5}));
}

#[tokio::test]
async fn a_mail_server_or_a_directory_that_is_away_is_tried_again_and_then_a_human_goes_on() {
    let world = desk().await;
    world.mailer.faults.lock().unwrap().push_back(MailError::Retry("connection refused".to_owned()));
    let person = world.visitor().await;
    person.says(WISH).await;
    person.writes("ada@example.com").await;
    while world.mailer.sent.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        world.clock_seconds(1);
    }
    person.says(&newest_code(&world)).await;
    assert!(person.hears().await.contains("Done for Ada: re_1."));
    world.directory.away.store(true, Ordering::SeqCst);
    let other = world.visitor().await;
    other.says(WISH).await;
    other.writes("ada@example.com").await;
    while other.talk().await.state.name() == "bot" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        world.clock_seconds(5);
    }
    assert!(other.hears().await.contains("Then a colleague helps you."));
}
