//! Forms of the site: whoever sends one has a conversation.

use super::{Triggers, Undone, is_open, opening};
use crate::domain::event::Event;
use crate::domain::ids::{ConversationId, CustomerId};
use crate::inbox::Recorded;
use crate::ledger::PATIENCE;
use crate::playbook::triggers::CheckedTrigger;
use crate::ports::storage::{Commit, CommitError, Seen, Unavailable};
use crate::triage::triggered::{Fired, triggered};
use channels::Channel;
use serde_json::Value;

/// A form as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Who sent it; their address in the web channel, too.
    pub visitor: CustomerId,
    /// The page's own id of the sending: the same again changes nothing.
    pub id: String,
    /// The checked values.
    pub values: Value,
    /// The language they asked for.
    pub locale: Option<String>,
    /// The page they were on.
    pub page: Option<String>,
}

impl Triggers {
    /// Records a form in the visitor's conversation, or in a new one. When it returns, it is on disk.
    pub async fn form(&self, trigger: &CheckedTrigger, sent: &Sent) -> Result<Recorded, Unavailable> {
        let book = self.library.current();
        let address = sent.visitor.to_string();
        let once = format!("form/{}/{address}/{}", trigger.id, sent.id);
        let fired = Fired { trigger, event: &sent.values, occurrence: &sent.id, may_speak: true };
        for _ in 0..PATIENCE {
            let current = self.ledger.storage.current(Channel::Web, &address).await?;
            let before = match current {
                Some(id) => self.ledger.conversation(id).await?,
                None => None,
            };
            let now = self.ledger.now();
            let commit = match &before {
                Some(talk) if is_open(talk) => {
                    let (mut events, version, known) = self.with_switches(talk).await?;
                    match triggered(&known, &book, fired, now.max(talk.updated_at)) {
                        Ok(more) => {
                            events.extend(more);
                            Ok(Commit::onto(talk, now.max(talk.updated_at), events).under(version))
                        }
                        Err(error) => Err(Undone::Template(error)),
                    }
                }
                _ => {
                    let board = self.ledger.storage.switchboard().await?;
                    let opened = Event::Opened {
                        channel: Channel::Web,
                        customer: sent.visitor,
                        address: address.clone(),
                        locale: sent.locale.clone(),
                        page: sent.page.clone(),
                        follows: before.as_ref().map(|talk| talk.id),
                    };
                    let id = ConversationId(self.ledger.ids.id());
                    opening(id, opened, fired, board.off, &book, now)
                        .map(|commit| commit.under(board.version))
                }
            };
            let commit = match commit {
                Ok(commit) => commit,
                Err(Undone::Unavailable(error)) => return Err(error),
                // The sender did nothing wrong, and the file was tried on a sample: our fault, and nothing is kept.
                Err(Undone::Template(error)) => {
                    tracing::error!(trigger = trigger.id, error, "a form could not be carried out");
                    return Err(Unavailable(format!("the form {} could not be carried out", trigger.id)));
                }
            };
            match self.ledger.commit(commit.once(once.clone())).await {
                Ok(after) => return Ok(Recorded { conversation: after.id, seq: after.seq, fresh: true }),
                Err(CommitError::Already(Seen { conversation, seq })) => {
                    return Ok(Recorded { conversation, seq, fresh: false });
                }
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(Unavailable("too much happened at once in one conversation".to_owned()))
    }
}
