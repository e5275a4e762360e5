//! What the console shows, as the API gives it. The domain knows nothing of these forms.

pub(super) mod approval;
mod consulting;
pub(super) mod decision;
pub(in crate::http::console) mod effects;
pub(super) mod event;
pub(super) mod mirror;
pub(super) mod row;
pub(super) mod undoable;

use crate::domain::person::PersonRef;
use crate::domain::ticket::Priority as DomainPriority;
use crate::playbook::Playbook;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person or a team, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Person)]
pub(in crate::http) struct Named {
    /// Stable.
    pub(super) id: String,
    /// For people.
    pub(super) name: String,
}

impl Named {
    pub(super) fn person(person: &PersonRef) -> Self {
        Self { id: person.id.to_string(), name: person.name.clone() }
    }

    pub(in crate::http::console) fn team(id: &str, book: &Playbook) -> Self {
        let (_, team) = book.team(id);
        // A team of an earlier release keeps its id as its name.
        let name = book.teams.all.contains_key(id).then_some(team).flatten().map_or(id, |team| &team.name);
        Self { id: id.to_owned(), name: name.to_owned() }
    }
}

/// How soon somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

impl From<DomainPriority> for Priority {
    fn from(priority: DomainPriority) -> Self {
        match priority {
            DomainPriority::Low => Self::Low,
            DomainPriority::Normal => Self::Normal,
            DomainPriority::High => Self::High,
            DomainPriority::Urgent => Self::Urgent,
        }
    }
}

impl From<Priority> for DomainPriority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

/// Who has a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum State {
    Bot,
    Queued,
    Human,
    Resolved,
}

impl From<&crate::domain::conversation::State> for State {
    fn from(state: &crate::domain::conversation::State) -> Self {
        use crate::domain::conversation::State as Domain;
        match state {
            Domain::Bot => Self::Bot,
            Domain::Queued { .. } => Self::Queued,
            Domain::Human { .. } => Self::Human,
            Domain::Resolved { .. } => Self::Resolved,
        }
    }
}

/// How urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Urgency {
    Low,
    Medium,
    High,
}

impl From<nlu::signals::Urgency> for Urgency {
    fn from(urgency: nlu::signals::Urgency) -> Self {
        match urgency {
            nlu::signals::Urgency::Low => Self::Low,
            nlu::signals::Urgency::Medium => Self::Medium,
            nlu::signals::Urgency::High => Self::High,
        }
    }
}

/// In what mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Sentiment {
    Negative,
    Neutral,
    Positive,
}

impl From<nlu::signals::Sentiment> for Sentiment {
    fn from(sentiment: nlu::signals::Sentiment) -> Self {
        match sentiment {
            nlu::signals::Sentiment::Negative => Self::Negative,
            nlu::signals::Sentiment::Neutral => Self::Neutral,
            nlu::signals::Sentiment::Positive => Self::Positive,
        }
    }
}
