//! Rate limits as Discord enforces them: a bucket for each route and channel, 50 a second in all, and a ban for too
//! many refused requests.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// The limits of a fake.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Messages in a channel: how many in how long (Discord: 5 in 5 s).
    pub messages: (u32, Duration),
    /// Anything else, by route and channel.
    pub others: (u32, Duration),
    /// Requests of the bot in a second (Discord: 50).
    pub global: u32,
    /// Refused requests in 10 minutes that ban (Discord: 10,000).
    pub ban: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self { messages: (5, 5 * second), others: (40, second), global: 50, ban: 10_000 }
    }
}

impl Limits {
    /// So wide that no story meets them.
    #[must_use]
    pub fn wide() -> Self {
        let second = Duration::from_secs(1);
        Self { messages: (100_000, second), others: (100_000, second), global: 1_000_000, ban: 10_000 }
    }
}

pub(crate) struct Meter {
    limits: Limits,
    buckets: HashMap<String, Bucket>,
    second: (Instant, u32),
    refused: VecDeque<Instant>,
    held: HashMap<String, Instant>,
    held_all: Option<Instant>,
}

struct Bucket {
    used: u32,
    limit: u32,
    reset: Instant,
}

/// What the limits say to a request.
pub(crate) enum Say {
    /// It may go; the headers to tell.
    Go(Headers),
    /// It must wait: how long, for all or for the route; the headers.
    Wait(Duration, bool, Option<Headers>),
    /// The address is banned.
    Banned(Duration),
}

#[derive(Clone)]
pub(crate) struct Headers {
    pub(crate) bucket: String,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset_after: Duration,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            buckets: HashMap::new(),
            second: (Instant::now(), 0),
            refused: VecDeque::new(),
            held: HashMap::new(),
            held_all: None,
        }
    }

    pub(crate) fn set(&mut self, limits: Limits) {
        *self = Self::new(limits);
    }

    /// A request for a bucket; the bool says whether it came although it had been asked to wait longer.
    pub(crate) fn ask(&mut self, bucket: &str, messages: bool, now: Instant) -> (Say, bool) {
        let early = self.held.get(bucket).is_some_and(|until| *until > now)
            || self.held_all.is_some_and(|until| until > now);
        while self.refused.front().is_some_and(|at| now - *at > Duration::from_secs(600)) {
            self.refused.pop_front();
        }
        if self.refused.len() >= self.limits.ban {
            return (Say::Banned(Duration::from_secs(600)), early);
        }
        if now - self.second.0 >= Duration::from_secs(1) {
            self.second = (now, 0);
        }
        if self.second.1 >= self.limits.global {
            let wait = Duration::from_secs(1) - (now - self.second.0);
            self.hold(None, wait, now);
            return (Say::Wait(wait, true, None), early);
        }
        let (limit, window) = if messages { self.limits.messages } else { self.limits.others };
        let entry =
            self.buckets.entry(bucket.to_owned()).or_insert(Bucket { used: 0, limit, reset: now + window });
        if now >= entry.reset {
            *entry = Bucket { used: 0, limit, reset: now + window };
        }
        let reset_after = entry.reset - now;
        let headers = |remaining| Headers { bucket: bucket.to_owned(), limit, remaining, reset_after };
        if entry.used >= entry.limit {
            let told = headers(0);
            self.hold(Some(bucket), reset_after, now);
            return (Say::Wait(reset_after, false, Some(told)), early);
        }
        entry.used += 1;
        self.second.1 += 1;
        (Say::Go(headers(entry.limit - entry.used)), early)
    }

    /// The bot has been told to wait.
    pub(crate) fn hold(&mut self, bucket: Option<&str>, wait: Duration, now: Instant) {
        match bucket {
            Some(bucket) => drop(self.held.insert(bucket.to_owned(), now + wait)),
            None => self.held_all = Some(now + wait),
        }
    }

    /// A 401, 403 or 429 was answered.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.refused.push_back(now);
    }

    /// How many of those are counted at the moment.
    pub(crate) fn count_refused(&self) -> usize {
        self.refused.len()
    }
}
