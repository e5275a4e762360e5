//! The ticket systems of others behind the port: keys, words and troubles translated.

use crate::domain::Time;
use crate::domain::ids::Place;
use crate::domain::ticket::{Outside, Priority, TicketStatus};
use crate::ports::{Heard, Mirrored, Tracker, TrackerError, Unheard};
use async_trait::async_trait;
use connectors::header::{HeaderMap, HeaderName, HeaderValue};
use connectors::tickets::{self, BadEvent, Key, NewTicket, RemoteId, Requester, Status, TicketSystem};
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
}

impl RemoteTracker {
    /// A system; `public_url` is where the desk's own console is.
    #[must_use]
    pub fn new(name: &'static str, system: Box<dyn TicketSystem>, tells: bool, public_url: &str) -> Self {
        Self { name, system, tells, console: format!("{public_url}/console/all/") }
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

    async fn open(&self, mirrored: &Mirrored, tried: Option<Duration>) -> Result<Outside, TrackerError> {
        let ticket = NewTicket {
            title: mirrored.ticket.title.clone(),
            body: self.body(mirrored),
            priority: match mirrored.ticket.priority {
                Priority::Low => tickets::Priority::Low,
                Priority::Normal => tickets::Priority::Normal,
                Priority::High => tickets::Priority::High,
                Priority::Urgent => tickets::Priority::Urgent,
            },
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
    ) -> Result<(), TrackerError> {
        let id = RemoteId::read(id).map_err(failure)?;
        let key = key(place, born)?;
        tickets::comment(self.system.as_ref(), &id, &key, text, tried).await.map_err(failure)
    }

    async fn status(&self, id: &str) -> Result<TicketStatus, TrackerError> {
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
        let heard =
            told.into_iter().map(|one| Heard { id: one.id.text().to_owned(), status: status(one.status) });
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

fn key(place: Place, born: Time) -> Result<Key, TrackerError> {
    Key::new(place.to_string(), born).map_err(failure)
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
fn failure(trouble: Trouble) -> TrackerError {
    let cause = trouble.to_string();
    match trouble.advice() {
        Advice::Again => TrackerError::Retry(cause),
        Advice::AgainAfter(after) => TrackerError::Later { cause, after },
        Advice::LookFirst => TrackerError::InDoubt(cause),
        Advice::GiveUp => TrackerError::Refused(cause),
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
