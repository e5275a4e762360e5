//! Customers, tickets, uploads and releases.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::customer::Customer;
use crate::domain::ids::{ConversationId, CustomerId, Place, UploadId};
use crate::domain::release::{Content, ReleaseId};
use crate::domain::ticket::{NewTicket, Priority, TicketRef, TicketStatus};
use async_trait::async_trait;
use channels::Channel;

/// Who writes.
#[async_trait]
pub trait Customers: Send + Sync {
    /// The customer behind a platform's id.
    async fn customer_of(&self, channel: Channel, sender: &str) -> Result<Option<Customer>, Unavailable>;

    /// By id.
    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, Unavailable>;

    /// The customer of the desk owner's own id (signed identities only).
    async fn customer_by_external(&self, external: &str) -> Result<Option<Customer>, Unavailable>;

    /// Writes the record, whole.
    async fn put_customer(&self, customer: Customer, at: Time) -> Result<(), Unavailable>;

    /// Binds a platform's id to a customer, in place of whom it was bound to: only on proof that it is theirs.
    async fn rebind(&self, channel: Channel, sender: &str, customer: CustomerId) -> Result<(), Unavailable>;

    /// Binds a platform's id to a customer. The first binding wins; returns the customer it is bound to.
    async fn bind(
        &self,
        channel: Channel,
        sender: &str,
        customer: CustomerId,
    ) -> Result<CustomerId, Unavailable>;
}

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
        }
    }
}

/// A page of tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketFilter {
    /// Only these.
    pub status: Option<TicketStatus>,
    /// Only those of this conversation.
    pub conversation: Option<ConversationId>,
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

    /// Changes status and priority where given; `None` if there is no such ticket.
    async fn change_ticket(
        &self,
        number: i64,
        status: Option<TicketStatus>,
        priority: Option<Priority>,
        at: Time,
    ) -> Result<Option<TicketRecord>, Unavailable>;

    /// How many open tickets a customer has.
    async fn open_tickets_of(&self, customer: CustomerId) -> Result<i64, Unavailable>;
}

/// A file from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpload {
    /// Ours.
    pub id: UploadId,
    /// Who sent it.
    pub customer: CustomerId,
    /// Its name, as they gave it.
    pub name: String,
    /// The type found in its content.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Files.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Keeps a file.
    async fn put_upload(&self, upload: StoredUpload, at: Time) -> Result<(), Unavailable>;

    /// Reads it.
    async fn upload(&self, id: UploadId) -> Result<Option<StoredUpload>, Unavailable>;
}

/// Releases: immutable, only ever added.
#[async_trait]
pub trait Releases: Send + Sync {
    /// Keeps a release; the same one again changes nothing.
    async fn put_release(&self, id: &ReleaseId, content: &Content, at: Time) -> Result<(), Unavailable>;

    /// Reads it.
    async fn release(&self, id: &ReleaseId) -> Result<Option<Content>, Unavailable>;
}
