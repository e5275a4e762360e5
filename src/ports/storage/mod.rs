//! Where everything is kept. Two databases stand behind these traits; one set of contract tests holds both to them.

mod budgets;
mod codes;
mod conversations;
mod firings;
mod matters;
mod memory;
mod outbox;
mod overview;
mod people;
mod polls;
mod records;
mod spending;
mod switches;
mod tickets;

pub use budgets::{Budgets, Marks, RuleHits};
pub use codes::{Claims, CodeTry, Codes, IssuedCode};
pub use conversations::{Commit, CommitError, Committed, Conversations, Counts, Row, RowFilter, Seen, View};
pub use firings::{Firing, FiringFilter, Firings};
pub use matters::{Incident, Matters};
pub use memory::Memory;
pub use outbox::{Count, Item, Letter, Outbox};
pub use overview::{FiringCount, Overview, StepSpending, Untaken};
pub use people::{People, Session, SessionKind, User};
pub use polls::{PollHealth, PollPlace, Polled, PolledRow, Polls};
pub use records::{Customers, Releases, StoredUpload, Uploads};
pub use switches::{DeskEvent, Switches};
pub use tickets::{Mirrored, TicketChange, TicketEntry, TicketFilter, TicketRecord, TicketStore};

pub use spending::{Spending, SpendingBooks, Spent};

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

/// The standing of the one process that acts on the world.
#[async_trait]
pub trait Lead: Send + Sync {
    /// Whether it still stands. Whoever hears no must stop acting at once.
    async fn stands(&mut self) -> bool;
}

/// Everything kept.
#[async_trait]
pub trait Storage:
    Conversations
    + Outbox
    + Matters
    + Codes
    + Firings
    + Polls
    + Budgets
    + Memory
    + Switches
    + SpendingBooks
    + Overview
    + Customers
    + TicketStore
    + People
    + Uploads
    + Releases
    + Send
    + Sync
{
    /// Whether a read and a durable write would succeed now.
    async fn ping(&self) -> Result<(), Unavailable>;

    /// Tries to become the one process that acts on the world: sends, and listens to the platforms. `None` while another
    /// is. Dropping it steps down; a process that dies steps down with its connection.
    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, Unavailable>;

    /// Finishes the writes that were asked for and lets the database go. Every later call is [`Unavailable`].
    async fn close(&self);

    /// Which database it is: `sqlite` or `postgres`.
    fn kind(&self) -> &'static str;
}
