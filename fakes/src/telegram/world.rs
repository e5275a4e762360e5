//! What the fake knows.

use super::{Options, buckets::Buckets, faults::Order, journal::Journal, spec::Spec};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::{Duration, SystemTime},
};
use tokio::{sync::watch, time::Instant};

pub(super) struct World {
    pub(super) options: Options,
    pub(super) spec: Option<Spec>,
    pub(super) state: Mutex<State>,
    pub(super) started: Instant,
    /// Something happened that waits may depend on.
    changed: watch::Sender<u64>,
}

pub(super) struct State {
    pub(super) bot: Value,
    pub(super) revoked: bool,
    pub(super) people: BTreeMap<i64, Person>,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) files: BTreeMap<String, Stored>,
    pub(super) presses: BTreeMap<String, Press>,
    pub(super) commands: BTreeMap<String, Value>,
    next_update: i64,
    pub(super) updates: VecDeque<Value>,
    offered_at: BTreeMap<i64, Instant>,
    /// How long updates are kept.
    day: Duration,
    /// Everything ever offered.
    pub(super) past: Vec<Value>,
    /// Offered out of turn, whatever the offset.
    pub(super) again: VecDeque<Value>,
    /// Those of them that a poll took.
    pub(super) again_out: Vec<Value>,
    pub(super) allowed: Option<Vec<String>>,
    /// Counts polls: only the newest lives.
    pub(super) poll: u64,
    pub(super) rival: bool,
    pub(super) webhook: Option<Hook>,
    pub(super) webhook_repeats: usize,
    pub(super) sizes_hidden: bool,
    pub(super) faults: Vec<Order>,
    pub(super) dice: StdRng,
    pub(super) buckets: Buckets,
    pub(super) journal: Journal,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) language: String,
    pub(super) blocked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) about: Value,
    pub(super) messages: BTreeMap<i64, Value>,
    pub(super) next_message: i64,
    pub(super) moved_to: Option<i64>,
    pub(super) bot_inside: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) unique: String,
    pub(super) size_hidden: bool,
    pub(super) path: String,
    pub(super) content: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Press {
    pub(super) old: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    pub(super) max_connections: usize,
    pub(super) error: Option<(i64, String)>,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let id: i64 = options.token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(4711);
        let bot = json!({"id": id, "is_bot": true, "first_name": "Harbor", "username": options.username});
        let state = State {
            bot,
            revoked: false,
            people: BTreeMap::new(),
            chats: BTreeMap::new(),
            files: BTreeMap::new(),
            presses: BTreeMap::new(),
            commands: BTreeMap::new(),
            next_update: 100_001,
            updates: VecDeque::new(),
            offered_at: BTreeMap::new(),
            day: options.second * 24 * 3600,
            past: Vec::new(),
            again: VecDeque::new(),
            again_out: Vec::new(),
            allowed: None,
            poll: 0,
            rival: false,
            webhook: None,
            webhook_repeats: 1,
            sizes_hidden: false,
            faults: Vec::new(),
            dice: StdRng::seed_from_u64(options.seed),
            buckets: Buckets::default(),
            journal: Journal::default(),
        };
        Self {
            spec: Spec::load(),
            options,
            state: Mutex::new(state),
            started: Instant::now(),
            changed: watch::Sender::new(0),
        }
    }

    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl State {
    /// Offers an update, kept until it is acknowledged or 24 hours old.
    pub(super) fn push(&mut self, mut update: Value) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        update["update_id"] = id.into();
        let kind = update.as_object().and_then(|update| update.keys().find(|key| *key != "update_id"));
        let wanted = match (&self.allowed, kind) {
            (Some(allowed), Some(kind)) if !allowed.is_empty() => allowed.contains(kind),
            _ => true,
        };
        let (now, day) = (Instant::now(), self.day);
        let old = self.offered_at.iter().take_while(|(_, at)| now.duration_since(**at) > day).count();
        for _ in 0..old {
            if let Some((id, _)) = self.offered_at.pop_first() {
                self.updates.retain(|update| update["update_id"] != id);
            }
        }
        self.offered_at.insert(id, now);
        if wanted {
            self.past.push(update.clone());
            self.updates.push_back(update);
        }
        id
    }

    pub(super) fn set_webhook(&mut self, url: &str, secret: Option<String>, connections: Option<usize>) {
        self.webhook = (!url.is_empty()).then(|| Hook {
            url: url.to_owned(),
            secret,
            max_connections: connections.unwrap_or(40),
            error: None,
        });
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "messages carry their date")]
pub(super) fn unix() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
