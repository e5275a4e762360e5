//! The real binary under `kill -9`: 200 messages from 48 customers while the process dies at every named crash
//! point and at random moments. The oracle is what the customers were told against what the log holds, and how many
//! tickets there are against how many customers needed one.

use crate::support::postgres;
use crate::support::process::{Killer, Place};
use deskhand::crash::POINTS;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Customers with a question for the articles, and how often each asks.
const ASKING: usize = 36;
const QUESTIONS: usize = 5;
/// Customers who are locked out: a question, an address, a ticket.
const LOCKED_OUT: usize = 10;
const RANDOM_KILLS: usize = 6;
/// Answered by the bot alone, each time.
const QUESTION: &str = "How do I export a project to CSV?";

/// What a customer writes, and how many answers of the bot there must be in the end: one for each message.
fn script(number: usize) -> Vec<String> {
    if number < ASKING {
        vec![QUESTION.to_owned(); QUESTIONS]
    } else {
        vec!["I can't log in to my account".to_owned(), format!("customer{number}@example.com")]
    }
}

/// Asks until there is an answer: what a widget does while its server is away.
pub(crate) async fn until_answered(
    client: &reqwest::Client,
    build: impl Fn(&reqwest::Client) -> reqwest::RequestBuilder,
) -> Value {
    loop {
        if let Ok(answer) = build(client).send().await {
            let status = answer.status();
            if status.is_success()
                && let Ok(body) = answer.json().await
            {
                return body;
            }
            assert!(status.is_server_error() || status == 429, "the server refused: {status}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Customer {
    client: reqwest::Client,
    token: String,
    acknowledged: Vec<i64>,
}

impl Customer {
    fn messages(&self) -> usize {
        self.acknowledged.len()
    }
}

/// How many deaths there must have been before a customer writes this message: so each death finds work to spoil.
fn phase(number: usize, message: usize) -> usize {
    let deaths = POINTS.len() + RANDOM_KILLS;
    if number < ASKING {
        (message * ASKING + number) * deaths / (QUESTIONS * ASKING)
    } else if message == 0 {
        0
    } else {
        (number - ASKING) % deaths
    }
}

async fn write_all(place: &Place, number: usize, killer: &Killer) -> Customer {
    let own = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(number + 1).unwrap()));
    let client =
        reqwest::Client::builder().local_address(own).timeout(Duration::from_secs(5)).build().unwrap();
    let session =
        until_answered(&client, |client| client.post(place.url("/chat/v1/sessions")).json(&json!({}))).await;
    let token = session["token"].as_str().unwrap().to_owned();
    let mut acknowledged = Vec::new();
    for (message, text) in script(number).into_iter().enumerate() {
        while killer.deaths() < phase(number, message) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let body = json!({"id": format!("m{message}"), "text": text});
        let answer = until_answered(&client, |client| {
            client.post(place.url("/chat/v1/messages")).bearer_auth(&token).json(&body)
        })
        .await;
        acknowledged.push(answer["seq"].as_i64().unwrap());
    }
    Customer { client, token, acknowledged }
}

/// The visible log of one customer, once each message has its answer.
async fn read_all(place: &Place, customer: &Customer, deadline: Instant) -> Vec<Value> {
    loop {
        let page = until_answered(&customer.client, |client| {
            client.get(place.url("/chat/v1/events?after=0&wait=0")).bearer_auth(&customer.token)
        })
        .await;
        let events = page["events"].as_array().unwrap().clone();
        let answers = events.iter().filter(|event| event["from"] == "bot").count();
        if answers >= customer.messages() || Instant::now() > deadline {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many tickets there are.
async fn tickets(place: &Place) -> usize {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let cookie = place.signs_in(&client).await;
    let page = until_answered(&client, |client| {
        client.get(place.url("/api/v1/tickets?limit=200")).header("cookie", &cookie)
    })
    .await;
    page["items"].as_array().unwrap().len()
}

async fn survives(database: Option<String>) {
    // Only the first caller installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let place = Arc::new(Place::new(database));
    place.agent();

    let mut plan: Vec<Option<String>> = POINTS
        .iter()
        .map(|point| {
            // One ticket a phase is all there is for the outbox; messages come by the dozen.
            let pass = if point.starts_with("outbox") { 1 } else { random.random_range(1..5) };
            Some(format!("{point}:{pass}"))
        })
        .collect();
    plan.extend((0..RANDOM_KILLS).map(|_| None));
    let killer = Arc::new(Killer::begin(&place, plan, random, Duration::from_millis(600)));
    let writers: Vec<_> = (0..ASKING + LOCKED_OUT)
        .map(|number| {
            let place = place.clone();
            let killer = killer.clone();
            tokio::spawn(async move { write_all(&place, number, &killer).await })
        })
        .collect();
    let mut customers = Vec::new();
    for writer in writers {
        customers.push(writer.await.unwrap());
    }
    while killer.deaths() < POINTS.len() + RANDOM_KILLS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    let (mut lost, mut doubled, mut unanswered, mut inversions) = (0, 0, 0, 0);
    for customer in &customers {
        let events = read_all(&place, customer, deadline).await;
        let written: Vec<(i64, &str)> = events
            .iter()
            .filter(|event| event["from"] == "customer")
            .map(|event| (event["seq"].as_i64().unwrap(), event["id"].as_str().unwrap()))
            .collect();
        for (message, seq) in customer.acknowledged.iter().enumerate() {
            let id = format!("m{message}");
            let found: Vec<_> = written.iter().filter(|(_, other)| *other == id).collect();
            lost += usize::from(found.is_empty());
            doubled += found.len().saturating_sub(1);
            assert!(found.iter().all(|(at, _)| at == seq), "an acknowledgement named another place");
        }
        inversions += written.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
        let answers = events.iter().filter(|event| event["from"] == "bot").count();
        unanswered += customer.messages().saturating_sub(answers);
        doubled += answers.saturating_sub(customer.messages());
    }
    let tickets = tickets(&place).await;
    println!(
        "{} messages, {} deaths ({} at their named place): {lost} lost, {doubled} doubled, {unanswered} unanswered, \
         {inversions} out of order, {tickets} tickets for {LOCKED_OUT} customers",
        customers.iter().map(Customer::messages).sum::<usize>(),
        killer.deaths(),
        killer.aborts()
    );
    assert_eq!((lost, doubled, unanswered, inversions, tickets), (0, 0, 0, 0, LOCKED_OUT), "seed {seed}");
    assert_eq!(killer.aborts(), POINTS.len(), "a named place was not reached; seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_on_sqlite() {
    survives(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_on_postgres() {
    let Some(cluster) = postgres::shared() else { return };
    survives(Some(cluster.database().await)).await;
}
