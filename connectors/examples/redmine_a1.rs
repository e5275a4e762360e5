//! `redmine_a1 BASE JOURNAL COUNT FIELD`: opens COUNT tickets in a Redmine, each once, resuming from its journal after
//! any kill. The API key is in REDMINE_KEY. What an outbox keeps in its database is here a file of lines, each on disk
//! before the next step: `try N MILLISECONDS`, `no N`, `done N ID`.
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a program of scripts/redmine-a1.sh, at the edge: clock and all

use chrono::{DateTime, Utc};
use connectors::tickets::{Key, NewTicket, Redmine, RedmineFields, open};
use connectors::{Advice, Done, Guard, Limits, Policy};
use futures::StreamExt;
use secrecy::SecretString;
use std::collections::HashMap;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::Mutex;
use std::time::Duration;

/// What the journal says of a ticket: done, and the last try that may have done it.
#[derive(Default, Clone, Copy)]
struct State {
    done: bool,
    doubt: Option<i64>,
}

struct Journal(Mutex<File>);

impl Journal {
    fn write(&self, line: &str) -> std::io::Result<()> {
        let mut file = self.0.lock().map_err(|_| std::io::Error::other("a writer panicked"))?;
        writeln!(file, "{line}")?;
        file.sync_data()
    }
}

fn read(text: &str) -> HashMap<usize, State> {
    let mut states: HashMap<usize, State> = HashMap::new();
    let mut before = HashMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let (Some(kind), Some(Ok(number))) = (words.next(), words.next().map(str::parse)) else { continue };
        let state = states.entry(number).or_default();
        match kind {
            "try" => {
                before.insert(number, state.doubt);
                state.doubt = words.next().and_then(|at| at.parse().ok());
            }
            "no" => state.doubt = before.get(&number).copied().flatten(),
            "done" => state.done = true,
            _ => {}
        }
    }
    states
}

async fn deliver(
    redmine: &Redmine,
    journal: &Journal,
    number: usize,
    mut doubt: Option<i64>,
) -> Result<(), Box<dyn Error>> {
    let key =
        Key::new(format!("a1:{number}"), DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default())?;
    let ticket = NewTicket {
        title: format!("A1 {number}"),
        body: "A ticket of A1.".to_owned(),
        ..NewTicket::default()
    };
    loop {
        let now = Utc::now().timestamp_millis();
        journal.write(&format!("try {number} {now}"))?;
        let tried = doubt.map(|at| Duration::from_millis(u64::try_from(now - at).unwrap_or(0)));
        match open(redmine, &key, &ticket, tried).await {
            Ok(remote) => return Ok(journal.write(&format!("done {number} {}", remote.id.text()))?),
            Err(trouble) => {
                if trouble.done() == Done::No {
                    journal.write(&format!("no {number}"))?;
                } else {
                    doubt = Some(now);
                }
                match trouble.advice() {
                    Advice::GiveUp => return Err(trouble.into()),
                    Advice::AgainAfter(after) => tokio::time::sleep(after).await,
                    Advice::Again | Advice::LookFirst => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let words: Vec<String> = std::env::args().collect();
    let [_, base, journal, count, field] = words.as_slice() else {
        return Err("usage: redmine_a1 BASE JOURNAL COUNT FIELD".into());
    };
    let guard = Guard::new(Policy::allowing(["127.0.0.1"])?, Limits::default(), Duration::from_secs(2))?;
    let secret = SecretString::from(std::env::var("REDMINE_KEY")?);
    // 0: no field, so the marker in the description.
    let fields =
        RedmineFields { key: field.parse().ok().filter(|field| *field != 0), ..RedmineFields::default() };
    let redmine =
        Redmine::new(guard, base.parse()?, &secret, "desk", fields)?.with_lag(Duration::from_secs(5));
    let mut text = String::new();
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(journal)?;
    file.read_to_string(&mut text)?;
    let (states, journal) = (read(&text), Journal(Mutex::new(file)));
    // A kill may have left half a line.
    journal.write("")?;
    let open = (0..count.parse()?).map(|number| (number, states.get(&number).copied().unwrap_or_default()));
    let left: Vec<(usize, State)> = open.filter(|(_, state)| !state.done).collect();
    let (redmine, journal) = (&redmine, &journal);
    let mut work = futures::stream::iter(left)
        .map(|(number, state)| deliver(redmine, journal, number, state.doubt))
        .buffer_unordered(4);
    while let Some(outcome) = work.next().await {
        outcome?;
    }
    println!("all are done");
    Ok(())
}
