//! A ticket system of somebody else's, beside our own tickets.

use super::CallError;
use super::storage::StoredUpload;
use crate::domain::Time;
use crate::domain::ids::Place;
use crate::domain::ticket::{NewTicket, Outside, Priority, TicketStatus};
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
    /// Where it stands now, if that is told.
    pub status: Option<TicketStatus>,
    /// What somebody wrote below it.
    pub remark: Option<Remark>,
}

/// What somebody wrote below a ticket there; never what we wrote ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The vendor's id of it, the same however it is heard of.
    pub id: String,
    /// Who.
    pub author: String,
    /// What; hostile text.
    pub text: String,
    /// Whether the vendor shows it to the customer.
    pub public: bool,
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
    async fn open(&self, ticket: &Mirrored, tried: Option<Duration>) -> Result<Outside, CallError>;

    /// Adds an internal comment, once for each key.
    async fn comment(
        &self,
        id: &str,
        key: Place,
        born: Time,
        text: &str,
        tried: Option<Duration>,
    ) -> Result<(), CallError>;

    /// Changes what is given; the same again changes nothing.
    async fn change(
        &self,
        id: &str,
        status: Option<TicketStatus>,
        priority: Option<Priority>,
        at: Time,
    ) -> Result<(), CallError>;

    /// Adds a customer's file, once for each key; where the system takes none or not this one, a line that names it.
    async fn attach(
        &self,
        id: &str,
        key: Place,
        born: Time,
        file: &StoredUpload,
        tried: Option<Duration>,
    ) -> Result<(), CallError>;

    /// What others wrote below a ticket since then, the newest at most.
    async fn remarks(&self, id: &str, since: Time) -> Result<Vec<Remark>, CallError>;

    /// Where a ticket stands there.
    async fn status(&self, id: &str) -> Result<TicketStatus, CallError>;

    /// Whether the system tells us of changes by itself, so that it need not be asked.
    fn tells(&self) -> bool;

    /// What a request from the vendor tells, once its signature is found right.
    fn hear(&self, headers: &[(String, Vec<u8>)], body: &[u8], now: Time) -> Result<Vec<Heard>, Unheard>;

    /// Whether it answers and knows us, without creating anything; a sentence where it does not.
    async fn examine(&self) -> Result<(), String>;
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
