//! What is said of a ticket on our side of every vendor.

use crate::trouble::Trouble;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Names one ticket or comment for good: stable over tries, different for everything else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    text: String,
    born: DateTime<Utc>,
}

impl Key {
    /// A key: 1 to 80 letters, digits and `:`, `.`, `_`, `-`, and the time at which it came to be. Vendors' lists are
    /// read back to that time, so it must not be later than the first try.
    pub fn new(text: impl Into<String>, born: DateTime<Utc>) -> Result<Self, Trouble> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
        if (1..=80).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self { text, born })
        } else {
            Err(Trouble::unusable("a ticket's key is 1 to 80 letters, digits, `:`, `.`, `_` and `-`"))
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Not later than anything that carries the key, some minutes of unequal clocks allowed for.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.born - chrono::TimeDelta::minutes(5)
    }
}

/// How soon somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In turn.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// All, the lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.of(["low", "normal", "high", "urgent"])
    }

    /// The vendor's word for it, the lowest first.
    #[must_use]
    pub fn of<T: Copy>(self, words: [T; 4]) -> T {
        words[self as usize]
    }
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has solved it yet.
    Open,
    /// It waits for the customer or somebody else.
    Pending,
    /// Done.
    Solved,
}

impl Status {
    /// The vendor's word for it: open, pending, solved.
    #[must_use]
    pub fn of<T: Copy>(self, words: [T; 3]) -> T {
        words[self as usize]
    }
}

/// Who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// How they are called.
    pub name: String,
    /// Where they read.
    pub email: String,
}

/// A ticket to be opened. Its texts may be a customer's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTicket {
    /// One line.
    pub title: String,
    /// What the agent needs to know, as plain text.
    pub body: String,
    /// How soon.
    pub priority: Priority,
    /// Short words to sort by.
    pub tags: Vec<String>,
    /// Who wants it, where known.
    pub requester: Option<Requester>,
}

impl NewTicket {
    /// The title as vendors take it: one line of at most `most` characters, never empty.
    #[must_use]
    pub fn headline(&self, most: usize) -> String {
        let words: Vec<&str> = self.title.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        match line.chars().count() {
            0 => "(no title)".to_owned(),
            count if count > most => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
            _ => line,
        }
    }
}

/// What is to be changed about a ticket; what is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub status: Option<Status>,
    /// How soon.
    pub priority: Option<Priority>,
    /// When that was wanted: some vendors want to know until when something waits.
    pub at: DateTime<Utc>,
}

/// The vendor's own name of a ticket, by which it is addressed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RemoteId(String);

impl RemoteId {
    /// Reads an id out of an answer or of our own records: it becomes part of addresses, so it may hold letters,
    /// digits, `-` and `_` only.
    pub fn read(text: impl Into<String>) -> Result<Self, Trouble> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if (1..=100).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(Trouble::unexpected("the answer's ticket id is none"))
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A ticket over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// By which it is addressed.
    pub id: RemoteId,
    /// What people call it: `#42`, `DESK-42`.
    pub number: String,
    /// Where people look at it.
    pub url: Option<String>,
    /// Where it stands.
    pub status: Status,
}
