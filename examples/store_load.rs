//! How many commits a second the store does: `cargo run --release --example store_load -- URL [SECONDS]`.
//!
//! Each caller has a conversation of its own and appends two events with a key and an effect, as a reply on a platform
//! does, waiting for each answer. The database should be an empty one.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints its figures")]

use channels::Channel;
use chrono::{DateTime, TimeDelta};
use deskhand::domain::event::{Author, Event};
use deskhand::domain::ids::{ConversationId, CustomerId};
use deskhand::ports::storage::{Commit, Storage};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let Some(url) = arguments.next() else {
        return Err("usage: store_load URL [SECONDS]".into());
    };
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let store = deskhand::store::open(&url).await?;
    println!("{}: callers, commits/s, p50 ms, p99 ms, max ms", store.kind());
    for callers in [1_u128, 16, 64, 256] {
        let begun = Instant::now();
        let deadline = begun + Duration::from_secs(seconds);
        let running: Vec<_> = (0..callers)
            .map(|caller| tokio::spawn(load(store.clone(), callers << 32 | caller, deadline)))
            .collect();
        let mut waits = Vec::new();
        for caller in running {
            waits.extend(caller.await??);
        }
        let elapsed = begun.elapsed().as_secs_f64();
        waits.sort_unstable();
        let at = |share: usize| {
            let index = (waits.len() * share / 1000).min(waits.len().saturating_sub(1));
            waits.get(index).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
        };
        println!(
            "{callers:>4} {:>9.0} {:>8.2} {:>8.2} {:>8.2}",
            waits.len() as f64 / elapsed,
            at(500),
            at(990),
            at(1000)
        );
    }
    store.close().await;
    Ok(())
}

async fn load(store: Arc<dyn Storage>, caller: u128, deadline: Instant) -> Result<Vec<Duration>, Failure> {
    let begin = DateTime::from_timestamp(1_767_600_000, 0).ok_or("no time")?;
    let mut opening = Commit::opening(
        ConversationId(Uuid::from_u128(caller)),
        begin,
        vec![Event::Opened {
            channel: Channel::Telegram,
            customer: CustomerId(Uuid::from_u128(caller)),
            address: caller.to_string(),
            locale: None,
            page: None,
            follows: None,
        }],
    )?;
    opening.once = Some(format!("open:{caller}"));
    let mut talk = opening.after.clone();
    store.commit(opening).await?;
    let mut waits = Vec::new();
    while Instant::now() < deadline {
        let received = Event::Received {
            external_id: talk.seq.to_string(),
            text: "I was charged twice and nobody answered my previous email.".into(),
            choice: None,
            attachments: Vec::new(),
            quoted: None,
            edits: None,
        };
        let said = Event::Said {
            author: Author::Bot,
            text: "I'm sorry about that. A colleague will look at this and answer here.".into(),
            choices: Vec::new(),
            citations: Vec::new(),
            answers: Some(talk.seq + 1),
            client_id: None,
        };
        let now = begin + TimeDelta::seconds(talk.seq);
        let key = format!("telegram:{caller}:{}", talk.seq);
        let commit = Commit::onto(&talk, now, vec![received, said]).once(key);
        talk = commit.after.clone();
        let asked = Instant::now();
        store.commit(commit).await?;
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
