//! Where a ticket stands beside this desk.

use crate::domain::Time;
use crate::ports::storage::{Mirrored, TicketRecord, Untaken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a ticket stands beside this desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TicketMirror)]
pub(in crate::http::console) struct Mirror {
    state: Standing,
    /// Why it is not there yet.
    #[schema(required)]
    cause: Option<String>,
    /// When it is tried again.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// The dead letter that an admin has to decide about.
    #[schema(required)]
    letter: Option<String>,
}

/// From nowhere to stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TicketStanding)]
pub(in crate::http::console) enum Standing {
    /// Only here, and nothing is under way.
    Here,
    /// Something is on its way to the system outside.
    Waiting,
    /// All of it is there.
    There,
    /// Something was not taken in all its tries.
    Failed,
}

impl Mirror {
    pub(in crate::http::console) fn of(record: &TicketRecord, untaken: Option<&Untaken>) -> Self {
        let text = |cause: &str| Some(cause.to_owned()).filter(|cause| !cause.is_empty());
        match untaken {
            Some(it) if it.dead => {
                let letter = Some(format!("{}.{}", it.place.conversation, it.place.seq));
                Self { state: Standing::Failed, cause: text(&it.cause), until: None, letter }
            }
            Some(it) => {
                Self { state: Standing::Waiting, cause: text(&it.cause), until: Some(it.due), letter: None }
            }
            None => {
                let state = if record.outside.is_some() { Standing::There } else { Standing::Here };
                Self { state, cause: None, until: None, letter: None }
            }
        }
    }
}

impl From<Standing> for Mirrored {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Here => Self::No,
            Standing::Waiting => Self::Waiting,
            Standing::There => Self::Yes,
            Standing::Failed => Self::Failed,
        }
    }
}
