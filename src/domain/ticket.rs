//! Tickets: the promise that somebody will look at it.

use serde::{Deserialize, Serialize};

/// What it is called when somebody writes below a ticket in the other system.
pub const COMMENTED: &str = "ticket.commented";

/// How soon somebody should look.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In turn.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// The name used in policies, the API and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// The priority of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High, Self::Urgent]
            .into_iter()
            .find(|priority| priority.name() == name)
    }
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketStatus {
    /// Nobody has solved it yet.
    Open,
    /// Waits for the customer or somebody else.
    Pending,
    /// Done.
    Solved,
}

impl TicketStatus {
    /// The name used in the API and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Solved => "solved",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Pending, Self::Solved].into_iter().find(|status| status.name() == name)
    }
}

/// What a ticket system is asked to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTicket {
    /// One line.
    pub title: String,
    /// What the agent needs to know.
    pub body: String,
    /// How soon.
    pub priority: Priority,
    /// Whose it is.
    pub team: String,
    /// The matter that it stands for, where it stands for many conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// A ticket as a conversation knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRef {
    /// Our own number, by which it is known here for good.
    pub number: String,
    /// One line.
    pub title: String,
    /// How soon.
    pub priority: Priority,
    /// Whether another conversation had opened it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
    /// The same ticket in a system of somebody else's, once it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Outside>,
    /// Whether it came to stand there only after our number had been told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

impl TicketRef {
    /// What the customer was told: the number that it has where it is worked on, if that was known at once.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.outside.as_ref().filter(|_| !self.late).map_or(&self.number, |outside| &outside.number)
    }
}

/// A ticket in a system of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// Which system.
    pub system: String,
    /// Its id there.
    pub id: String,
    /// What people call it there.
    pub number: String,
    /// Where people look at it: `http` or `https`, nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
