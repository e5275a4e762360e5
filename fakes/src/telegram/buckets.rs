//! The published limits, and waits that were ordered.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::time::Instant;

/// A chat takes a short burst (Telegram does, too) and then one message a second.
const CHAT_BURST: f64 = 3.0;
const GROUP_A_MINUTE: f64 = 20.0;
const ALL_A_SECOND: f64 = 30.0;

/// Fills with time up to its size.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn take(bucket: &mut Option<Self>, now: Instant, size: f64, each: Duration) -> bool {
        let Self { left, at } = bucket.unwrap_or(Self { left: size, at: now });
        let left = (left + now.duration_since(at).as_secs_f64() / each.as_secs_f64()).min(size);
        let taken = left >= 1.0;
        *bucket = Some(Self { left: if taken { left - 1.0 } else { left }, at: now });
        taken
    }
}

#[derive(Debug, Default)]
pub(super) struct Buckets {
    chats: HashMap<i64, Option<Bucket>>,
    all: Option<Bucket>,
    waits: HashMap<i64, Instant>,
    wait_all: Option<Instant>,
    /// Chats that were refused since the whole bot was told to wait.
    told: HashSet<i64>,
}

impl Buckets {
    /// Nothing may be sent there (or anywhere) for that long, as this chat is told.
    pub(super) fn wait(&mut self, chat: i64, whole_bot: bool, now: Instant, wait: Duration) {
        if whole_bot {
            self.wait_all = Some(now + wait);
            self.told = HashSet::from([chat]);
        } else {
            self.waits.insert(chat, now + wait);
        }
    }

    /// How much of an ordered wait is left, and whether the bot was told so at this chat before.
    pub(super) fn waiting(&mut self, chat: i64, now: Instant) -> Option<(Duration, bool)> {
        let left =
            |until: &Instant| Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero());
        let own = self.waits.get(&chat).and_then(left);
        let all = self.wait_all.as_ref().and_then(left);
        let told = all.is_some() && !self.told.insert(chat);
        own.max(all).map(|left| (left, told || own.is_some()))
    }

    /// Whether the published limits allow a message now.
    pub(super) fn allow(&mut self, chat: i64, now: Instant, second: Duration) -> bool {
        let (size, each) = match chat < 0 {
            true => (GROUP_A_MINUTE, second * 3),
            false => (CHAT_BURST, second),
        };
        Bucket::take(self.chats.entry(chat).or_default(), now, size, each)
            && Bucket::take(&mut self.all, now, ALL_A_SECOND, second.div_f64(ALL_A_SECOND))
    }
}
