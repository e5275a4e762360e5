//! The ticket systems of others behind the port: keys, words and troubles translated.

use crate::domain::Time;
use crate::domain::ids::Place;
use crate::domain::ticket::{Outside, Priority, TicketStatus};
use crate::ports::storage::StoredUpload;
use crate::ports::{CallError, Heard, Mirrored, Remark, Tracker, Unheard};
use async_trait::async_trait;
use connectors::header::{HeaderMap, HeaderName, HeaderValue};
use connectors::tickets::{
    self, BadEvent, Change, Key, NewFile, NewTicket, RemoteComment, RemoteId, Requester, Status, TicketSystem,
};
use connectors::trouble::{Advice, Trouble};
use std::time::Duration;
use url::Url;

/// A key that nothing carries, for looking without finding.
const NOTHING: &str = "deskhand-doctor";

/// One ticket system.
pub struct RemoteTracker {
    name: &'static str,
    system: Box<dyn TicketSystem>,
    /// Whether it sends events: it can, and a secret is set.
    tells: bool,
    /// Where agents read the conversation; the conversation's id is added.
    console: String,
    /// The largest file that is carried over, in bytes.
    largest: usize,
}

/// The largest file that is carried over where nothing else is said: what a new Redmine takes.
pub const LARGEST: usize = 5 * 1024 * 1024;

impl RemoteTracker {
    /// A system; `public_url` is where the desk's own console is.
    #[must_use]
    pub fn new(name: &'static str, system: Box<dyn TicketSystem>, tells: bool, public_url: &str) -> Self {
        Self { name, system, tells, console: format!("{public_url}/console/all/"), largest: LARGEST }
    }

    /// The same, carrying over files up to so many bytes.
    #[must_use]
    pub fn with_files_up_to(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }

    /// What stands in the ticket there: our text, our number, and where the conversation is.
    fn body(&self, mirrored: &Mirrored) -> String {
        let Mirrored { ticket, number, key, .. } = mirrored;
        format!("{}\n\nDeskhand {number}: {}{}", ticket.body.trim_end(), self.console, key.conversation)
            .trim_start()
            .to_owned()
    }
}

#[async_trait]
impl Tracker for RemoteTracker {
    fn system(&self) -> &'static str {
        self.name
    }

    async fn open(&self, mirrored: &Mirrored, tried: Option<Duration>) -> Result<Outside, CallError> {
        let ticket = NewTicket {
            title: mirrored.ticket.title.clone(),
            body: self.body(mirrored),
            priority: urgency(mirrored.ticket.priority),
            tags: vec!["deskhand".to_owned(), mirrored.ticket.team.clone()],
            requester: mirrored.requester.clone().map(|(name, email)| Requester { name, email }),
        };
        let key = key(mirrored.key, mirrored.born)?;
        let remote = tickets::open(self.system.as_ref(), &key, &ticket, tried).await.map_err(failure)?;
        Ok(Outside {
            system: self.name.to_owned(),
            id: remote.id.text().to_owned(),
            number: shown(&remote.number),
            url: remote.url.as_deref().and_then(link),
        })
    }

    async fn comment(
        &self,
        id: &str,
        place: Place,
        born: Time,
        text: &str,
        tried: Option<Duration>,
    ) -> Result<(), CallError> {
        let id = RemoteId::read(id).map_err(failure)?;
        let key = key(place, born)?;
        tickets::comment(self.system.as_ref(), &id, &key, text, tried).await.map_err(failure)
    }

    async fn change(
        &self,
        id: &str,
        status: Option<TicketStatus>,
        priority: Option<Priority>,
        at: Time,
    ) -> Result<(), CallError> {
        let id = RemoteId::read(id).map_err(failure)?;
        let status = status.map(|status| match status {
            TicketStatus::Open => Status::Open,
            TicketStatus::Pending => Status::Pending,
            TicketStatus::Solved => Status::Solved,
        });
        let change = Change { status, priority: priority.map(urgency), at };
        self.system.change(&id, &change).await.map_err(failure)
    }

    async fn attach(
        &self,
        id: &str,
        place: Place,
        born: Time,
        file: &StoredUpload,
        tried: Option<Duration>,
    ) -> Result<(), CallError> {
        let id = RemoteId::read(id).map_err(failure)?;
        let key = key(place, born)?;
        let carried = NewFile {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            bytes: file.content.clone().into(),
        };
        let said = format!(
            "The customer's file {} ({} bytes) is in the conversation: {}{}",
            carried.plain_name(),
            file.content.len(),
            self.console,
            place.conversation
        );
        let system = self.system.as_ref();
        let added = match file.content.len() <= self.largest {
            true => tickets::attach(system, &id, &key, &carried, &said, tried).await,
            false => tickets::comment(system, &id, &key, &said, tried).await,
        };
        added.map_err(failure)
    }

    async fn remarks(&self, id: &str, since: Time) -> Result<Vec<Remark>, CallError> {
        let id = RemoteId::read(id).map_err(failure)?;
        let comments = self.system.comments(&id, since).await.map_err(failure)?;
        Ok(comments.into_iter().map(remark).collect())
    }

    async fn status(&self, id: &str) -> Result<TicketStatus, CallError> {
        let id = RemoteId::read(id).map_err(failure)?;
        self.system.status(&id).await.map(status).map_err(failure)
    }

    fn tells(&self) -> bool {
        self.tells
    }

    fn hear(&self, headers: &[(String, Vec<u8>)], body: &[u8], now: Time) -> Result<Vec<Heard>, Unheard> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            // What is no header to us cannot be the signature either.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
            {
                map.append(name, value);
            }
        }
        let told = self.system.parse_event(&map, body, now).map_err(|bad| match bad {
            BadEvent::Unsigned(why) => Unheard::Forged(why.to_owned()),
            BadEvent::Unreadable(why) => Unheard::Unreadable(why),
            BadEvent::NotOffered(why) => Unheard::NotOffered(why.to_owned()),
        })?;
        let heard = told.into_iter().map(|one| Heard {
            id: one.id.text().to_owned(),
            status: one.status.map(status),
            remark: one.comment.map(remark),
        });
        Ok(heard.collect())
    }

    async fn examine(&self) -> Result<(), String> {
        #[allow(clippy::disallowed_methods)]
        // lists are read back to this moment only: nothing is to be found
        let now = chrono::Utc::now();
        let key = Key::new(NOTHING, now).map_err(|trouble| trouble.to_string())?;
        match self.system.find(&key).await {
            Ok(_) => Ok(()),
            // The generic one may have nothing to look with; then it has not been asked.
            Err(Trouble::InDoubt { .. }) => Ok(()),
            Err(trouble) => Err(format!("{}: {trouble}", self.name)),
        }
    }
}

fn key(place: Place, born: Time) -> Result<Key, CallError> {
    Key::new(place.to_string(), born).map_err(failure)
}

fn urgency(priority: Priority) -> tickets::Priority {
    match priority {
        Priority::Low => tickets::Priority::Low,
        Priority::Normal => tickets::Priority::Normal,
        Priority::High => tickets::Priority::High,
        Priority::Urgent => tickets::Priority::Urgent,
    }
}

fn remark(comment: RemoteComment) -> Remark {
    let RemoteComment { id, author, text, public } = comment;
    Remark { id, author, text, public }
}

/// Others' numbers are shown to customers: one short line without signs of its own.
fn shown(number: &str) -> String {
    let plain = number.chars().filter(|sign| !sign.is_control()).take(40).collect::<String>();
    plain.trim().to_owned()
}

/// Only what a browser opens as a page.
fn link(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.password().is_none())
        .then(|| url.to_string())
}

fn status(status: Status) -> TicketStatus {
    match status {
        Status::Open => TicketStatus::Open,
        Status::Pending => TicketStatus::Pending,
        Status::Solved => TicketStatus::Solved,
    }
}

/// By what the outbox must do.
fn failure(trouble: Trouble) -> CallError {
    let cause = trouble.to_string();
    match trouble.advice() {
        Advice::Again => CallError::Retry(cause),
        Advice::AgainAfter(after) => CallError::Later { cause, after },
        Advice::LookFirst => CallError::InDoubt(cause),
        Advice::GiveUp => CallError::Refused(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_linked() {
        for bad in ["javascript:alert(1)", "data:text/html,x", "//x", "ftp://x.y/z", "https://u:p@x.y/"] {
            assert_eq!(link(bad), None, "{bad}");
        }
        assert_eq!(link("https://x.y/browse/D-1").as_deref(), Some("https://x.y/browse/D-1"));
    }

    #[test]
    fn a_number_is_one_short_line() {
        assert_eq!(shown(" #42\r\nBcc: x\u{7}"), "#42Bcc: x");
        assert_eq!(shown(&"9".repeat(100)).len(), 40);
    }
}
