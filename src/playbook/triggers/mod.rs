//! Checked triggers: what they bring is known, every template was tried. What a request or a form brings becomes an
//! event here, without I/O.

mod check;
mod moments;

pub use check::{Known, check};

use super::condition::{Asked, Condition};
use super::facts::Facts;
use super::policy::trigger::{FileSent, FindBy, Hook, On, Outcome};
use super::{actions, shape, templates};
use crate::domain::Time;
use jsonschema::Validator;
use moments::Moments;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The largest request where the file says nothing, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// A trigger that can be set off.
pub struct CheckedTrigger {
    /// Names it in addresses and in the log.
    pub id: String,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What sets it off.
    pub on: On,
    /// What it is called in a conversation.
    pub event: String,
    /// Whose matter it is.
    pub find: Vec<FindBy>,
    /// What is done.
    pub then: Outcome,
    /// JSON Schema of what it brings.
    pub payload: Value,
    about: Option<String>,
    takes: Arc<Validator>,
    when: Option<Condition>,
    each: Option<Condition>,
    moments: Option<Moments>,
}

/// What a request brings is no event of this trigger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// No JSON, or no UTF-8.
    #[error("The body is not JSON: {0}.")]
    NotJson(String),
    /// Not as the trigger declares it.
    #[error("The event is not as this desk expects it: {0}.")]
    Unfit(String),
}

impl std::fmt::Debug for CheckedTrigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckedTrigger").field("id", &self.id).finish_non_exhaustive()
    }
}

impl CheckedTrigger {
    /// The checked event in a body. A pure function of the bytes: the same body is the same event, and whatever is in it
    /// is data.
    pub fn read(&self, body: &[u8]) -> Result<Value, BadEvent> {
        let text =
            std::str::from_utf8(body).map_err(|_| BadEvent::NotJson("it is no UTF-8 text".to_owned()))?;
        let value = serde_json::from_str(text).map_err(|error| {
            // Only where and what kind of fault: the words may hold pieces of the body.
            BadEvent::NotJson(format!("line {}, character {}", error.line(), error.column()))
        })?;
        self.takes(value)
    }

    /// The event with everything that the trigger declares; what is wrong with it otherwise, without quoting it.
    pub fn takes(&self, value: Value) -> Result<Value, BadEvent> {
        actions::conforms(&self.takes, &value).map_err(BadEvent::Unfit)?;
        Ok(shape::completed(&self.payload, value))
    }

    /// Whether its condition holds for an event.
    pub fn wants(&self, event: &Value, at: Time) -> Result<bool, String> {
        let Some(when) = &self.when else { return Ok(true) };
        let mut facts = Facts::sample();
        facts.message.at = at;
        when.ask(&Asked::new(&facts, &names(event)))
    }

    /// Whether a conversation with these facts is meant, where it is one of many.
    pub fn means(&self, facts: &Facts) -> Result<bool, String> {
        self.each.as_ref().map_or(Ok(true), |each| each.ask(&Asked::new(facts, &Map::new())))
    }

    /// To what it happened; the occurrence's own id where the file does not say.
    pub fn about(&self, event: &Value, occurrence: &str) -> Result<String, String> {
        match &self.about {
            Some(about) => templates::render(about, &names(event)).map(|about| cut(&about, 200)),
            None => Ok(cut(occurrence, 200)),
        }
    }

    /// What tells this event from another, where the request itself has no signed id: by the file's template, else by a
    /// digest of all of it.
    pub fn occurrence(&self, hook: &Hook, event: &Value, body: &[u8]) -> Result<String, String> {
        let id = match &hook.id {
            Some(id) => templates::render(id, &names(event))?,
            None => String::new(),
        };
        Ok(if id.is_empty() { hex::encode(Sha256::digest(body)) } else { cut(&id, 200) })
    }

    /// The last moment of its schedule after `since` and not after `now`.
    #[must_use]
    pub fn last_moment(&self, since: Time, now: Time) -> Option<Time> {
        self.moments.as_ref()?.last(since, now)
    }

    /// The next moment of its schedule.
    #[must_use]
    pub fn next_moment(&self, now: Time) -> Option<Time> {
        self.moments.as_ref()?.next(now)
    }
}

impl FileSent {
    /// Whether a file is one of these.
    #[must_use]
    pub fn means(&self, media_type: &str, size: u64) -> bool {
        let of_type = |wanted: &String| match wanted.strip_suffix("/*") {
            Some(family) => media_type.split('/').next() == Some(family),
            None => media_type == wanted,
        };
        (self.types.is_empty() || self.types.iter().any(of_type))
            && self.min_bytes.is_none_or(|least| size >= least)
            && self.max_bytes.is_none_or(|most| size <= most)
    }
}

/// The names that conditions and templates know an event by.
#[must_use]
pub fn names(event: &Value) -> Map<String, Value> {
    Map::from_iter([("event".to_owned(), event.clone())])
}

/// At most so many characters, none of them a NUL.
fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|letter| *letter != '\0').take(most).collect()
}
