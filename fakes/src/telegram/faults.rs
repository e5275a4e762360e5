//! Trouble to order.

use rand::{Rng as _, rngs::StdRng};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// 429, and whoever comes back before the time is refused again and noted in [`super::Journal::early`].
    FloodWait {
        /// Telegram's seconds.
        seconds: u64,
        /// Whether the whole bot must wait, or the chat only.
        whole_bot: bool,
    },
    /// A refusal in the Bot API's JSON; nothing is accepted.
    Refuse {
        /// The status.
        code: u16,
        /// E.g. "Bad Request: can't parse entities".
        description: String,
    },
    /// A gateway's HTML page; nothing is accepted.
    Gateway {
        /// E.g. 502.
        code: u16,
    },
    /// The link is cut before anything is accepted.
    CutBefore,
    /// The call is done, then the link is cut.
    CutAfter,
    /// The call is done, the answer comes late.
    Late(Duration),
    /// The call is done, but the answer is 200 with no JSON.
    Nonsense,
}

/// An order for trouble.
#[derive(Debug, Clone)]
pub struct Order {
    method: String,
    chat: Option<i64>,
    times: Option<u32>,
    chance: f64,
    pub(super) trouble: Trouble,
}

impl Order {
    /// The next call of a method (`"file"`: the next download) meets it.
    #[must_use]
    pub fn next(method: &str, trouble: Trouble) -> Self {
        Self { method: method.to_ascii_lowercase(), chat: None, times: Some(1), chance: 1.0, trouble }
    }

    /// So many calls meet it.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// All calls meet it until it is cancelled.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Only calls for that chat.
    #[must_use]
    pub fn in_chat(mut self, chat: i64) -> Self {
        self.chat = Some(chat);
        self
    }

    /// Only this share of the calls (0 to 1), drawn by the fake's seed.
    #[must_use]
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }

    pub(super) fn meets(&mut self, method: &str, chat: Option<i64>, dice: &mut StdRng) -> bool {
        let meant = self.method == method.to_ascii_lowercase()
            && (self.chat.is_none() || self.chat == chat)
            && self.times != Some(0)
            && (self.chance >= 1.0 || dice.random_bool(self.chance.clamp(0.0, 1.0)));
        if meant {
            self.times = self.times.map(|times| times - 1);
        }
        meant
    }
}
