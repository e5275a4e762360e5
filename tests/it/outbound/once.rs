//! Row A1 with the desk itself in the loop: the real binary opens tickets in a Redmine that cuts one link in five after it
//! has accepted, while the binary is killed again and again. `A1_TICKETS=500` makes it the row's own size.

use crate::chaos::until_answered;
use crate::support::postgres;
use crate::support::process::{Killer, Place};
use fakes::tickets::{Faults, SECRET, TicketFake, Vendor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KILLS: usize = 10;

async fn needs_a_ticket(client: &reqwest::Client, place: &Place, number: usize) {
    let session =
        until_answered(client, |client| client.post(place.url("/chat/v1/sessions")).json(&json!({}))).await;
    let token = session["token"].as_str().unwrap().to_owned();
    let words = ["I can't log in to my account".to_owned(), format!("customer{number}@example.com")];
    for (message, text) in words.iter().enumerate() {
        let body = json!({"id": format!("m{message}"), "text": text});
        until_answered(client, |client| {
            client.post(place.url("/chat/v1/messages")).bearer_auth(&token).json(&body)
        })
        .await;
        // The question is asked before it is answered.
        loop {
            let page = until_answered(client, |client| {
                client.get(place.url("/chat/v1/events?after=0&wait=1")).bearer_auth(&token)
            })
            .await;
            let said =
                page["events"].as_array().unwrap().iter().filter(|event| event["from"] == "bot").count();
            if said > message {
                break;
            }
        }
    }
}

async fn listed(client: &reqwest::Client, place: &Place) -> Vec<Value> {
    let cookie = place.signs_in(client).await;
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/tickets?limit=200{cursor}");
        let page =
            until_answered(client, |client| client.get(place.url(&path)).header("cookie", &cookie)).await;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn exactly_once(database: Option<String>) {
    deskhand::app::install_tls();
    let size = std::env::var("A1_TICKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let seed = rand::rng().random();
    println!("seed {seed}");
    let faults = Faults { seed, cut_after: 0.2, ..Faults::default() };
    let fake = TicketFake::start(Vendor::Redmine, faults).await.unwrap();
    let mut place = Place::new(database);
    place.env = [
        ("DESKHAND_TICKETS__SYSTEM", "redmine"),
        ("DESKHAND_TICKETS__BASE_URL", &fake.base()),
        ("DESKHAND_TICKETS__TOKEN", SECRET),
        ("DESKHAND_TICKETS__PROJECT", "desk"),
        ("DESKHAND_TICKETS__KEY_FIELD", "7"),
        ("DESKHAND_TICKETS__SETTLE_SECONDS", "1"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    place.agent();
    let place = Arc::new(place);
    let plan = vec![None; KILLS];
    let killer = Killer::begin(&place, plan, StdRng::seed_from_u64(seed), Duration::from_millis(1500));
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let customers = (0..size).map(|number| {
        let (client, place) = (client.clone(), place.clone());
        async move { needs_a_ticket(&client, &place, number).await }
    });
    let mut customers = futures::StreamExt::buffer_unordered(futures::stream::iter(customers), 8);
    while futures::StreamExt::next(&mut customers).await.is_some() {}
    while killer.deaths() < KILLS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    place.answering().await;
    let deadline = Instant::now() + Duration::from_secs(120);
    let ours = loop {
        let ours = listed(&client, &place).await;
        if ours.iter().all(|ticket| ticket["outside"]["number"].is_string()) || Instant::now() > deadline {
            break ours;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let theirs: BTreeSet<String> =
        ours.iter().filter_map(|ticket| ticket["outside"]["number"].as_str().map(str::to_owned)).collect();
    println!(
        "{size} customers, {} links cut after acceptance, {} deaths: {} tickets here, {} there, {} of them known here",
        fake.desk.cuts(),
        killer.deaths(),
        ours.len(),
        fake.desk.tickets().len(),
        theirs.len()
    );
    assert_eq!((ours.len(), fake.desk.tickets().len(), theirs.len()), (size, size, size), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ticket_is_opened_once_on_sqlite() {
    exactly_once(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ticket_is_opened_once_on_postgres() {
    let Some(cluster) = postgres::shared() else { return };
    exactly_once(Some(cluster.database().await)).await;
}
