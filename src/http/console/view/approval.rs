//! What a playbook asks a human to approve.

use super::Named;
use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::ids::Seq;
use crate::playbook::Playbook;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A proposal that waits for a word.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Approval {
    /// Its place in the log; names it.
    id: i64,
    /// One line.
    title: String,
    /// What one needs to know to decide.
    details: String,
    /// Who is asked.
    team: Named,
    /// What may be changed: a text, a number or a yes or no, by name.
    #[schema(value_type = Object)]
    editable: BTreeMap<String, Value>,
    /// When it is decided without a human.
    #[schema(value_type = String, format = DateTime)]
    until: Time,
}

impl Approval {
    pub(super) fn all(talk: &Conversation, book: &Playbook) -> Vec<Self> {
        talk.open_approvals().filter_map(|(seq, _)| Self::of(talk, seq, book)).collect()
    }

    /// The proposal at a place of the log, while it waits.
    pub(in crate::http::console) fn of(talk: &Conversation, seq: Seq, book: &Playbook) -> Option<Self> {
        let (_, approval) = talk.open_approvals().find(|(place, _)| *place == seq)?;
        let proposal = &approval.proposal;
        Some(Self {
            id: seq,
            title: proposal.title.clone(),
            details: proposal.details.clone(),
            team: Named::team(&proposal.team, book),
            editable: proposal.editable.clone(),
            until: proposal.until,
        })
    }
}
