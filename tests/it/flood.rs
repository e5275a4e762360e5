//! The real binary under `kill -9` while customers on Telegram and Discord flood it. The oracle is what the platforms
//! showed against what was written, and what the log holds of each message.

use crate::chaos::Place;
use crate::support::postgres;
use channels::Channel;
use deskhand::crash::POINTS;
use deskhand::domain::effect::Outcome;
use deskhand::domain::event::{Entry, Event};
use fakes::{discord, telegram};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Customers on each platform.
const CUSTOMERS: usize = 16;
const RANDOM_KILLS: usize = 7;
/// Each is answered from an article of its own, so that the order of the answers can be read from them.
const QUESTIONS: [(&str, &str); 3] = [
    ("Hello, I don't remember my password any more, how do I get a new one?", "Forgot password"),
    ("Hey, where can I download the invoice of last month as a PDF?", "Invoices"),
    ("how can i invite a new colleague to our workspace", "Members"),
];

/// What came of one customer's messages.
#[derive(Debug, Default)]
struct Tally {
    written: usize,
    recorded: usize,
    answers: usize,
    perhaps_twice: usize,
    inversions: usize,
}

impl Tally {
    /// Of the log and of what the platform showed.
    fn of(written: usize, log: &[Entry], shown: &[String]) -> Self {
        let received: BTreeMap<&str, usize> = log.iter().fold(BTreeMap::new(), |mut all, entry| {
            if let Event::Received { external_id, .. } = &entry.event {
                *all.entry(external_id.as_str()).or_default() += 1;
            }
            all
        });
        assert!(received.values().all(|times| *times == 1), "recorded twice: {received:?}");
        let perhaps_twice = log.iter().filter(|entry| {
            matches!(
                &entry.event,
                Event::Finished { outcome: Outcome::Delivered { perhaps_twice: true, .. }, .. }
            )
        });
        let topics: Vec<usize> = shown
            .iter()
            .filter_map(|text| QUESTIONS.iter().position(|(_, topic)| text.contains(topic)))
            .collect();
        Self {
            written,
            recorded: received.len(),
            answers: topics.len(),
            perhaps_twice: perhaps_twice.count(),
            inversions: topics.windows(2).filter(|pair| pair[0] > pair[1]).count(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.written += other.written;
        self.recorded += other.recorded;
        self.answers += other.answers;
        self.perhaps_twice += other.perhaps_twice;
        self.inversions += other.inversions;
    }
}

async fn survives(database: Option<String>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let telegram = telegram::Fake::start(telegram::Options::default()).await.unwrap();
    let discord = discord::Fake::start(discord::Options::default()).await;
    let mut place = Place::new(database);
    place.env = vec![
        ("DESKHAND_TELEGRAM__TOKEN", telegram.token()),
        ("DESKHAND_TELEGRAM__API_URL", telegram.url()),
        ("DESKHAND_DISCORD__TOKEN", discord.token().to_owned()),
        ("DESKHAND_DISCORD__API_URL", discord.url()),
    ];
    let place = Arc::new(place);
    let (done, deaths) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut plan: Vec<Option<String>> =
        POINTS.iter().map(|point| Some(format!("{point}:{}", random.random_range(1..6)))).collect();
    plan.extend((0..RANDOM_KILLS).map(|_| None));
    let all_deaths = plan.len();
    let killer = {
        let (place, done, deaths) = (place.clone(), done.clone(), deaths.clone());
        std::thread::spawn(move || {
            for crash_at in plan {
                let mut child = place.start(crash_at.as_deref());
                while !place.answers() && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(10));
                }
                let patience = match crash_at {
                    Some(_) => Duration::from_secs(20),
                    None => Duration::from_millis(random.random_range(0..2000)),
                };
                let began = Instant::now();
                while began.elapsed() < patience && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                child.kill().unwrap();
                child.wait().unwrap();
                deaths.fetch_add(1, Ordering::SeqCst);
            }
            let mut child = place.start(None);
            while !done.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            child.kill().unwrap();
            child.wait().unwrap();
        })
    };
    let on_telegram: Vec<_> =
        (0..CUSTOMERS).map(|number| telegram.customer(&format!("Tess{number}"))).collect();
    let on_discord: Vec<_> =
        (0..CUSTOMERS).map(|number| discord.customer(&format!("Dana{number}"))).collect();
    let writings = CUSTOMERS * QUESTIONS.len();
    for (message, (question, _)) in QUESTIONS.iter().enumerate() {
        for number in 0..CUSTOMERS {
            // Spread over all deaths, so that each finds work to spoil.
            let phase = (message * CUSTOMERS + number) * all_deaths / writings;
            while (deaths.load(Ordering::SeqCst) as usize) < phase {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            on_telegram[number].says(question);
            on_discord[number].says(question);
        }
    }
    let deadline = Instant::now() + Duration::from_secs(120);
    let heard_on_telegram = |number: usize| on_telegram[number].hears();
    let heard_on_discord = |number: usize| -> Vec<String> {
        on_discord[number].hears().into_iter().map(|shown| shown.content).collect()
    };
    let topics = |texts: &[String]| {
        texts.iter().filter(|text| QUESTIONS.iter().any(|(_, topic)| text.contains(topic))).count()
    };
    let answered = || {
        (0..CUSTOMERS).all(|number| {
            topics(&heard_on_telegram(number)) >= QUESTIONS.len()
                && topics(&heard_on_discord(number)) >= QUESTIONS.len()
        })
    };
    while Instant::now() < deadline && (!answered() || (deaths.load(Ordering::SeqCst) as usize) < all_deaths)
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What would come twice has time to come.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ready = reqwest::get(place.url("/readyz")).await.unwrap().text().await.unwrap();
    println!("{ready}");
    let gateway = discord.journal().gateway;
    println!("Discord's gateway: {} visits, the last {:?}", gateway.len(), &gateway[gateway.len().saturating_sub(6)..]);
    done.store(true, Ordering::SeqCst);
    killer.join().unwrap();

    let storage = deskhand::store::open(&place.database).await.unwrap();
    let (mut sums, mut failed) = (BTreeMap::new(), Vec::new());
    for channel in [Channel::Telegram, Channel::Discord] {
        let mut sum = Tally::default();
        for number in 0..CUSTOMERS {
            let (address, shown) = match channel {
                Channel::Telegram => (on_telegram[number].chat.to_string(), heard_on_telegram(number)),
                _ => (on_discord[number].direct.to_string(), heard_on_discord(number)),
            };
            let id = storage.current(channel, &address).await.unwrap();
            let log = match id {
                Some(id) => storage.events(id, 0, 10_000).await.unwrap(),
                None => Vec::new(),
            };
            let tally = Tally::of(QUESTIONS.len(), &log, &shown);
            let doubled = tally.answers.saturating_sub(tally.written);
            let allowed = if channel == Channel::Telegram { tally.perhaps_twice } else { 0 };
            if tally.recorded < tally.written
                || tally.answers < tally.written
                || doubled > allowed
                || tally.inversions > 0
            {
                let routes: Vec<String> = log
                    .iter()
                    .filter_map(|entry| match &entry.event {
                        Event::Decided { decision } => Some(format!("{:?} {}", decision.route, decision.reasons[0].text)),
                        Event::Finished { outcome, .. } => Some(format!("{outcome:?}")),
                        _ => None,
                    })
                    .collect();
                failed.push((channel.name(), number, format!("{tally:?}"), routes));
            }
            sum.add(&tally);
        }
        println!("{}: {sum:?}", channel.name());
        sums.insert(channel, sum);
    }
    println!("{} deaths over {} messages", deaths.load(Ordering::SeqCst), 2 * writings);
    assert!(failed.is_empty(), "seed {seed}: {failed:#?}");
    telegram.assert_clean();
    discord.journal().assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_on_both_platforms_survives_kills_on_sqlite() {
    survives(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_on_both_platforms_survives_kills_on_postgres() {
    let Some(cluster) = postgres::shared() else { return };
    survives(Some(cluster.database().await)).await;
}
