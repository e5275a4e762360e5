//! What happened, as the fake saw it: the oracle of delivery tests.

use serde_json::Value;
use std::time::Duration;

/// Everything since the start.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Every REST request.
    pub requests: Vec<Request>,
    /// Messages accepted from the bot, in order.
    pub shown: Vec<Shown>,
    /// What happened at the gateway.
    pub gateway: Vec<Visit>,
    /// Requests or answers that break Discord's spec or rules. A test ends by asserting that there are none.
    pub violations: Vec<String>,
    /// Requests that came although a 429 had asked to wait longer.
    pub early: usize,
}

/// A REST request and its answer.
#[derive(Debug, Clone)]
pub struct Request {
    /// When, since the start.
    pub at: Duration,
    /// E.g. `POST`.
    pub method: String,
    /// The path without `/api/v10`.
    pub path: String,
    /// The path as the spec writes it, e.g. `/channels/{channel_id}/messages`.
    pub route: String,
    /// The answer's status; 0 where the link was cut instead.
    pub status: u16,
    /// The body, if it was JSON.
    pub body: Option<Value>,
}

/// A message of the bot's as customers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// When, since the start.
    pub at: Duration,
    /// Where.
    pub channel: u64,
    /// Its id.
    pub id: u64,
    /// Its text.
    pub content: String,
    /// Its nonce.
    pub nonce: Option<String>,
    /// Buttons and menus.
    pub components: Value,
    /// Whom it pinged.
    pub pings: Vec<String>,
    /// The message that it answers.
    pub answers: Option<u64>,
    /// Seen by one user alone.
    pub ephemeral: bool,
}

/// Something that happened at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// Somebody connected, at that path.
    Connected(String),
    /// Somebody was turned away before that.
    Refused,
    /// A new session.
    Identified,
    /// A session was taken up after that event.
    Resumed(u64),
    /// A session could not be taken up.
    ResumeRefused,
    /// The client sent a heartbeat.
    Beat,
    /// The connection ended: with the client's code, or without.
    Left(Option<u16>),
    /// We closed it with that code.
    Closed(u16),
}

impl Journal {
    /// What the bot has said in a channel or thread.
    #[must_use]
    pub fn heard_in(&self, channel: u64) -> Vec<&Shown> {
        self.shown.iter().filter(|shown| shown.channel == channel).collect()
    }

    /// How many answers had a status.
    #[must_use]
    pub fn answered(&self, status: u16) -> usize {
        self.requests.iter().filter(|request| request.status == status).count()
    }

    /// How often something happened at the gateway.
    #[must_use]
    pub fn visits(&self, of: impl Fn(&Visit) -> bool) -> usize {
        self.gateway.iter().filter(|visit| of(visit)).count()
    }

    /// # Panics
    /// When anything broke the spec.
    pub fn assert_clean(&self) {
        assert!(
            self.violations.is_empty(),
            "{} violations, e.g. {}",
            self.violations.len(),
            self.violations[0]
        );
    }
}
