//! The desk's own tickets.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::ids::{ConversationId, CustomerId, Place, UserId};
use crate::domain::ticket::{NewTicket, Outside, Priority, TicketRef, TicketStatus};
use async_trait::async_trait;

/// A built-in ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRecord {
    /// Ours, rising.
    pub number: i64,
    /// What was asked for.
    pub ticket: NewTicket,
    /// Where it stands.
    pub status: TicketStatus,
    /// The conversation it came from.
    pub conversation: ConversationId,
    /// Whose matter it is.
    pub customer: CustomerId,
    /// Who has it.
    pub assignee: Option<UserId>,
    /// The same ticket in a system of somebody else's, once it stands there.
    pub outside: Option<Outside>,
    /// Where it stood there when that was last heard: only what differs from this has changed there.
    pub there: Option<TicketStatus>,
    /// When it was opened.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl TicketRecord {
    /// As a conversation refers to it.
    #[must_use]
    pub fn reference(&self) -> TicketRef {
        TicketRef {
            number: format!("T-{}", self.number),
            title: self.ticket.title.clone(),
            priority: self.ticket.priority,
            joined: false,
            outside: self.outside.clone(),
            late: false,
        }
    }

    /// The number that a reference names: `T-1001`, or without the letters.
    #[must_use]
    pub fn number_of(reference: &str) -> Option<i64> {
        reference.strip_prefix("T-").unwrap_or(reference).parse().ok()
    }
}

/// What is to be changed about a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketChange {
    /// Where it stands.
    pub status: Option<TicketStatus>,
    /// How soon.
    pub priority: Option<Priority>,
    /// Who has it; `Some(None)` is nobody.
    pub assignee: Option<Option<UserId>>,
    /// Where it stands in the other system, as just heard.
    pub there: Option<TicketStatus>,
    /// Who changes it, for its history.
    pub by: String,
}

/// One line of a ticket's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEntry {
    /// When.
    pub at: Time,
    /// Who: a person, the desk or a system outside.
    pub who: String,
    /// What, as a sentence; it may be a customer's or another system's.
    pub what: String,
}

/// Where a ticket stands beside this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirrored {
    /// Nowhere, and nothing is under way.
    No,
    /// Something is on its way to the system outside.
    Waiting,
    /// All of it is there.
    Yes,
    /// Something was not taken in all its tries: a dead letter.
    Failed,
}

/// A page of tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketFilter {
    /// Only these.
    pub status: Option<TicketStatus>,
    /// Only those of this conversation.
    pub conversation: Option<ConversationId>,
    /// Only these.
    pub priority: Option<Priority>,
    /// Only those of this team.
    pub team: Option<String>,
    /// Only those that this person has; `Some(None)` are those that nobody has.
    pub assignee: Option<Option<UserId>>,
    /// Only those that stand so beside this desk.
    pub mirrored: Option<Mirrored>,
    /// Words in the title, the number here or there, or the customer's name or address.
    pub search: Option<String>,
    /// Where the page begins; anything that is no cursor of this list means its beginning.
    pub cursor: Option<String>,
    /// How many, 1 to 200.
    pub limit: i64,
}

/// The built-in tickets. Numbers begin at 1001.
#[async_trait]
pub trait TicketStore: Send + Sync {
    /// Opens a ticket, or returns the one that this key has opened.
    async fn open_ticket(
        &self,
        key: Place,
        customer: CustomerId,
        ticket: &NewTicket,
        at: Time,
    ) -> Result<TicketRecord, Unavailable>;

    /// A page.
    async fn tickets(&self, filter: &TicketFilter) -> Result<Page<TicketRecord>, Unavailable>;

    /// One ticket.
    async fn ticket(&self, number: i64) -> Result<Option<TicketRecord>, Unavailable>;

    /// Changes what is given, with a line of history each; `None` if there is no such ticket.
    async fn change_ticket(
        &self,
        number: i64,
        change: &TicketChange,
        at: Time,
    ) -> Result<Option<TicketRecord>, Unavailable>;

    /// Adds a line to a ticket's history; the same `once` again changes nothing.
    async fn note_ticket(&self, number: i64, entry: &TicketEntry, once: &str) -> Result<(), Unavailable>;

    /// Whether a line with that `once` stands in a ticket's history.
    async fn is_noted(&self, number: i64, once: &str) -> Result<bool, Unavailable>;

    /// A ticket's history, oldest first, the last 200 lines.
    async fn ticket_history(&self, number: i64) -> Result<Vec<TicketEntry>, Unavailable>;

    /// The ticket stands in another system, too; so do the matters of many that it stands for.
    async fn mirror_ticket(&self, number: i64, outside: &Outside, at: Time) -> Result<(), Unavailable>;

    /// Our ticket that has this id in that system.
    async fn ticket_outside(&self, system: &str, id: &str) -> Result<Option<TicketRecord>, Unavailable>;

    /// Takes tickets that stand in that system, are not solved, and were not asked about since `before`, and notes that
    /// they are asked about at `now`: of several processes one gets each.
    async fn tickets_to_ask(
        &self,
        system: &str,
        before: Time,
        now: Time,
        limit: i64,
    ) -> Result<Vec<TicketRecord>, Unavailable>;

    /// How many open tickets a customer has.
    async fn open_tickets_of(&self, customer: CustomerId) -> Result<i64, Unavailable>;
}
