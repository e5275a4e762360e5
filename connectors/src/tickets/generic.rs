//! Any HTTP API of tickets, described by an admin: addresses, where our fields go in the body, where theirs are in the
//! answer.
//!
//! Relies on: what the admin says. Without [`GenericConfig::find`] nothing can be looked for, and a creation whose
//! answer was lost is never repeated: it stays in doubt, for a human.

use super::TicketSystem;
use super::api::{Api, list, text};
use super::event::{BadEvent, Told};
use super::marker::tame;
use super::values::{Change, Key, NewTicket, Priority, Remote, RemoteId, Status};
use crate::guard::{Guard, Outgoing};
use crate::notify::{SigningKey, verify};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// One call: its method, its path below the base (`{id}` and `{key}` are filled in, encoded), and its body.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, perhaps with a query.
    pub path: String,
    /// Where each thing goes in the JSON body: pointer and source.
    pub body: Vec<(String, Source)>,
}

/// What goes into a body.
#[derive(Debug, Clone)]
pub enum Source {
    /// Our key.
    Key,
    /// The ticket's title.
    Title,
    /// The ticket's or comment's text.
    Text,
    /// The priority, in these words, the lowest first.
    Priority([String; 4]),
    /// The status, in these words: open, pending, solved.
    Status([String; 3]),
    /// The requester's e-mail address, or this one.
    Email(String),
    /// The list of tags.
    Tags,
    /// This.
    Constant(Value),
}

/// Words of theirs for where a ticket stands; all others mean open.
#[derive(Debug, Clone, Default)]
pub struct StatusWords {
    /// Waiting.
    pub pending: Vec<String>,
    /// Done.
    pub solved: Vec<String>,
}

/// A ticket system as an admin describes it. Pointers are JSON pointers.
#[derive(Debug, Clone)]
pub struct GenericConfig {
    /// Opens a ticket.
    pub create: Call,
    /// Lists the tickets of a key.
    pub find: Option<Call>,
    /// The list in the answer to `find`.
    pub found: String,
    /// The key in an entry of that list: only entries that carry it are believed.
    pub found_key: String,
    /// The ticket in the answers to `create` and `status`.
    pub ticket: String,
    /// In a ticket: its id.
    pub id: String,
    /// In a ticket: the number for people.
    pub number: String,
    /// In a ticket: its address, where there is one.
    pub url: Option<String>,
    /// In a ticket: its status.
    pub status: String,
    /// What the words mean.
    pub words: StatusWords,
    /// Adds a comment.
    pub comment: Option<Call>,
    /// Changes where a ticket stands and how soon it is wanted. What is not given of the two is left out.
    pub change: Option<Call>,
    /// Reads a ticket.
    pub read: Call,
    /// A header for an idempotency key, where the API takes one.
    pub idempotency_header: Option<HeaderName>,
    /// How long `find` may not see a new ticket.
    pub lag: Duration,
    /// Verifies events, which are Standard Webhooks with the ticket at `ticket`.
    pub hook: Option<SigningKey>,
}

/// A ticket system of no known vendor.
pub struct Generic {
    api: Api,
    config: GenericConfig,
}

impl Generic {
    /// `auth` is a header and its secret value.
    pub fn new(
        guard: Guard,
        base: Url,
        auth: Option<(HeaderName, SecretString)>,
        config: GenericConfig,
    ) -> Result<Self, Trouble> {
        let api = Api::new(guard, base);
        let api = match auth {
            Some((name, value)) => api.with_secret(name, value.expose_secret(), &value)?,
            None => api,
        };
        Ok(Self { api, config })
    }

    fn request(
        &self,
        call: &Call,
        id: Option<&RemoteId>,
        key: &Key,
        said: &Said<'_>,
    ) -> Result<Outgoing, Trouble> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let path = call.path.replace("{key}", &encode(key.text()));
        let path = path.replace("{id}", id.map(RemoteId::text).unwrap_or_default());
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let mut url = self.api.url(path, &[]);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let request = Outgoing::new(call.method.clone(), url);
        if call.body.is_empty() {
            return Ok(request);
        }
        let mut body = Value::Null;
        for (pointer, source) in &call.body {
            if !said.lacks(source) {
                put(&mut body, pointer, said.of(source, key))?;
            }
        }
        Ok(request.json(&body))
    }

    fn remote(&self, ticket: &Value) -> Result<Remote, Trouble> {
        let config = &self.config;
        Ok(Remote {
            id: super::api::id(ticket, &config.id)?,
            number: text(ticket, &config.number)?,
            url: config.url.as_ref().and_then(|pointer| text(ticket, pointer).ok()),
            status: self.meaning(&text(ticket, &config.status)?),
        })
    }

    fn meaning(&self, word: &str) -> Status {
        let among = |words: &[String]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
        match &self.config.words {
            words if among(&words.solved) => Status::Solved,
            words if among(&words.pending) => Status::Pending,
            _ => Status::Open,
        }
    }

    fn ticket<'a>(&self, answer: &'a Value) -> Result<&'a Value, Trouble> {
        let pointer = &self.config.ticket;
        answer.pointer(pointer).ok_or_else(|| Trouble::unexpected(format!("{pointer} is missing")))
    }
}

/// What there is to say in one call.
#[derive(Default)]
struct Said<'a> {
    ticket: Option<&'a NewTicket>,
    text: String,
    change: Option<Change>,
}

impl Said<'_> {
    /// Whether it is a change that does not concern this.
    fn lacks(&self, source: &Source) -> bool {
        self.change.is_some_and(|change| match source {
            Source::Priority(_) => change.priority.is_none(),
            Source::Status(_) => change.status.is_none(),
            _ => false,
        })
    }

    fn of(&self, source: &Source, key: &Key) -> Value {
        let ticket = self.ticket;
        match source {
            Source::Key => json!(key.text()),
            Source::Title => json!(ticket.map(|ticket| ticket.headline(250))),
            Source::Text => json!(self.text),
            Source::Priority(words) => {
                let changed = self.change.and_then(|change| change.priority);
                let opened = ticket.map(|ticket| ticket.priority);
                json!(words[changed.or(opened).unwrap_or(Priority::Normal) as usize])
            }
            Source::Status(words) => {
                json!(words[self.change.and_then(|change| change.status).unwrap_or(Status::Open) as usize])
            }
            Source::Email(other) => {
                json!(
                    ticket
                        .and_then(|ticket| ticket.requester.as_ref())
                        .map_or(other, |requester| &requester.email)
                )
            }
            Source::Tags => json!(ticket.map(|ticket| &ticket.tags)),
            Source::Constant(value) => value.clone(),
        }
    }
}

/// Puts a value at a JSON pointer, making objects on the way.
fn put(body: &mut Value, pointer: &str, value: Value) -> Result<(), Trouble> {
    let mut place = body;
    let path = pointer
        .strip_prefix('/')
        .ok_or_else(|| Trouble::unusable(format!("`{pointer}` is no JSON pointer")))?;
    for name in path.split('/') {
        if place.is_null() {
            *place = json!({});
        }
        let object = place.as_object_mut().ok_or_else(|| {
            Trouble::unusable(format!("`{pointer}` goes through something that is no object"))
        })?;
        place = object.entry(name.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}

#[async_trait]
impl TicketSystem for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn lag(&self) -> Duration {
        self.config.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let Some(call) = &self.config.find else {
            return match self.config.idempotency_header {
                // The other side recognises the repetition.
                Some(_) => Ok(None),
                None => Err(Trouble::InDoubt {
                    why: "this ticket system can't be searched for our key".to_owned(),
                }),
            };
        };
        let answer: Value = self.api.send(self.request(call, None, key, &Said::default())?).await?.json()?;
        let ours =
            |entry: &&Value| text(entry, &self.config.found_key).is_ok_and(|found| found == key.text());
        list(&answer, &self.config.found)?.iter().find(ours).map(|entry| self.remote(entry)).transpose()
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let said = Said { ticket: Some(ticket), text: tame(&ticket.body), change: None };
        let mut request = self.request(&self.config.create, None, key, &said)?;
        if let Some(name) = &self.config.idempotency_header {
            let value = key.text().parse().map_err(|_| Trouble::unusable("the key makes no header"))?;
            request.headers.insert(name.clone(), value);
        }
        let answer: Value = self.api.send(request).await?.json()?;
        self.remote(self.ticket(&answer)?)
    }

    /// Nothing is known of the comments of an unknown vendor: a comment whose answer was lost is not repeated.
    async fn has_comment(&self, _id: &RemoteId, _key: &Key) -> Result<bool, Trouble> {
        Err(Trouble::InDoubt { why: "this ticket system can't be searched for our comments".to_owned() })
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let call = self.config.comment.as_ref();
        let call = call.ok_or_else(|| Trouble::unusable("no call for comments is configured"))?;
        let said = Said { ticket: None, text: tame(text), change: None };
        self.api.send(self.request(call, Some(id), key, &said)?).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        // Whoever describes none wants comments only.
        let Some(call) = &self.config.change else { return Ok(()) };
        let none = Key::new("none", DateTime::UNIX_EPOCH)?;
        let said = Said { ticket: None, text: String::new(), change: Some(*change) };
        let changes = |source: &Source| matches!(source, Source::Status(_) | Source::Priority(_));
        if !call.body.iter().any(|(_, source)| changes(source) && !said.lacks(source)) {
            return Ok(());
        }
        self.api.send(self.request(call, Some(id), &none, &said)?).await.map(|_| ())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let none = Key::new("none", DateTime::UNIX_EPOCH)?;
        let request = self.request(&self.config.read, Some(id), &none, &Said::default())?;
        let answer: Value = self.api.send(request).await?.json()?;
        Ok(self.meaning(&text(self.ticket(&answer)?, &self.config.status)?))
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        let key = self.config.hook.clone().ok_or(BadEvent::NotOffered("events need a signing secret"))?;
        verify(&[key], headers, body, now).map_err(|wrong| BadEvent::Unsigned(wrong.0))?;
        let told = super::event::json(body)?;
        let unreadable = |trouble: Trouble| BadEvent::Unreadable(trouble.to_string());
        let ticket = self.ticket(&told).map_err(unreadable)?;
        let word = text(ticket, &self.config.status).map_err(unreadable)?;
        super::event::told(super::api::id(ticket, &self.config.id), "", self.meaning(&word))
    }
}
