//! The real binary under `kill -9` while customers on Telegram and Discord flood it. The oracle is what the platforms
//! showed against what was written, and what the log holds of each message.

use crate::support::postgres;
use crate::support::process::{Killer, Place};
use channels::Channel;
use deskhand::crash::POINTS;
use deskhand::domain::effect::Outcome;
use deskhand::domain::event::{Entry, Event};
use fakes::{discord, telegram};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Customers on each platform.
const CUSTOMERS: usize = 16;
const RANDOM_KILLS: usize = 7;
/// Each is answered from an article of its own, so that the order of the answers can be read from them.
const QUESTIONS: [(&str, &str); 5] = [
    ("Hello, I don't remember my password any more, how do I get a new one?", "Forgot password"),
    ("Hey, where can I download the invoice of last month as a PDF?", "Invoices"),
    ("how can i invite a new colleague to our workspace", "Members"),
    ("How can we upgrade our workspace from Team to the Business plan?", "Change plan"),
    ("How do I export a project to CSV?", "CSV"),
];

/// The questions that these texts answer, by number; an article may name the place of another, so its first line counts.
fn topics(texts: &[String]) -> Vec<usize> {
    let of = |text: &String| QUESTIONS.iter().position(|(_, topic)| text.contains(topic));
    texts.iter().filter_map(of).collect()
}

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
        let topics = topics(shown);
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

/// Waits until it holds, for a while.
async fn until(patience: Duration, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !holds() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn survives(database: Option<String>) {
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
    let on_telegram: Vec<_> =
        (0..CUSTOMERS).map(|number| telegram.customer(&format!("Tess{number}"))).collect();
    let on_discord: Vec<_> =
        (0..CUSTOMERS).map(|number| discord.customer(&format!("Dana{number}"))).collect();
    let says = |number: usize, question: usize| {
        on_telegram[number].says(QUESTIONS[question].0);
        on_discord[number].says(QUESTIONS[question].0);
    };
    let shown = |channel: Channel, number: usize| -> Vec<String> {
        match channel {
            Channel::Telegram => on_telegram[number].hears(),
            _ => on_discord[number].hears().into_iter().map(|shown| shown.content).collect(),
        }
    };
    let answered = |questions: usize| {
        (0..CUSTOMERS).all(|number| {
            [Channel::Telegram, Channel::Discord]
                .into_iter()
                .all(|channel| topics(&shown(channel, number)).len() >= questions)
        })
    };

    // The first word of somebody unknown, said while the bot's session on Discord is lost, cannot be found by any
    // client: bots may not list their direct messages. So everybody has written once before.
    let first = place.start(None);
    until(Duration::from_secs(60), || discord.connected() > 0).await;
    (0..CUSTOMERS).for_each(|number| says(number, 0));
    until(Duration::from_secs(60), || answered(1)).await;
    drop(first);

    let mut plan: Vec<Option<String>> =
        POINTS.iter().map(|point| Some(format!("{point}:{}", random.random_range(1..6)))).collect();
    plan.extend((0..RANDOM_KILLS).map(|_| None));
    let all_deaths = plan.len();
    let killer = Killer::begin(&place, plan, random.clone(), Duration::from_secs(2));
    let flood = CUSTOMERS * (QUESTIONS.len() - 1);
    for question in 1..QUESTIONS.len() {
        for number in 0..CUSTOMERS {
            // Spread over all deaths, so that each finds work to spoil; some while nobody is there to hear.
            let phase = ((question - 1) * CUSTOMERS + number) * all_deaths / flood;
            while killer.deaths() < phase {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
            says(number, question);
        }
    }
    until(Duration::from_secs(120), || killer.deaths() == all_deaths && answered(QUESTIONS.len())).await;
    // What would come twice has time to come.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let deaths = killer.deaths();
    drop(killer);

    let storage = deskhand::store::open(&place.database).await.unwrap();
    let mut failed = Vec::new();
    for channel in [Channel::Telegram, Channel::Discord] {
        let mut sum = Tally::default();
        for number in 0..CUSTOMERS {
            let address = match channel {
                Channel::Telegram => on_telegram[number].chat.to_string(),
                _ => on_discord[number].direct.to_string(),
            };
            let log = match storage.current(channel, &address).await.unwrap() {
                Some(id) => storage.events(id, 0, 10_000).await.unwrap(),
                None => Vec::new(),
            };
            let tally = Tally::of(QUESTIONS.len(), &log, &shown(channel, number));
            // A platform that takes no key may show a message again for each try that nobody could know of.
            let allowed = if channel == Channel::Telegram { tally.perhaps_twice * 8 } else { 0 };
            let doubled = tally.answers.saturating_sub(tally.written);
            let lost = tally.recorded < tally.written || tally.answers < tally.written;
            if lost || doubled > allowed || tally.inversions > 0 {
                failed.push((channel.name(), number, format!("{tally:?}"), shown(channel, number)));
            }
            sum.add(&tally);
        }
        println!("{}: {sum:?}", channel.name());
    }
    println!("{deaths} deaths over {} messages", 2 * (flood + CUSTOMERS));
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
