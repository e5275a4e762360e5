//! The built-in tickets, in the desk's own database.

use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use crate::domain::ticket::{NewTicket, TicketRef};
use crate::ports::storage::Storage;
use crate::ports::{TicketError, Tickets};
use async_trait::async_trait;
use std::sync::Arc;

/// Tickets of our own.
pub struct BuiltIn {
    storage: Arc<dyn Storage>,
}

impl BuiltIn {
    /// Tickets in this database.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }
}

#[async_trait]
impl Tickets for BuiltIn {
    async fn open(
        &self,
        key: Place,
        customer: CustomerId,
        ticket: &NewTicket,
        at: Time,
    ) -> Result<TicketRef, TicketError> {
        let opened = self.storage.open_ticket(key, customer, ticket, at).await;
        opened.map(|record| record.reference()).map_err(|error| TicketError::Retry(error.to_string()))
    }
}
