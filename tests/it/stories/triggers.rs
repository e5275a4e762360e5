//! What sets the desk off beside messages.

use super::calls::ada;
use crate::support::world::{Person, World, shipped};
use channels::{Attachment, Channel, Inbound};
use deskhand::domain::conversation::State;
use deskhand::domain::customer::Customer;
use deskhand::domain::event::Event;
use deskhand::domain::ids::CustomerId;
use deskhand::inbox::Arrival;
use deskhand::ports::storage::FiringFilter;
use insta::assert_snapshot;
use serde_json::{Value, json};

const HELLO: &str = "How do I export a project to CSV?";

async fn fires(world: &World, trigger: &str, occurrence: &str, event: Value) -> bool {
    let book = world.library.current();
    let event = book.triggers[trigger].takes(event).unwrap();
    let fresh =
        world.ledger.storage.put_firing(trigger, occurrence, &event, world.ledger.now()).await.unwrap();
    world.ledger.hub.triggers.notify_one();
    world.settles().await;
    fresh
}

fn failed(email: &str) -> Value {
    json!({"type": "invoice.payment_failed", "data": {"invoice": "HB-20418", "email": email, "amount": 49.0, "currency": "EUR"}})
}

async fn outcome(world: &World) -> String {
    let page =
        world.ledger.storage.firings(&FiringFilter { limit: 1, ..FiringFilter::default() }).await.unwrap();
    page.items[0].outcome.clone().unwrap()
}

#[tokio::test]
async fn a_failed_payment_enriches_the_conversation_and_the_customer_hears_once_it_is_paid() {
    let world = World::new().await;
    let ada = ada(&world).await;
    ada.says(HELLO).await;
    ada.hears().await;
    assert!(fires(&world, "invoice-payment-failed", "evt_1", failed("Ada@Example.com")).await);
    assert_snapshot!(ada.hears().await, @"bot: The payment of invoice HB-20418 (49.0 EUR) did not go through. Nothing is blocked yet. Please look at your payment method under Settings, Billing; we try again on our own, and I'll tell you here once it has worked.");
    // The billing system says it again: once is enough.
    assert!(!fires(&world, "invoice-payment-failed", "evt_1", failed("ada@example.com")).await);
    assert_eq!(ada.hears().await, "");
    assert!(ada.talk().await.tags.contains(&"payment-failed".to_owned()));
    assert_eq!(outcome(&world).await, "In 1 conversation.");
    world.wait(60 * 24);
    fires(&world, "invoice-paid", "evt_2", json!({"data": {"invoice": "HB-20418"}})).await;
    assert_snapshot!(ada.hears().await, @"bot: Good news: invoice HB-20418 is paid. There is nothing left to do.");
    assert!(ada.talk().await.run.is_none());
}

#[tokio::test]
async fn a_settled_customer_is_written_to_where_they_were_last_reached() {
    let world = World::new().await;
    let ada = ada(&world).await;
    ada.says(HELLO).await;
    let first = ada.talk().await.id;
    world.wait(60 * 25);
    world.settles().await;
    assert!(matches!(ada.talk().await.state, State::Resolved { .. }));
    // Past the time within which a matter is opened again.
    world.wait(60 * 24 * 10);
    fires(&world, "invoice-payment-failed", "evt_1", failed("ada@example.com")).await;
    let talk = ada.talk().await;
    assert_ne!(talk.id, first, "a new conversation");
    assert_eq!(talk.state, State::Bot);
    assert!(ada.hears().await.contains("HB-20418"));
    assert!(talk.context.is_some(), "what is known of the customer was asked");
    // The same event again, by another process: nothing more.
    let seq = talk.seq;
    fires(&world, "invoice-payment-failed", "evt_1", failed("ada@example.com")).await;
    assert_eq!(ada.talk().await.seq, seq);
}

#[tokio::test]
async fn an_address_that_somebody_only_claims_leads_to_nobody() {
    let world = World::new().await;
    let stranger = world.visitor().await;
    let claims = Customer {
        id: CustomerId(stranger.id),
        name: None,
        email: Some("ada@example.com".to_owned()),
        verified: false,
        external: None,
        locale: None,
    };
    world.ledger.storage.put_customer(claims, world.ledger.now()).await.unwrap();
    stranger.says(HELLO).await;
    stranger.hears().await;
    fires(&world, "invoice-payment-failed", "evt_1", failed("ada@example.com")).await;
    assert_eq!(stranger.hears().await, "");
    assert_eq!(outcome(&world).await, "Nobody was found whose matter it is.");
}

#[tokio::test]
async fn a_human_who_has_the_conversation_is_not_spoken_over() {
    let world = World::new().await;
    let ada = ada(&world).await;
    ada.says("I want to talk to a human").await;
    world.agent("Ben").takes_over(&ada).await.unwrap();
    ada.hears().await;
    fires(&world, "invoice-payment-failed", "evt_1", failed("ada@example.com")).await;
    assert_eq!(ada.hears().await, "");
    let log = world.log(ada.talk().await.id).await;
    let noted = log.iter().any(|entry| {
        matches!(&entry.event, Event::Occurred { name, about, .. } if name == "invoice.payment_failed" && about == "HB-20418")
    });
    assert!(noted, "the agent reads of it");
    assert!(ada.talk().await.run.is_none());
}

#[tokio::test]
async fn a_hostile_event_is_data() {
    let world = World::new().await;
    let ada = ada(&world).await;
    ada.says(HELLO).await;
    ada.hears().await;
    let nasty = json!({"type": "invoice.payment_failed", "data": {
        "invoice": "{{ desk.name }}{% raw %}", "email": "ada@example.com", "currency": "\u{202e}$\u{0}", "amount": 1e300,
        "more": {"deep": ["x".repeat(100_000)]}}});
    fires(&world, "invoice-payment-failed", "evt_1", nasty).await;
    let heard = ada.hears().await;
    assert!(heard.is_empty() || heard.contains("{{ desk.name }}{% raw %}"), "{heard}");
    let snapshot = serde_json::to_string(&ada.talk().await).unwrap();
    assert!(snapshot.len() < 60_000, "{}", snapshot.len());
}

#[tokio::test]
async fn a_schedule_fires_once_and_makes_up_for_one_missed_moment() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    visitor.says("I want to talk to a human").await;
    world.desk.triggers.round().await.unwrap();
    let waiting = |world: &World| {
        let told = world.notifier.told.lock().unwrap();
        told.iter().filter(|notice| notice.text.starts_with("Waiting for more than a day")).count()
    };
    // From Wednesday ten o'clock to Friday half past nine: two moments passed, the last one counts.
    world.wait(60 * 47 + 30);
    world.settles().await;
    for _ in 0..3 {
        let (one, two) = tokio::join!(world.desk.triggers.round(), world.desk.triggers.round());
        one.unwrap();
        two.unwrap();
        world.settles().await;
    }
    assert_eq!(waiting(&world), 1);
    assert!(visitor.talk().await.tags.contains(&"waiting-long".to_owned()));
    // Nothing on Saturday and Sunday.
    world.wait(60 * 48);
    world.desk.triggers.round().await.unwrap();
    world.settles().await;
    assert_eq!(waiting(&world), 1);
}

const PHOTO: (&str, &str) = (
    "policies/triggers/screenshot.yaml",
    r#"
id: screenshot
name: A screenshot
description: A picture without a word is about a bug.
on: {file: {types: ["image/*"], max_bytes: 1000}}
event: file.uploaded
then: {say: {en: "Thanks for {{ event.name }}. What happened there?"}, tags: [screenshot]}
"#,
);

async fn sends(world: &World, person: &Person<'_>, id: &str, media_type: &str, size: u64) {
    let address = person.id.to_string();
    let file = Attachment { id: id.into(), name: format!("{id}.png"), media_type: media_type.into(), size };
    let said = Inbound::new(Channel::Web, id.to_owned(), address.clone(), address, String::new());
    let inbound = Inbound { attachments: vec![file], ..said };
    let arrival = Arrival { inbound, customer: CustomerId(person.id), locale: None, page: None };
    world.desk.inbox.receive(&arrival).await.unwrap();
    world.settles().await;
}

#[tokio::test]
async fn a_file_of_the_right_kind_sets_a_trigger_off() {
    let world = World::with(&[PHOTO]).await;
    let visitor = world.visitor().await;
    sends(&world, &visitor, "a", "image/png", 900).await;
    assert_snapshot!(visitor.hears().await, @"bot: Thanks for a.png. What happened there?");
    assert_eq!(visitor.talk().await.tags, ["screenshot"]);
    let other = world.visitor().await;
    sends(&world, &other, "b", "image/png", 1001).await;
    assert!(matches!(other.talk().await.state, State::Queued { .. }), "too large: a human opens it");
}

const SOLVED: (&str, &str) = (
    "policies/triggers/solved.yaml",
    r#"
id: solved
name: A ticket is solved
description: Whoever has it is told.
on: {ticket: {event: ticket.solved}}
about: "{{ event.number }}"
then: {say: {en: "Your ticket {{ event.number }} is solved."}}
"#,
);

#[tokio::test]
async fn a_ticket_solved_elsewhere_sets_a_trigger_off_once() {
    let world = World::with(&[SOLVED]).await;
    let visitor = world.visitor().await;
    visitor.says("I want to talk to a human").await;
    world.wait(60 * 24);
    world.settles().await;
    let number = visitor.talk().await.tickets[0].number.clone();
    let ben = world.agent("Ben");
    ben.takes_over(&visitor).await.unwrap();
    ben.commands(&visitor, deskhand::desk::Command::Release).await.unwrap();
    visitor.hears().await;
    for _ in 0..2 {
        let data = json!({"number": number, "title": 5, "status": "closed"});
        world.desk.hand.occurred("o1", "ticket.solved", &number, &data).await.unwrap();
        world.settles().await;
    }
    assert_eq!(visitor.hears().await, format!("bot: Your ticket {number} is solved."));
}

#[tokio::test]
async fn an_agent_starts_a_playbook_and_the_bot_has_the_conversation_for_it() {
    let world = World::new().await;
    world.actions.answers(
        "invoices.find",
        json!({"found": true, "total": 40.0, "currency": "EUR", "paid_on": "2026-02-20"}),
    );
    let ada = ada(&world).await;
    ada.says("I want to talk to a human").await;
    let (ben, mia) = (world.agent("Ben"), world.agent("Mia"));
    ben.takes_over(&ada).await.unwrap();
    ada.hears().await;
    let start = |input: Value| deskhand::desk::Command::Start { trigger: "start-refund".to_owned(), input };
    assert!(mia.commands(&ada, start(json!({}))).await.is_err(), "it is Ben's");
    assert!(ben.commands(&ada, start(json!({"invoice": 7}))).await.is_err());
    assert!(ben.commands(&ada, start(json!({"invoices": "x"}))).await.is_err());
    ben.commands(&ada, start(json!({"invoice": "HB-20418"}))).await.unwrap();
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: The invoice was 40.0 EUR. How much of it is the refund about?");
    assert!(ben.commands(&ada, start(json!({}))).await.is_err(), "it is under way");
    assert_eq!(ada.talk().await.state, State::Bot);
}

#[tokio::test]
async fn an_intent_that_burns_its_error_budget_is_demoted_until_an_admin_lifts_it() {
    let path = "policies/intents/export-data.yaml";
    let budget = "risk: low\nerror_budget: {failures: 0.2, of_at_least: 3, within: 7d, demote_to: suggest}";
    let text = crate::support::world::shipped_but(path, &[("risk: low", budget)]);
    let world = World::with(&[(path, &text)]).await;
    let demoted = |world: &World| {
        let (ledger, library) = (world.ledger.clone(), world.library.clone());
        async move { deskhand::watchdog::budgets(&ledger, &library).await.unwrap() }
    };
    for round in 0..3 {
        let visitor = world.visitor().await;
        visitor.says(HELLO).await;
        if round > 0 {
            visitor.presses("answer:no").await;
        }
        if round < 2 {
            assert_eq!(demoted(&world).await, 0, "too few to conclude from");
        }
    }
    assert_eq!(demoted(&world).await, 1);
    assert_eq!(demoted(&world).await, 0, "it stands already");
    let visitor = world.visitor().await;
    visitor.says(HELLO).await;
    let codes: Vec<String> = visitor.decision().await.reasons.into_iter().map(|reason| reason.code).collect();
    assert!(codes.contains(&"automation-demoted".to_owned()), "{codes:?}");
    assert!(matches!(visitor.talk().await.state, State::Queued { .. }));
    world.clock_seconds(1);
    world.ledger.storage.restore_level("export_data", "mended", "Maria", world.ledger.now()).await.unwrap();
    assert_eq!(demoted(&world).await, 0, "what was before counts no more");
    assert!(shipped().current().intents["export_data"].error_budget.is_none());
}
