//! Waits that Telegram ordered (429): nothing is sent before they are over, not even after a restart.

use crate::{Intake, IntakeError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{sync::OnceCell, time::Instant};

const KEY: &str = "telegram/pause/";
const ALL: &str = "all";
/// Telegram does not say whether it means the chat or the bot. Refusals of this many chats in a row, with none
/// accepted between them, all until about the same time, mean the bot.
const CHATS_OF_A_FLOOD: usize = 3;
/// What was remembered is not trusted beyond this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

pub(super) struct Pauses {
    intake: Arc<dyn Intake>,
    second: Duration,
    loaded: OnceCell<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: Option<Instant>,
    chats: HashMap<i64, Instant>,
    refused: Vec<(i64, Instant)>,
}

impl Pauses {
    pub(super) fn new(intake: Arc<dyn Intake>, second: Duration) -> Self {
        Self { intake, second, loaded: OnceCell::new(), state: Mutex::default() }
    }

    /// Reads, once, what an earlier process was told.
    pub(super) async fn load(&self) -> Result<(), IntakeError> {
        self.loaded.get_or_try_init(|| self.read()).await.copied()
    }

    async fn read(&self) -> Result<(), IntakeError> {
        let now = wall_millis();
        for (key, until) in self.intake.recall(KEY).await? {
            let left = until.parse::<u64>().unwrap_or_default().saturating_sub(now);
            if left == 0 {
                continue;
            }
            let until = Instant::now() + Duration::from_millis(left).min(LONGEST);
            let mut state = self.state();
            match key.strip_prefix(KEY).unwrap_or_default() {
                ALL => state.all = Some(until),
                chat => drop(chat.parse().map(|chat| state.chats.insert(chat, until))),
            }
        }
        Ok(())
    }

    /// How long this chat must wait.
    pub(super) fn left(&self, chat: i64) -> Option<Duration> {
        let state = self.state();
        let until = state.all.into_iter().chain(state.chats.get(&chat).copied()).max()?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// Telegram took a message.
    pub(super) fn accepted(&self) {
        self.state().refused.clear();
    }

    /// Telegram wants to be left alone for that many of its seconds; returns how long that is.
    pub(super) async fn refused(&self, chat: i64, seconds: u64) -> Duration {
        let wait = self.second.saturating_mul(u32::try_from(seconds).unwrap_or(u32::MAX)).min(LONGEST);
        let whole_bot = self.note(chat, Instant::now() + wait);
        let until =
            wall_millis().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)).to_string();
        let name = if whole_bot { ALL.to_owned() } else { chat.to_string() };
        if let Err(error) = self.intake.remember(&format!("{KEY}{name}"), &until).await {
            tracing::warn!(%error, "a wait that Telegram ordered would not survive a restart");
        }
        wait
    }

    /// Whether it is the whole bot that must wait.
    fn note(&self, chat: i64, until: Instant) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        state.chats.retain(|_, until| *until > now);
        state.chats.insert(chat, until);
        let apart = |a: Instant, b: Instant| a.max(b) - a.min(b);
        // Whole seconds are told, and answers travel.
        let same = self.second * 2;
        state.refused.retain(|(other, end)| *other != chat && apart(*end, until) <= same);
        state.refused.push((chat, until));
        let whole_bot = state.refused.len() >= CHATS_OF_A_FLOOD;
        if whole_bot {
            tracing::warn!("Telegram asks the whole bot to wait");
            state.all = state.all.max(Some(until));
        }
        whole_bot
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970: the only clock that two processes share.
#[expect(
    clippy::disallowed_methods,
    reason = "a wait must outlive the process; nothing is decided by it but that"
)]
pub(super) fn wall_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
