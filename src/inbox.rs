//! Records what customers write. A message is acknowledged only when it is on disk, and the same message is
//! recorded once.

use crate::crash;
use crate::domain::conversation::{Conversation, State};
use crate::domain::event::Event;
use crate::domain::ids::{ConversationId, CustomerId, Seq};
use crate::ledger::{Ledger, PATIENCE};
use crate::library::Library;
use crate::ports::storage::{Commit, CommitError, Seen, Unavailable};
use crate::verification::Codes;
use channels::{Channel, Inbound};
use std::sync::Arc;

/// A message with what the edge knows of its sender.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The message.
    pub inbound: Inbound,
    /// Who wrote it.
    pub customer: CustomerId,
    /// The language they asked for.
    pub locale: Option<String>,
    /// The page they are on.
    pub page: Option<String>,
}

/// Where a message was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message's place in it.
    pub seq: Seq,
    /// False where it had been recorded before.
    pub fresh: bool,
}

/// The first engine.
#[derive(Clone)]
pub struct Inbox {
    ledger: Ledger,
    library: Arc<Library>,
    codes: Codes,
}

impl Inbox {
    /// An inbox.
    #[must_use]
    pub fn new(ledger: Ledger, library: Arc<Library>) -> Self {
        Self { codes: Codes::new(ledger.clone()), ledger, library }
    }

    /// Records one message. When it returns, the message is on disk.
    pub async fn receive(&self, arrival: &Arrival) -> Result<Recorded, Unavailable> {
        let inbound = &arrival.inbound;
        let once = format!("{}/{}/{}", inbound.channel.name(), inbound.address, inbound.external_id);
        for _ in 0..PATIENCE {
            let before = self.current(inbound.channel, &inbound.address).await?;
            let mut arrival = arrival.clone();
            let tried =
                self.codes.take(&mut arrival.inbound, arrival.customer, before.as_ref(), &once).await?;
            let commit = self.plan(&arrival, tried, before.as_ref())?.once(once.clone());
            crash::point("inbox-before-commit");
            // The message is the commit's last event, so its place is the conversation's newest.
            match self.ledger.commit(commit).await {
                Ok(after) => {
                    crash::point("inbox-after-commit");
                    metrics::counter!("deskhand_messages_received_total", "channel" => inbound.channel.name()).increment(1);
                    return Ok(Recorded { conversation: after.id, seq: after.seq, fresh: true });
                }
                Err(CommitError::Already(Seen { conversation, seq })) => {
                    return Ok(Recorded { conversation, seq, fresh: false });
                }
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(Unavailable("too many messages at once for one conversation".to_owned()))
    }

    /// The conversation that a message at this address belongs to.
    pub async fn current(
        &self,
        channel: Channel,
        address: &str,
    ) -> Result<Option<Conversation>, Unavailable> {
        match self.ledger.storage.current(channel, address).await? {
            Some(id) => self.ledger.conversation(id).await,
            None => Ok(None),
        }
    }

    /// The message, after what was learned from it before it may be recorded.
    fn plan(
        &self,
        arrival: &Arrival,
        learned: Vec<Event>,
        before: Option<&Conversation>,
    ) -> Result<Commit, Unavailable> {
        let now = self.ledger.now();
        let Inbound { channel, external_id, address, text, choice, attachments, quoted, edits, .. } =
            arrival.inbound.clone();
        let received = Event::Received { external_id, text, choice, attachments, quoted, edits };
        let reopen_within = self.library.current().desk.reopen_within.delta();
        let follows = match before {
            Some(talk) => match &talk.state {
                State::Resolved { at, .. } if now - *at > reopen_within => Some(talk.id),
                State::Resolved { .. } => {
                    return Ok(Commit::onto(talk, now, vec![Event::Reopened, received]));
                }
                _ => {
                    let events = learned.into_iter().chain([received]).collect();
                    return Ok(Commit::onto(talk, now, events));
                }
            },
            None => None,
        };
        let opened = Event::Opened {
            channel,
            customer: arrival.customer,
            address,
            locale: arrival.locale.clone(),
            page: arrival.page.clone(),
            follows,
        };
        let id = ConversationId(self.ledger.ids.id());
        Commit::opening(id, now, vec![opened, received]).map_err(|error| Unavailable(error.to_string()))
    }
}
