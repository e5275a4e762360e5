//! What other systems have done for a conversation and can undo.

use crate::domain::conversation::Conversation;
use crate::playbook::Playbook;
use serde::Serialize;
use utoipa::ToSchema;

/// An act that can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Undoable {
    /// The place in the log of the event that asked for it; names it.
    id: i64,
    /// What was done.
    name: String,
    /// What undoes it.
    by: String,
    /// With what it was done, a line each.
    details: String,
}

impl Undoable {
    pub(super) fn all(talk: &Conversation, book: &Playbook) -> Vec<Self> {
        let open = talk.done.iter().filter(|done| !done.undone).filter_map(|done| {
            let action = book.actions.get(&done.action)?;
            let by = book.actions.get(&action.undo.as_ref()?.action)?;
            let input = done.input.as_object().into_iter().flatten();
            let details: Vec<String> = input
                .map(|(name, value)| match value.as_str() {
                    Some(text) => format!("{name}: {text}"),
                    None => format!("{name}: {value}"),
                })
                .collect();
            Some(Self {
                id: done.seq,
                name: action.name.clone(),
                by: by.name.clone(),
                details: details.join("\n"),
            })
        });
        open.collect()
    }
}
