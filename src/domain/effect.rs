//! What only the outbox does, and what came of it.

use super::Time;
use super::code::Claim;
use super::event::{Author, Entry, Event};
use super::ids::{Place, Seq};
use super::ticket::{NewTicket, Outside, Priority, TicketRef, TicketStatus};
use channels::{Attachment, Channel, Choice, Citation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the lanes of tickets in other systems begin: there a dead letter holds up what comes after it.
pub const MIRROR_LANE: &str = "mirror/";

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
        /// Whether an agent says it: such a message is never repeated when nobody knows whether it arrived.
        #[serde(default)]
        by_agent: bool,
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
    /// Tell a team by one of the channels that are set up.
    Tell {
        /// By which, such as `slack`.
        channel: String,
        /// Which team.
        team: String,
        /// What; plain text.
        text: String,
        /// How loud.
        priority: Priority,
    },
    /// Open one of our tickets in the system of somebody else's, too: it did not come about at once.
    Mirror(Mirror),
    /// Add a comment to the ticket there.
    Comment {
        /// Our number.
        ticket: String,
        /// What; plain text.
        text: String,
        /// Where it is to stand there from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<TicketStatus>,
        /// How soon it is wanted from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
    },
    /// Add a customer's file to the ticket there.
    Attach {
        /// Our number.
        ticket: String,
        /// Which.
        file: Attachment,
    },
    /// Have another system change something.
    Act {
        /// The action's id.
        action: String,
        /// The content address of the action as it was asked for: a changed one is not run.
        version: String,
        /// What it takes.
        input: Value,
        /// The act that it undoes: an agent asked for it, and no playbook waits for what comes of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undoes: Option<Seq>,
    },
    /// Send the customer a one-time code, to the address of the account that they claim.
    SendCode {
        /// Which account.
        claim: Claim,
    },
}

/// A ticket that stands here and not yet there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirror {
    /// Our number.
    pub number: String,
    /// The event that asked for the ticket: its key over there.
    pub key: Place,
    /// When that key came to be.
    pub born: Time,
    /// What is to stand there.
    pub ticket: NewTicket,
    /// When the last try began of which nobody knows what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Time>,
    /// Not before: the other side asked for patience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Why it did not come about at once, for an agent.
    pub cause: String,
}

impl Effect {
    /// The effect that an event of a conversation on that channel causes: the one it asks for, or the sending of what
    /// is said where it must be carried to a platform.
    #[must_use]
    pub fn of(entry: &Entry, channel: Channel) -> Option<Self> {
        match &entry.event {
            Event::Requested { effect } => Some(effect.clone()),
            Event::Said { author, text, choices, citations, .. } if channel.pushes() => Some(Self::Send {
                author: match author {
                    Author::Bot => "bot".to_owned(),
                    Author::Agent(person) => person.name.clone(),
                    Author::System => "system".to_owned(),
                },
                text: text.clone(),
                choices: choices.clone(),
                citations: citations.clone(),
                by_bot: *author == Author::Bot,
                by_agent: matches!(author, Author::Agent(_)),
            }),
            _ => None,
        }
    }

    /// The name used in logs, metrics and the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::OpenTicket(_) => "ticket",
            Self::Notify { .. } => "notify",
            Self::Tell { .. } => "tell",
            Self::Mirror(_) => "mirror",
            Self::Comment { .. } => "comment",
            Self::Attach { .. } => "attach",
            Self::Act { .. } => "act",
            Self::SendCode { .. } => "code",
        }
    }

    /// Effects of one lane of a conversation are done in order; those of different lanes side by side.
    #[must_use]
    pub fn lane(&self) -> String {
        match self {
            Self::Act { action, .. } => format!("act/{action}"),
            Self::Tell { channel, .. } => format!("tell/{channel}"),
            Self::Mirror(Mirror { number: ticket, .. }) | Self::Comment { ticket, .. } => {
                format!("{MIRROR_LANE}{ticket}")
            }
            // Beside what is said of the ticket: a file that is not taken holds up nothing else.
            Self::Attach { ticket, .. } => format!("attach/{ticket}"),
            other => other.name().to_owned(),
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
        /// Whether it may be there twice: nobody could know whether an earlier try had arrived.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        perhaps_twice: bool,
    },
    /// The ticket stands.
    TicketOpened(TicketRef),
    /// The team was told.
    Notified,
    /// Our ticket stands in the other system, too.
    Mirrored {
        /// Our number.
        number: String,
        /// It, over there.
        outside: Outside,
    },
    /// The comment stands there.
    Commented,
    /// The other system did it.
    Acted {
        /// What it answered, as the action promises it.
        output: Value,
    },
    /// The code is on its way.
    CodeSent,
    /// None was sent, and the customer must not learn of it.
    CodeUnsent {
        /// Why, for an agent.
        cause: String,
    },
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
