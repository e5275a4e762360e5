//! Tickets in the desks of others, once for each key.
//!
//! Links break after a request was taken and before its answer came. So our key goes into the remote object, and
//! [`open`] and [`comment`] look for it before every try but the first. What each vendor gives for that differs; each
//! adapter says what it relies on. Look-ups that read the vendor's own records are preferred to search indexes; where
//! there is only an index ([`TicketSystem::lag`]), a second creation waits until the index must have caught up.

mod api;
mod event;
mod freshdesk;
mod generic;
mod github;
mod jira;
mod linear;
mod marker;
mod redmine;
mod values;
mod zammad;
mod zendesk;

pub use event::{BadEvent, InboundStatus};
pub use freshdesk::Freshdesk;
pub use generic::{Call, Generic, GenericConfig, Source, StatusWords};
pub use github::GitHub;
pub use jira::Jira;
pub use linear::Linear;
pub use redmine::{Redmine, RedmineFields};
pub use values::{Key, NewTicket, Priority, Remote, RemoteId, Requester, Status};
pub use zammad::Zammad;
pub use zendesk::{Zendesk, ZendeskLogin};

use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often a lagging index is asked again while a creation waits for it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A ticket system of somebody else's.
#[async_trait]
pub trait TicketSystem: Send + Sync {
    /// The vendor, for people and metrics.
    fn name(&self) -> &'static str;

    /// How long after a creation *began* [`TicketSystem::find`] may not see what comes of it: a server may still work
    /// on a request whose link is long gone, and an index comes after that. Zero where a repetition is recognised.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// The ticket that carries this key; of several the oldest.
    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble>;

    /// Opens a ticket that carries the key. Outside of tests, call [`open`].
    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble>;

    /// Whether a comment with this key is there.
    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble>;

    /// Adds an internal comment that carries the key. Outside of tests, call [`comment`].
    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble>;

    /// Where the ticket stands.
    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble>;

    /// What a request from the vendor tells, once its signature or secret is found right.
    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<InboundStatus>, BadEvent>;
}

/// Opens the ticket of this key, or finds the one that it has opened before.
///
/// `tried` is the time since the beginning (recorded before it was made) of the last try that may have done it: that
/// ended in doubt, or did not end. Tries that ended in a [`Trouble`] with [`crate::Done::No`] do not count. Nothing is
/// given where there was no such try; a caller that can't tell the time gives `Some(Duration::ZERO)`. A doubtful try is
/// followed by looking for up to [`TicketSystem::lag`], here, so give it a worker's patience. Tries of one key must not
/// run side by side.
pub async fn open(
    system: &dyn TicketSystem,
    key: &Key,
    ticket: &NewTicket,
    tried: Option<Duration>,
) -> Result<Remote, Trouble> {
    if let Some(tried) = tried {
        let seen_by = Instant::now() + system.lag().saturating_sub(tried);
        loop {
            // The look at or after `seen_by` is the one that counts.
            let last = Instant::now() >= seen_by;
            if let Some(found) = system.find(key).await? {
                return Ok(found);
            }
            if last {
                break;
            }
            tokio::time::sleep_until(seen_by.min(Instant::now() + LOOK_AGAIN)).await;
        }
    }
    system.create(key, ticket).await
}

/// Adds a comment once; see [`open`] for `tried`. Comments are listed with their ticket, which no vendor does from an
/// index.
pub async fn comment(
    system: &dyn TicketSystem,
    id: &RemoteId,
    key: &Key,
    text: &str,
    tried: Option<Duration>,
) -> Result<(), Trouble> {
    if tried.is_some() && system.has_comment(id, key).await? {
        return Ok(());
    }
    system.add_comment(id, key, text).await
}
