//! What only the outbox does, and what came of it.

use super::ticket::{NewTicket, Priority, TicketRef};
use channels::{Choice, Citation};
use serde::{Deserialize, Serialize};

/// One act on the outside world. It is named by the place in the log that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Carry a message to a platform that must be pushed to.
    Send {
        /// Who speaks.
        author: String,
        /// What.
        text: String,
        /// Buttons.
        choices: Vec<Choice>,
        /// Sources.
        citations: Vec<Citation>,
        /// Whether the bot says it: such a message is dropped when a human takes over first.
        by_bot: bool,
    },
    /// Open a ticket.
    OpenTicket(NewTicket),
    /// Tell a team.
    Notify {
        /// Which.
        team: String,
        /// What; plain text.
        text: String,
        /// How loud.
        priority: Priority,
    },
}

impl Effect {
    /// The name used in logs, metrics and the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::OpenTicket(_) => "ticket",
            Self::Notify { .. } => "notify",
        }
    }
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The platform took the message.
    Delivered {
        /// Its id there.
        external_id: String,
    },
    /// The ticket stands.
    TicketOpened(TicketRef),
    /// The team was told.
    Notified,
    /// Not done because a human had taken over.
    Dropped,
    /// Surely not done.
    Failed {
        /// Why, for an agent.
        cause: String,
    },
    /// Nobody can know whether it was done; it is not repeated.
    InDoubt {
        /// Why, for an agent.
        cause: String,
    },
}
