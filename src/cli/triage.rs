//! `triage`: decisions about messages from standard input.

use super::content::{print_faults, read};
use super::{print, say};
use crate::domain::customer::Account;
use crate::domain::event::{Author, DeskState, Event};
use crate::ports::Clock as _;
use crate::rehearsal::{Cast, Rehearsal, decision};
use anyhow::Context as _;
use channels::{Channel, accept_text};
use serde::Deserialize;
use serde_json::json;
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// A message as it may stand on a line.
#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    choice: Option<String>,
}

/// `deskhand triage`
pub(super) fn run(folder: &Option<PathBuf>, customer: Option<&Path>) -> anyhow::Result<bool> {
    let book = match read(folder)? {
        Ok(book) => book,
        Err(faults) => {
            print_faults(folder.as_deref(), &faults)?;
            return Ok(false);
        }
    };
    let account: Option<Account> = match customer {
        None => None,
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Some(serde_json::from_str(&text).with_context(|| file.display().to_string())?)
        }
    };
    let mut well = true;
    for (number, line) in std::io::stdin().lock().split(b'\n').enumerate() {
        let line = line.context("standard input")?;
        match message(&line) {
            Ok(None) => {}
            Ok(Some(message)) => print(&decide(&book, account.as_ref(), &message)?)?,
            Err(error) => {
                say(&format!("line {}: {error:#}", number + 1));
                well = false;
            }
        }
    }
    Ok(well)
}

fn message(line: &[u8]) -> anyhow::Result<Option<Line>> {
    let text = std::str::from_utf8(line).context("the line is no UTF-8 text")?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let message = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
            .context("the line looks like JSON, but is no message; expected {\"text\": …}")?
    } else {
        Line { text: text.to_owned(), channel: None, choice: None }
    };
    let accepted = accept_text(&message.text)?.to_owned();
    Ok(Some(Line { text: accepted, ..message }))
}

fn decide(
    book: &crate::playbook::Playbook,
    account: Option<&Account>,
    line: &Line,
) -> anyhow::Result<String> {
    let own = account.cloned();
    let directory =
        move |claim: &str| own.clone().filter(|account| account.email == claim || account.id == claim);
    let cast = Cast {
        channel: line.channel.unwrap_or(Channel::Web),
        name: account.map(|account| account.name.clone()),
        email: account.map(|account| account.email.clone()),
        verified: account.is_some(),
        account: account.cloned(),
        desk: DeskState { queue_length: 0, agents_online: 1 },
        directory: &directory,
        outside: &|_, _| None,
        demotions: Vec::new(),
    };
    let mut rehearsal = Rehearsal::new(book, cast, crate::app::SystemClock.now())?;
    let events = rehearsal.says(&line.text, line.choice.clone(), Vec::new());
    let says: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Said { author: Author::Bot | Author::System, text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let mut decided = match decision(&events) {
        Some(decision) => serde_json::to_value(decision)?,
        None => json!({}),
    };
    decided["says"] = json!(says);
    decided["team"] = json!(rehearsal.talk.team);
    decided["priority"] = json!(rehearsal.talk.priority);
    Ok(decided.to_string())
}
