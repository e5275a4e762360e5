//! What calls to language models have cost outlives the process.

use super::desk::{Desk, at};
use super::on_both;
use channels::Channel;
use deskhand::domain::consult::{Consultation, Consulted};
use deskhand::domain::event::Event;
use deskhand::domain::release::ReleaseId;
use deskhand::ports::storage::{Commit, Spent};
use model::{Step, Usage};
use serde_json::json;

on_both!(the_books_hold_what_stands_in_logs_and_what_does_not, nobody_knows_what_a_dead_call_cost);

fn asked() -> Event {
    let question = Consultation {
        message: 2,
        step: Step::Classify,
        until: at(900),
        about: Vec::new(),
        release: ReleaseId("r".into()),
        reading: None,
    };
    Event::ModelAsked { question: Box::new(question) }
}

fn answered(asked: i64, cost_micros: u64) -> Event {
    let answer = Consulted {
        server: "s".into(),
        model: "m".into(),
        prompt: "p".into(),
        usage: Usage { input: 10, output: 5, estimated: false },
        cost_micros,
        calls: 1,
        latency_ms: 1,
        body: json!({}),
    };
    Event::ModelAnswered { asked, answer: Box::new(answer) }
}

async fn the_books_hold_what_stands_in_logs_and_what_does_not(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let place = talk.seq + 1;
    let talk_after = {
        let commit = Commit::onto(&talk, at(10), vec![asked()]);
        let after = commit.after.clone();
        desk.store.commit(commit).await.unwrap();
        after
    };
    desk.store.commit(Commit::onto(&talk_after, at(11), vec![answered(place, 70)])).await.unwrap();
    let spent = Spent {
        id: "a draft".into(),
        conversation: talk.id,
        customer: talk.customer,
        step: Step::Suggest,
        at: at(20),
        micros: 30,
        tokens: 3,
    };
    desk.store.spend(&spent).await.unwrap();
    desk.store.spend(&spent).await.unwrap();
    let desk = desk.reopened().await;
    let books = desk.store.spending(at(0), at(15)).await.unwrap();
    let shown: Vec<_> = books.iter().map(|one| (one.today, one.micros, one.tokens, one.unknown)).collect();
    assert_eq!(shown, [(false, 70, 15, 0), (true, 30, 3, 0)]);
    assert_eq!(books[0].conversation, talk.id.to_string());
    assert_eq!(books[0].customer, talk.customer.to_string());
    assert_eq!(desk.store.spending(at(50), at(50)).await.unwrap(), []);
}

async fn nobody_knows_what_a_dead_call_cost(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    desk.store.commit(Commit::onto(&talk, at(10), vec![asked()])).await.unwrap();
    let desk = desk.reopened().await;
    let books = desk.store.spending(at(0), at(0)).await.unwrap();
    assert_eq!((books[0].micros, books[0].unknown), (0, 1));
}
