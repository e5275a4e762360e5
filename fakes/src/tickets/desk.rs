//! What a fake holds: tickets as accepted, requests as written, faults as drawn.

use super::{SECRET, Vendor, answer};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What goes wrong, as shares of all writes (reads meet `busy` only), and by which seed.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The seed.
    pub seed: u64,
    /// Accepted, and the link cut before the answer.
    pub cut_after: f64,
    /// The link cut before anything is accepted.
    pub cut_before: f64,
    /// 503.
    pub busy: f64,
    /// 429 with `Retry-After: 1`.
    pub limited: f64,
    /// 422.
    pub refused: f64,
    /// Accepted, and the answer late by [`Faults::late`].
    pub slow: f64,
    /// How late.
    pub late: Duration,
    /// How long the search index does not see a new ticket.
    pub index_lag: Duration,
    /// Zendesk only: idempotency keys are not remembered, as after two hours.
    pub forgetful: bool,
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Pass,
    CutBefore,
    CutAfter,
    Answer(u16),
    Slow(Duration),
}

/// A ticket as accepted.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The vendor's number.
    pub number: u64,
    /// As the client wrote it.
    pub title: String,
    /// The vendor's fields.
    pub fields: Value,
    /// The files that stand below it, by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its comments, in the vendor's form.
    pub comments: Vec<Value>,
    /// When.
    pub at: DateTime<Utc>,
    accepted: Instant,
}

impl Ticket {
    pub(super) fn stamp(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// A request as written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Its body.
    pub body: String,
}

/// A vendor's records.
pub struct Desk {
    faults: Mutex<Faults>,
    dice: Mutex<StdRng>,
    tickets: Mutex<Vec<Ticket>>,
    written: Mutex<Vec<Written>>,
    violations: Mutex<Vec<String>>,
    cuts: Mutex<usize>,
    idempotent: Mutex<HashMap<String, (String, u64)>>,
    uploads: Mutex<Vec<(String, Vec<u8>)>>,
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            dice: Mutex::new(StdRng::seed_from_u64(faults.seed)),
            faults: Mutex::new(faults),
            tickets: Mutex::default(),
            written: Mutex::default(),
            violations: Mutex::default(),
            cuts: Mutex::default(),
            idempotent: Mutex::default(),
            uploads: Mutex::default(),
        }
    }

    /// All tickets, in the order of acceptance.
    pub fn tickets(&self) -> MutexGuard<'_, Vec<Ticket>> {
        open(&self.tickets)
    }

    /// All requests, in the order of arrival.
    #[must_use]
    pub fn written(&self) -> Vec<Written> {
        open(&self.written).clone()
    }

    /// Requests that the vendor's spec does not allow.
    pub fn violations(&self) -> MutexGuard<'_, Vec<String>> {
        open(&self.violations)
    }

    /// Links cut after acceptance.
    #[must_use]
    pub fn cuts(&self) -> usize {
        *open(&self.cuts)
    }

    /// From now on these go wrong.
    pub fn will(&self, faults: Faults) {
        *open(&self.faults) = faults;
    }

    fn faults(&self) -> Faults {
        open(&self.faults).clone()
    }

    pub(super) fn note(&self, written: Written) {
        open(&self.written).push(written);
    }

    pub(super) fn fate(&self, writes: bool) -> Fate {
        let faults = self.faults();
        let mut draw: f64 = open(&self.dice).random();
        let mut hit = |share: f64| {
            draw -= share;
            draw < 0.0
        };
        if hit(faults.busy) {
            return Fate::Answer(503);
        }
        if !writes {
            return Fate::Pass;
        }
        if hit(faults.cut_after) {
            *open(&self.cuts) += 1;
            Fate::CutAfter
        } else if hit(faults.cut_before) {
            Fate::CutBefore
        } else if hit(faults.limited) {
            Fate::Answer(429)
        } else if hit(faults.refused) {
            Fate::Answer(422)
        } else if hit(faults.slow) {
            Fate::Slow(faults.late)
        } else {
            Fate::Pass
        }
    }

    /// Accepts a ticket; `shape` makes the vendor's fields out of its number and time.
    pub(super) fn accept(&self, title: &str, shape: impl FnOnce(u64, &str) -> Value) -> Ticket {
        let mut tickets = self.tickets();
        let number = tickets.len() as u64 + 1;
        let mut ticket = Ticket {
            number,
            title: title.to_owned(),
            fields: Value::Null,
            comments: Vec::new(),
            files: Vec::new(),
            at: Utc::now(),
            accepted: Instant::now(),
        };
        ticket.fields = shape(number, &ticket.stamp());
        tickets.push(ticket.clone());
        ticket
    }

    /// A ticket by number.
    pub(super) fn ticket(&self, number: u64) -> Option<Ticket> {
        self.tickets().iter().find(|ticket| ticket.number == number).cloned()
    }

    /// Adds a comment; `false` where there is no such ticket.
    pub(super) fn comment(&self, number: u64, comment: Value) -> bool {
        let mut tickets = self.tickets();
        let found = tickets.iter_mut().find(|ticket| ticket.number == number);
        found.map(|ticket| ticket.comments.push(comment)).is_some()
    }

    /// Changes a ticket's fields; the ticket after it.
    pub(super) fn alter(&self, number: u64, change: impl FnOnce(&mut Value)) -> Option<Ticket> {
        let mut tickets = self.tickets();
        let ticket = tickets.iter_mut().find(|ticket| ticket.number == number)?;
        change(&mut ticket.fields);
        Some(ticket.clone())
    }

    /// Takes an upload; its token.
    pub(super) fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let mut uploads = open(&self.uploads);
        uploads.push((name.to_owned(), bytes.to_vec()));
        format!("upload-{}", uploads.len())
    }

    /// What a token stands for.
    pub(super) fn uploaded(&self, token: &str) -> Option<(String, Vec<u8>)> {
        let number: usize = token.strip_prefix("upload-")?.parse().ok()?;
        open(&self.uploads).get(number.checked_sub(1)?).cloned()
    }

    /// Puts a file below a ticket.
    pub(super) fn attach(&self, number: u64, name: &str, bytes: Vec<u8>) {
        if let Some(ticket) = self.tickets().iter_mut().find(|ticket| ticket.number == number) {
            ticket.files.push((name.to_owned(), bytes));
        }
    }

    /// The tickets that the search index sees.
    pub(super) fn indexed(&self) -> Vec<Ticket> {
        let lag = self.faults().index_lag;
        let seen = |ticket: &&Ticket| ticket.accepted.elapsed() >= lag;
        self.tickets().iter().filter(seen).cloned().collect()
    }

    /// What an idempotency key has made before.
    pub(super) fn recall(&self, key: &str) -> Option<(String, u64)> {
        let forgetful = self.faults().forgetful;
        open(&self.idempotent).get(key).filter(|_| !forgetful).cloned()
    }

    pub(super) fn remember(&self, key: &str, body: &str, number: u64) {
        open(&self.idempotent).insert(key.to_owned(), (body.to_owned(), number));
    }

    pub(super) fn authorized(&self, vendor: Vendor, headers: &HeaderMap) -> bool {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
        match vendor {
            Vendor::Zendesk => header("authorization") == basic(format!("bot@example.com/token:{SECRET}")),
            Vendor::Jira => header("authorization") == basic(format!("bot@example.com:{SECRET}")),
            Vendor::Freshdesk => header("authorization") == basic(format!("{SECRET}:X")),
            Vendor::GitHub => {
                header("authorization") == format!("Bearer {SECRET}") && !header("user-agent").is_empty()
            }
            Vendor::Linear => header("authorization") == SECRET,
            Vendor::Zammad => header("authorization") == format!("Token token={SECRET}"),
            Vendor::Redmine => header("x-redmine-api-key") == SECRET,
            Vendor::Generic => header("x-api-key") == SECRET,
        }
    }
}

pub(super) fn refusal(status: u16) -> Response {
    let mut response = answer::problem(status, "a fault of the story");
    if status == 429 {
        response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("1"));
    }
    response
}
