//! Row A1 with the desk itself in the loop: the real binary opens tickets in a Redmine that cuts one link in five after it
//! has accepted, while the binary is killed again and again. `A1_TICKETS=500` makes it the row's own size;
//! `scripts/redmine-a1.sh 500 0.2 10 desk` runs it against a real Redmine, through a proxy that cuts.

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

/// Whose tickets are counted.
enum Tracker {
    Fake(TicketFake),
    /// A real one behind a proxy that cuts; the address without it, and its key.
    Real {
        proxy: String,
        direct: String,
        key: String,
        field: String,
    },
}

impl Tracker {
    /// The one that the environment names.
    fn real() -> Option<Self> {
        let named = |name: &str| std::env::var(name).ok();
        let (proxy, direct) = (named("A1_REDMINE_PROXY")?, named("A1_REDMINE")?);
        Some(Self::Real { proxy, direct, key: named("REDMINE_KEY")?, field: named("A1_REDMINE_FIELD")? })
    }

    fn settings(&self) -> [(&'static str, String); 6] {
        let (base, token, field, settles) = match self {
            Self::Fake(fake) => (fake.base(), SECRET.to_owned(), "7".to_owned(), "1"),
            // A real server may still be at work on a request whose link is gone.
            Self::Real { proxy, key, field, .. } => (proxy.clone(), key.clone(), field.clone(), "5"),
        };
        [
            ("DESKHAND_TICKETS__SYSTEM", "redmine".to_owned()),
            ("DESKHAND_TICKETS__BASE_URL", base),
            ("DESKHAND_TICKETS__TOKEN", token),
            ("DESKHAND_TICKETS__PROJECT", "desk".to_owned()),
            ("DESKHAND_TICKETS__KEY_FIELD", field),
            ("DESKHAND_TICKETS__SETTLE_SECONDS", settles.to_owned()),
        ]
    }

    /// How many tickets there are, and with how many different keys.
    async fn holds(&self, client: &reqwest::Client) -> (usize, usize) {
        let (direct, key) = match self {
            Self::Fake(fake) => {
                let tickets = fake.desk.tickets();
                let keys: BTreeSet<String> =
                    tickets.iter().map(|ticket| ticket.fields["custom_fields"].to_string()).collect();
                return (tickets.len(), keys.len());
            }
            Self::Real { direct, key, .. } => (direct, key),
        };
        let (mut total, mut keys) = (0, BTreeSet::new());
        loop {
            let url = format!("{direct}/issues.json?project_id=desk&status_id=*&limit=100&offset={total}");
            let page =
                until_answered(client, |client| client.get(&url).header("x-redmine-api-key", key)).await;
            let issues = page["issues"].as_array().unwrap();
            total += issues.len();
            keys.extend(issues.iter().map(|issue| issue["custom_fields"].to_string()));
            if issues.is_empty() {
                return (total, keys.len());
            }
        }
    }
}

async fn exactly_once(database: Option<String>) {
    let seed = rand::rng().random();
    let faults = Faults { seed, cut_after: 0.2, ..Faults::default() };
    let fake = TicketFake::start(Vendor::Redmine, faults).await.unwrap();
    opens_once(database, Tracker::Fake(fake), seed).await;
}

async fn opens_once(database: Option<String>, tracker: Tracker, seed: u64) {
    let size = std::env::var("A1_TICKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    deskhand::app::install_tls();
    println!("seed {seed}");
    let began = Instant::now();
    let mut place = Place::new(database);
    place.env = tracker.settings().to_vec();
    place.agent();
    let place = Arc::new(place);
    let plan = vec![None; KILLS];
    // Deaths are spread over the work, so that most find some under way.
    let soon = Duration::from_millis(1500).max(Duration::from_millis(40) * u32::try_from(size).unwrap());
    let killer = Killer::begin(&place, plan, StdRng::seed_from_u64(seed), soon);
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
    let deadline =
        Instant::now() + Duration::from_secs(120) + Duration::from_secs(2) * u32::try_from(size).unwrap();
    let ours = loop {
        let ours = listed(&client, &place).await;
        if ours.iter().all(|ticket| ticket["outside"]["number"].is_string()) || Instant::now() > deadline {
            break ours;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let theirs: BTreeSet<String> =
        ours.iter().filter_map(|ticket| ticket["outside"]["number"].as_str().map(str::to_owned)).collect();
    let (there, keys) = tracker.holds(&client).await;
    let cuts = match &tracker {
        Tracker::Fake(fake) => format!("{} links cut after acceptance, ", fake.desk.cuts()),
        Tracker::Real { .. } => String::new(),
    };
    println!(
        "{size} customers, {cuts}{} deaths, {} s: {} tickets here, {there} there with {keys} keys, {} of them known here",
        killer.deaths(),
        began.elapsed().as_secs(),
        ours.len(),
        theirs.len()
    );
    assert_eq!((ours.len(), there, keys, theirs.len()), (size, size, size, size), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ticket_is_opened_once_on_sqlite() {
    exactly_once(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ticket_is_opened_once_in_a_real_redmine() {
    let Some(tracker) = Tracker::real() else {
        println!("SKIPPED: no real Redmine; run `scripts/redmine-a1.sh 500 0.2 10 desk`");
        return;
    };
    opens_once(None, tracker, rand::rng().random()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ticket_is_opened_once_on_postgres() {
    let Some(cluster) = postgres::shared() else { return };
    exactly_once(Some(cluster.database().await)).await;
}
