//! Row A2: the ticket system is away for an hour, in every way in which one can be.

use super::support::{redmine, runs_dry, tickets, until};
use crate::support::postgres;
use crate::support::world::{World, shipped};
use deskhand::domain::event::Event;
use deskhand::domain::ticket::Priority;
use deskhand::ports::storage::{Storage, TicketChange};
use fakes::tickets::Faults;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const CUSTOMERS: usize = 12;

/// 503 and 429 on everything, links cut before and after acceptance, answers that come too late.
fn away() -> Faults {
    Faults {
        seed: 7,
        busy: 0.3,
        limited: 0.25,
        cut_before: 0.2,
        cut_after: 0.15,
        slow: 0.1,
        late: Duration::from_millis(600),
        ..Faults::default()
    }
}

async fn outlasts_an_hour(storage: Arc<dyn Storage>, folder: Option<TempDir>) {
    let (fake, tracker) = redmine(away()).await;
    let world = World::beside(storage, folder, shipped(), true, Some(tracker)).await;
    let mut people = Vec::new();
    for number in 0..CUSTOMERS {
        let person = world.visitor().await;
        person.writes("I can't log in to my account").await;
        until("the bot asks for the address", async || person.talk().await.bot_turns > 0).await;
        person.writes(&format!("customer{number}@example.com")).await;
        people.push(person);
    }
    // Nobody waits for that system: each is told a number at once, which is ours where theirs is not known yet.
    for person in &people {
        until("a ticket", async || !person.talk().await.tickets.is_empty()).await;
        let ticket = person.talk().await.tickets[0].clone();
        until("its number is told", async || {
            let log = world.log(person.talk().await.id).await;
            log.iter().any(
                |entry| matches!(&entry.event, Event::Said { text, .. } if text.contains(ticket.shown()) || text.contains(&ticket.number)),
            )
        })
        .await;
    }
    // What is said of each ticket meanwhile is kept in order.
    let ours = tickets(&world).await;
    assert_eq!(ours.len(), CUSTOMERS);
    for record in &ours {
        for words in ["first", "second", "third"] {
            assert!(world.desk.ticketing.comment(record.number, "Ben", words, words).await.unwrap());
        }
        let urgent =
            TicketChange { priority: Some(Priority::Urgent), by: "Ben".into(), ..Default::default() };
        world.desk.ticketing.change(record.number, &urgent).await.unwrap();
    }
    for _ in 0..60 {
        world.wait(1);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert!(world.ledger.storage.waiting_effects().await.unwrap() > 0, "the queue was kept");
    let late = |log: &[deskhand::domain::event::Entry]| {
        log.iter().any(|entry| matches!(entry.event, Event::Delayed { .. }))
    };
    let mut told = 0;
    for person in &people {
        told += usize::from(late(&world.log(person.talk().await.id).await));
    }
    assert!(told > 0, "the conversations are told that it takes longer");

    fake.desk.will(Faults::default());
    runs_dry(&world, 10).await;
    assert_eq!(world.ledger.storage.dead_letters().await.unwrap(), 0, "an hour is no reason to give up");
    let there = fake.desk.tickets().clone();
    assert_eq!(there.len(), CUSTOMERS, "each exactly once");
    for record in tickets(&world).await {
        let outside = record.outside.expect("it stands there, too");
        let number: u64 = outside.id.parse().unwrap();
        let ticket = there.iter().find(|ticket| ticket.number == number).expect("theirs");
        let notes: Vec<String> = ticket
            .comments
            .iter()
            .map(|note| note["notes"].as_str().unwrap_or_default().to_owned())
            .collect();
        let place = |words: &str| {
            let found: Vec<usize> = (0..notes.len()).filter(|index| notes[*index].contains(words)).collect();
            assert_eq!(found.len(), 1, "{words}: {notes:?}");
            found[0]
        };
        let places = ["first", "second", "third", "urgent"].map(place);
        assert!(places.is_sorted(), "{notes:?}");
        let talk = world.ledger.conversation(record.conversation).await.unwrap().unwrap();
        assert_eq!(talk.tickets[0].outside.as_ref().map(|outside| &outside.id), Some(&outside.id));
    }
    assert!(fake.desk.violations().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_without_the_ticket_system_loses_and_doubles_nothing_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
    let storage = deskhand::store::open(&url).await.unwrap();
    outlasts_an_hour(storage, Some(folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_without_the_ticket_system_loses_and_doubles_nothing_on_postgres() {
    let Some(cluster) = postgres::shared() else { return };
    let storage = deskhand::store::open(&cluster.database().await).await.unwrap();
    outlasts_an_hour(storage, None).await;
}
