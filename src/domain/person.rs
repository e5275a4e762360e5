//! The people at the desk.

use super::ids::UserId;
use serde::{Deserialize, Serialize};

/// What a person at the desk may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, including people, keys, prompts and policies.
    Admin,
    /// Conversations and tickets.
    Agent,
    /// Reads, changes nothing.
    Analyst,
}

impl Role {
    /// The name used on the command line and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Analyst => "analyst",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Agent, Self::Analyst].into_iter().find(|role| role.name() == name)
    }

    /// Whether this role may talk to customers.
    #[must_use]
    pub fn may_answer(self) -> bool {
        matches!(self, Self::Admin | Self::Agent)
    }
}

/// A person as the log names them: the name as it was when they acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    /// Who.
    pub id: UserId,
    /// The name shown to customers and colleagues.
    pub name: String,
}
