//! A ticket system.

use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use crate::domain::ticket::{NewTicket, TicketRef};
use async_trait::async_trait;

/// Opens tickets. The key is kept with the ticket: the same key again gives the same ticket.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Opens one, or finds the one that this key has opened before.
    async fn open(
        &self,
        key: Place,
        customer: CustomerId,
        ticket: &NewTicket,
        at: Time,
    ) -> Result<TicketRef, TicketError>;
}

/// Why no ticket was opened, by what the outbox must do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Try again later.
    #[error("the ticket system did not answer: {0}")]
    Retry(String),
    /// It will never take this one.
    #[error("the ticket system refused: {0}")]
    Refused(String),
}
