//! Tickets in the desks of others, once for each key.
//!
//! Links break after a request was taken and before its answer came. So our key goes into the remote object, and
//! [`open`] and [`comment`] look for it before every doubtful try. What each vendor gives for that differs; each
//! adapter says what it relies on. Look-ups that read the vendor's own records are preferred to search indexes; where
//! there is only an index ([`TicketSystem::lag`]), a second creation waits until the index must have caught up.

mod api;
mod event;
mod files;
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

pub use event::{BadEvent, RemoteComment, Told};
pub use files::NewFile;
pub use freshdesk::Freshdesk;
pub use generic::{Call, Generic, GenericConfig, Source, StatusWords};
pub use github::GitHub;
pub use jira::Jira;
pub use linear::Linear;
pub use redmine::{Redmine, RedmineFields};
pub use values::{Change, Key, NewTicket, Priority, Remote, RemoteId, Requester, Status};
pub use zammad::Zammad;
pub use zendesk::{Zendesk, ZendeskLogin};

use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// A ticket system of somebody else's.
#[async_trait]
pub trait TicketSystem: Send + Sync {
    /// The vendor, for people and metrics.
    fn name(&self) -> &'static str;

    /// How long after a creation *began* [`TicketSystem::find`] may not see what comes of it: a server may still work
    /// on a request whose link is long gone, and an index comes after that. Zero where a repetition does no harm.
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

    /// Changes what is given. The same again changes nothing, and what a vendor has no word for stays as it is.
    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble>;

    /// Whether the file of this key is there.
    async fn has_file(&self, id: &RemoteId, key: &Key, _file: &NewFile) -> Result<bool, Trouble> {
        self.has_comment(id, key).await
    }

    /// Adds a file; `text` says where it comes from. A vendor that takes no files gets the text. Outside of tests, call
    /// [`attach`].
    async fn add_file(&self, id: &RemoteId, key: &Key, _file: &NewFile, text: &str) -> Result<(), Trouble> {
        self.add_comment(id, key, text).await
    }

    /// Comments that others wrote since then, the newest hundred at most; none where the vendor can't be asked.
    async fn comments(&self, _id: &RemoteId, _since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        Ok(Vec::new())
    }

    /// Where the ticket stands.
    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble>;

    /// What a request from the vendor tells, once its signature or secret is found right.
    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent>;
}

/// Opens the ticket of this key, or finds the one that it has opened before.
///
/// `tried` is the time since the beginning (recorded before it was made) of the last try that may have done it: that
/// ended in doubt, or did not end. Tries that ended in a [`Trouble`] with [`crate::Done::No`] do not count. Nothing is
/// given where there was no such try; a caller that can't tell the time gives `Some(Duration::ZERO)`. Tries of one key
/// must not run side by side.
///
/// While a creation may still come to light ([`TicketSystem::lag`], and half of it more for the time between a try's
/// beginning and its request), a ticket that is not found is not created again: the answer is [`Trouble::Later`], which
/// is itself a try that does not count.
pub async fn open(
    system: &dyn TicketSystem,
    key: &Key,
    ticket: &NewTicket,
    tried: Option<Duration>,
) -> Result<Remote, Trouble> {
    if let Some(tried) = tried {
        let began = Instant::now();
        if let Some(found) = system.find(key).await? {
            return Ok(found);
        }
        settled(system, tried, began.elapsed())?;
    }
    system.create(key, ticket).await
}

/// Adds a comment once; see [`open`] for `tried` and for waiting.
pub async fn comment(
    system: &dyn TicketSystem,
    id: &RemoteId,
    key: &Key,
    text: &str,
    tried: Option<Duration>,
) -> Result<(), Trouble> {
    if let Some(tried) = tried {
        let began = Instant::now();
        if system.has_comment(id, key).await? {
            return Ok(());
        }
        settled(system, tried, began.elapsed())?;
    }
    system.add_comment(id, key, text).await
}

/// Adds a file once; see [`open`] for `tried` and for waiting. A file that is refused for good is said instead: `text`
/// stands there without it.
pub async fn attach(
    system: &dyn TicketSystem,
    id: &RemoteId,
    key: &Key,
    file: &NewFile,
    text: &str,
    tried: Option<Duration>,
) -> Result<(), Trouble> {
    if let Some(tried) = tried {
        let began = Instant::now();
        if system.has_file(id, key, file).await? {
            return Ok(());
        }
        settled(system, tried, began.elapsed())?;
    }
    match system.add_file(id, key, file, text).await {
        Err(Trouble::Refused { .. }) => comment(system, id, key, text, tried).await,
        other => other,
    }
}

/// Whether what was not found will not come to light any more.
fn settled(system: &dyn TicketSystem, tried: Duration, looked: Duration) -> Result<(), Trouble> {
    let (lag, slack) = (system.lag(), system.lag() / 2);
    if tried < lag + slack {
        let why = format!("{} may still be working on the last try", system.name());
        return Err(Trouble::Later { after: lag + slack - tried, why });
    }
    // The request must follow the try's beginning closely, or the next try could not tell when it was made.
    if !slack.is_zero() && looked > slack {
        return Err(Trouble::Retry { why: format!("{} took too long to look for our key", system.name()) });
    }
    Ok(())
}
