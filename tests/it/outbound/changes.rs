//! What is done to a ticket here is done there, files go along, and what is written there is seen here.

use super::support::{desk, redmine, runs_dry, tickets, until};
use crate::support::world::{Person, World, library_with, shipped_but};
use channels::{Attachment, Inbound};
use deskhand::domain::event::Event;
use deskhand::domain::ids::{CustomerId, UploadId};
use deskhand::domain::ticket::{COMMENTED, Priority, TicketStatus};
use deskhand::inbox::Arrival;
use deskhand::ports::storage::{StoredUpload, TicketChange};
use fakes::tickets::{Faults, TicketFake};
use std::time::Duration;
use tempfile::TempDir;

async fn locked_out(world: &World) -> Person<'_> {
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.says("ada@example.com").await;
    until("the ticket", async || tickets(world).await.first().is_some_and(|one| one.outside.is_some())).await;
    visitor
}

fn to(status: TicketStatus) -> TicketChange {
    TicketChange { status: Some(status), by: "Ben".into(), ..TicketChange::default() }
}

fn stands(fake: &TicketFake) -> String {
    fake.desk.tickets()[0].fields["status"]["name"].as_str().unwrap().to_owned()
}

fn notes(fake: &TicketFake) -> Vec<String> {
    let comments = fake.desk.tickets()[0].comments.clone();
    comments.iter().map(|note| note["notes"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_ticket_that_is_solved_here_is_solved_there_and_nobody_hears_of_it_twice() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker.clone()).await;
    let visitor = locked_out(&world).await;
    visitor.hears().await;
    let number = tickets(&world).await[0].number;
    for (status, there) in [
        (TicketStatus::Solved, "Closed"),
        (TicketStatus::Open, "New"),
        (TicketStatus::Pending, "Feedback"),
        (TicketStatus::Solved, "Closed"),
    ] {
        world.desk.ticketing.change(number, &to(status)).await.unwrap();
        runs_dry(&world, 1).await;
        assert_eq!(stands(&fake), there);
        // What we did ourselves comes back as no news.
        world.wait(6);
        assert_eq!(world.desk.ticketing.ask(tracker.as_ref()).await.unwrap(), 0);
        assert_eq!(tickets(&world).await[0].status, status);
    }
    assert_eq!(visitor.hears().await.matches("solved").count(), 2, "as often as it was solved");
    // What a colleague does there afterwards counts.
    fake.desk.tickets()[0].fields["status"] =
        serde_json::json!({"id": 2, "name": "In Progress", "is_closed": false});
    world.desk.ticketing.change(number, &to(TicketStatus::Pending)).await.unwrap();
    runs_dry(&world, 1).await;
    assert_eq!(stands(&fake), "Feedback");
    assert_eq!(fake.desk.violations().len(), 0);
}

#[tokio::test]
async fn changes_and_comments_arrive_in_their_order_over_a_system_that_is_away() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker).await;
    locked_out(&world).await;
    let number = tickets(&world).await[0].number;
    fake.desk.will(Faults { busy: 0.5, cut_after: 0.3, seed: 7, ..Faults::default() });
    let ticketing = &world.desk.ticketing;
    ticketing.comment(number, "Ben", "c1", "one").await.unwrap();
    // Two changes of one instant are one; people are not that fast.
    world.clock_seconds(1);
    ticketing.change(number, &to(TicketStatus::Solved)).await.unwrap();
    world.clock_seconds(1);
    ticketing.comment(number, "Ben", "c2", "two").await.unwrap();
    ticketing.change(number, &to(TicketStatus::Open)).await.unwrap();
    world.clock_seconds(1);
    let urgent = TicketChange { priority: Some(Priority::Urgent), by: "Ben".into(), ..Default::default() };
    ticketing.change(number, &urgent).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.wait(5);
    fake.desk.will(Faults::default());
    runs_dry(&world, 10).await;
    assert_eq!(world.ledger.storage.dead_letters().await.unwrap(), 0);
    assert_eq!(stands(&fake), "New");
    let all = notes(&fake);
    let place = |words: &str| {
        let found: Vec<usize> = (0..all.len()).filter(|index| all[*index].contains(words)).collect();
        assert_eq!(found.len(), 1, "{words}: {all:?}");
        found[0]
    };
    assert!(["one", "to solved", "two", "to open", "to urgent"].map(place).is_sorted(), "{all:?}");
}

/// The customer reports a bug and sends files with it, kept as the widget keeps them.
async fn reports_a_bug(world: &World, files: &[(&str, &[u8])]) {
    let visitor = world.visitor().await;
    visitor.says("Hi, I want to report a bug in the calendar.").await;
    let mut attachments = Vec::new();
    for (name, bytes) in files {
        let id = UploadId(world.ledger.ids.id());
        let (name, media_type) = ((*name).to_owned(), "image/png".to_owned());
        let size = bytes.len() as u64;
        let (customer, content) = (CustomerId(visitor.id), bytes.to_vec());
        let file =
            Attachment { id: id.to_string(), name: name.clone(), media_type: media_type.clone(), size };
        let upload = StoredUpload { id, customer, name, media_type, content };
        world.ledger.storage.put_upload(upload, world.ledger.now()).await.unwrap();
        attachments.push(file);
    }
    let arrival =
        visitor.arrival("details", "I open a board, the page turns white and the app crashes", None);
    let inbound = Inbound { attachments, ..arrival.inbound };
    world.desk.inbox.receive(&Arrival { inbound, ..arrival }).await.unwrap();
    until("the ticket", async || tickets(world).await.first().is_some_and(|one| one.outside.is_some())).await;
    runs_dry(world, 1).await;
}

#[tokio::test]
async fn a_bug_report_goes_to_the_tracker_with_the_files_that_came_along() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker).await;
    reports_a_bug(&world, &[("white \"page\".png", b"\x89PNG one"), ("log.png", b"\x89PNG two")]).await;
    let held = fake.desk.tickets()[0].clone();
    let mut files: Vec<(String, Vec<u8>)> = held.files.clone();
    files.sort();
    assert_eq!(
        files,
        [
            ("log.png".to_owned(), b"\x89PNG two".to_vec()),
            ("white _page_.png".to_owned(), b"\x89PNG one".to_vec())
        ]
    );
    assert!(
        notes(&fake).iter().all(|note| note.contains("https://desk.example/console/all/")),
        "{:?}",
        notes(&fake)
    );
}

#[tokio::test]
async fn a_file_that_is_not_taken_blocks_nothing() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker).await;
    // Larger than is carried over, and one that is nowhere any more.
    reports_a_bug(&world, &[("huge.png", &vec![7; 6 * 1024 * 1024])]).await;
    assert!(fake.desk.tickets()[0].files.is_empty());
    assert!(notes(&fake)[0].contains("huge.png"), "{:?}", notes(&fake));
    let number = tickets(&world).await[0].number;
    // While files are refused, comments are not held up by them.
    world.desk.ticketing.comment(number, "Ben", "c1", "I see it, too").await.unwrap();
    runs_dry(&world, 1).await;
    assert!(notes(&fake).iter().any(|note| note.contains("I see it, too")));
    assert_eq!(world.ledger.storage.dead_letters().await.unwrap(), 0);
}

async fn remarks(world: &World, person: &Person<'_>) -> Vec<String> {
    let log = world.log(person.talk().await.id).await;
    let texts = log.iter().filter_map(|entry| match &entry.event {
        Event::Occurred { name, data, .. } if name == COMMENTED => data["text"].as_str().map(str::to_owned),
        _ => None,
    });
    texts.collect()
}

async fn asks(world: &World, tracker: &dyn deskhand::ports::Tracker) {
    world.wait(6);
    world.desk.ticketing.ask(tracker).await.unwrap();
    world.settles().await;
}

#[tokio::test]
async fn what_is_written_there_is_for_agents_and_our_own_words_do_not_come_back() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker.clone()).await;
    let visitor = locked_out(&world).await;
    visitor.hears().await;
    let number = tickets(&world).await[0].number;
    world.desk.ticketing.comment(number, "Ben", "c1", "ours").await.unwrap();
    runs_dry(&world, 1).await;
    fake.somebody_writes(1, "Jane", "<b>It is the cache</b>", false);
    fake.somebody_writes(1, "Jane", "Please try again", true);
    for _ in 0..3 {
        asks(&world, tracker.as_ref()).await;
    }
    assert_eq!(remarks(&world, &visitor).await, ["<b>It is the cache</b>", "Please try again"]);
    let heard = visitor.hears().await;
    assert!(!heard.contains("try again"), "not even what is public there, unless the team wants it: {heard}");
    let history = world.ledger.storage.ticket_history(number).await.unwrap();
    let theirs: Vec<&str> =
        history.iter().filter(|line| line.who == "Jane (redmine)").map(|line| line.what.as_str()).collect();
    assert_eq!(theirs, ["<b>It is the cache</b>", "Please try again"]);
    // What was written before a restart is not told again after it.
    assert!(notes(&fake).iter().filter(|note| note.contains("cache")).count() == 1, "no echo there either");
}

#[tokio::test]
async fn a_team_that_wants_it_has_its_customers_told_what_is_public_there() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
    let storage = deskhand::store::open(&url).await.unwrap();
    let teams = shipped_but("policies/teams.yaml", &[])
        .replace("    hours:", "    tell_ticket_comments: true\n    hours:");
    let library = library_with(&[("policies/teams.yaml", &teams)]);
    let world = World::beside(storage, Some(folder), library, true, Some(tracker.clone())).await;
    let visitor = locked_out(&world).await;
    visitor.hears().await;
    fake.somebody_writes(1, "Jane", "for us alone", false);
    fake.somebody_writes(1, "Jane", "Please try again", true);
    for _ in 0..3 {
        asks(&world, tracker.as_ref()).await;
    }
    let heard = visitor.hears().await;
    let told: Vec<&str> = heard.lines().filter(|line| line.contains("desk: #1: ")).collect();
    assert_eq!(told, ["desk: #1: Please try again"]);
    // A human who has the conversation speaks for themselves.
    world.agent("Ben").takes_over(&visitor).await.unwrap();
    visitor.hears().await;
    fake.somebody_writes(1, "Jane", "and again", true);
    asks(&world, tracker.as_ref()).await;
    assert_eq!(visitor.hears().await, "");
    assert_eq!(remarks(&world, &visitor).await.len(), 3);
}
