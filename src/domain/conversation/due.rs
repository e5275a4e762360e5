//! When the bot must look again.

use super::{Conversation, State};
use crate::domain::Time;
use crate::domain::run::Run;

impl Conversation {
    /// When the bot must look at this conversation again; `None` is never, unless something happens.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        match &self.state {
            State::Bot => {
                let undecided = self.pending.iter().find(|pending| !pending.decided);
                let until = undecided.and_then(|message| self.consulting(message.seq));
                if self.acting() {
                    None
                } else if self.runs().any(|run| self.has_come(run)) {
                    Some(self.updated_at)
                } else if let Some(asked) = until {
                    self.runs().filter_map(Run::until).chain([asked.question.until]).min()
                } else if undecided.is_some() {
                    Some(self.updated_at)
                } else {
                    self.runs().filter_map(Run::until).chain(self.silence()).min()
                }
            }
            State::Queued { wrote_again: true, reassured: false, .. } => Some(self.updated_at),
            State::Queued { told: false, ticket_asked: true, .. } if self.opening_ticket() => None,
            State::Queued { overdue_at, told: false, .. } => Some(*overdue_at),
            State::Queued { .. } | State::Human { .. } | State::Resolved { .. } => None,
        }
    }
}
