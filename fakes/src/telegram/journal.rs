//! What happened at the fake: the oracle of delivery tests.

use serde_json::Value;
use std::time::Duration;

/// All of it, in order. Times are since the fake's start.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Every call of a method, also those refused or cut.
    pub requests: Vec<Request>,
    /// Every message accepted from the bot.
    pub sent: Vec<Sent>,
    /// Sends that came before a wait that had been ordered was over.
    pub early: Vec<Early>,
    /// Requests and answers that break the spec; methods that the fake does not know.
    pub violations: Vec<String>,
    /// Calls of the webhook: update and the status that came back (0: none).
    pub webhook_calls: Vec<(i64, u16)>,
    /// Presses that were answered, by id, with the text shown.
    pub presses_answered: Vec<(String, String)>,
}

/// One call of a method.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it came.
    pub at: Duration,
    /// As the spec spells it.
    pub method: String,
    /// Its parameters.
    pub params: Value,
    /// The status of the answer; `None` where the link was cut instead (or the caller had left).
    pub status: Option<u16>,
}

/// One send that came too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// When.
    pub at: Duration,
    /// Where.
    pub chat: i64,
    /// Whether the bot had been told at this very chat. (That the whole bot must wait, Telegram does not say: it shows
    /// only at the next chat.)
    pub told: bool,
}

/// One message of the bot.
#[derive(Debug, Clone)]
pub struct Sent {
    /// When it was accepted.
    pub at: Duration,
    /// Where.
    pub chat: i64,
    /// Its id there.
    pub message_id: i64,
    /// Its words, without mark-up.
    pub text: String,
    /// The message as it was first shown.
    pub message: Value,
    /// Whether the bot was told: no if the link was cut after it was accepted.
    pub told: bool,
}

impl Journal {
    /// The calls of one method.
    #[must_use]
    pub fn calls(&self, method: &str) -> Vec<&Request> {
        self.requests.iter().filter(|request| request.method.eq_ignore_ascii_case(method)).collect()
    }

    /// The words accepted for a chat, in order.
    #[must_use]
    pub fn texts(&self, chat: i64) -> Vec<&str> {
        self.sent.iter().filter(|sent| sent.chat == chat).map(|sent| sent.text.as_str()).collect()
    }
}
