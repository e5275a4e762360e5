//! What concerns more than one conversation: events outside, incidents, how much the bot may do.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::event::Demotion;
use crate::domain::ids::{ConversationId, Place};
use crate::domain::ticket::TicketRef;
use async_trait::async_trait;

/// What becomes of a ticket that stands for a matter of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incident {
    /// It stands already, for this conversation, too, from now on.
    Stands(TicketRef),
    /// Whoever asked is to open it.
    Yours,
    /// Another is about to open it: ask again in a moment.
    Opening,
}

/// What concerns more than one conversation.
#[async_trait]
pub trait Matters: Send + Sync {
    /// Conversations in which a playbook waits for this, and those that the ticket stands for to which it happened.
    async fn concerned(&self, name: &str, about: &str) -> Result<Vec<ConversationId>, Unavailable>;

    /// Joins a matter, or begins it. The same place again gets the same answer.
    async fn join_incident(&self, key: &str, place: Place, at: Time) -> Result<Incident, Unavailable>;

    /// Its ticket stands.
    async fn incident_opened(&self, key: &str, place: Place, ticket: &TicketRef) -> Result<(), Unavailable>;

    /// Whoever was to open its ticket could not: the next may try.
    async fn incident_given_up(&self, key: &str, place: Place) -> Result<(), Unavailable>;

    /// Its ticket is solved: the next of its kind is another matter.
    async fn incident_over(&self, number: &str) -> Result<(), Unavailable>;

    /// Intents that may do less by themselves than their policy says.
    async fn demotions(&self) -> Result<Vec<Demotion>, Unavailable>;

    /// Demotes an intent, in place of what was said of it before.
    async fn demote(&self, demotion: &Demotion, at: Time) -> Result<(), Unavailable>;

    /// The intent may do again what its policy says, and its error budget begins anew.
    async fn restore_level(&self, intent: &str, because: &str, by: &str, at: Time)
    -> Result<(), Unavailable>;
}
