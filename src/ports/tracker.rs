//! A ticket system of somebody else's, beside our own tickets.

use crate::domain::Time;
use crate::domain::ids::Place;
use crate::domain::ticket::{NewTicket, Outside, TicketStatus};
use async_trait::async_trait;
use std::time::Duration;

/// A ticket to be opened there, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// Names it for good: it goes into the ticket there and is looked for before a doubtful try.
    pub key: Place,
    /// When the key came to be; the vendor's lists are read back to that time.
    pub born: Time,
    /// Our number.
    pub number: String,
    /// What.
    pub ticket: NewTicket,
    /// Who wants it: a name and an address, where known.
    pub requester: Option<(String, String)>,
}

/// What a vendor's event tells of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Which, by the vendor's id.
    pub id: String,
    /// Where it stands now.
    pub status: TicketStatus,
}

/// The system that tickets are mirrored in.
///
/// `tried` is the time since the beginning of the last try of the same key that may have done it: that ended in doubt,
/// or did not end. Tries of one key must not run side by side.
#[async_trait]
pub trait Tracker: Send + Sync {
    /// Which system: `redmine`, `jira` …
    fn system(&self) -> &'static str;

    /// Opens the ticket, or finds the one that this key has opened before.
    async fn open(&self, ticket: &Mirrored, tried: Option<Duration>) -> Result<Outside, TrackerError>;

    /// Adds an internal comment, once for each key.
    async fn comment(
        &self,
        id: &str,
        key: Place,
        born: Time,
        text: &str,
        tried: Option<Duration>,
    ) -> Result<(), TrackerError>;

    /// Where a ticket stands there.
    async fn status(&self, id: &str) -> Result<TicketStatus, TrackerError>;

    /// Whether the system tells us of changes by itself, so that it need not be asked.
    fn tells(&self) -> bool;

    /// What a request from the vendor tells, once its signature is found right.
    fn hear(&self, headers: &[(String, Vec<u8>)], body: &[u8], now: Time) -> Result<Vec<Heard>, Unheard>;

    /// Whether it answers and knows us, without creating anything; a sentence where it does not.
    async fn examine(&self) -> Result<(), String>;
}

/// Why something was not done there, by what the outbox must do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackerError {
    /// Surely not done; the same again may succeed.
    #[error("{0}")]
    Retry(String),
    /// Surely not done; a try before `after` has passed is useless.
    #[error("{cause}")]
    Later {
        /// In the other side's words.
        cause: String,
        /// How long to wait.
        after: Duration,
    },
    /// Surely not done, and the same again would fail the same.
    #[error("{0}")]
    Refused(String),
    /// It may have been done: the same key is looked for before it is done again.
    #[error("{0}")]
    InDoubt(String),
}

/// Why a vendor's request tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// Not from the vendor.
    #[error("{0}")]
    Forged(String),
    /// From the vendor, but not understood.
    #[error("{0}")]
    Unreadable(String),
    /// No secret is set, or the vendor sends none.
    #[error("{0}")]
    NotOffered(String),
}
