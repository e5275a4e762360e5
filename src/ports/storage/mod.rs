//! Where everything is kept. Two databases stand behind these traits; one set of contract tests holds both to them.

mod conversations;
mod outbox;
mod people;
mod records;

pub use conversations::{Commit, CommitError, Committed, Conversations, Counts, Row, RowFilter, Seen, View};
pub use outbox::{Item, Outbox};
pub use people::{People, Session, SessionKind, User};
pub use records::{Customers, Releases, StoredUpload, TicketFilter, TicketRecord, TicketStore, Uploads};

use async_trait::async_trait;

/// The database did not do it; the same call may succeed later. All or nothing: where only the answer was lost, all of
/// it was written, and the same commit again is `Already` or `Conflict`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database did not answer: {0}")]
pub struct Unavailable(pub String);

/// A page of a list and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// An opaque cursor; `None` at the end.
    pub next: Option<String>,
}

/// Everything kept.
#[async_trait]
pub trait Storage:
    Conversations + Outbox + Customers + TicketStore + People + Uploads + Releases + Send + Sync
{
    /// Whether a read and a durable write would succeed now.
    async fn ping(&self) -> Result<(), Unavailable>;

    /// Finishes the writes that were asked for and lets the database go. Every later call is [`Unavailable`].
    async fn close(&self);

    /// Which database it is: `sqlite` or `postgres`.
    fn kind(&self) -> &'static str;
}
