//! Freshdesk, API v2. https://developers.freshdesk.com/api/#tickets
//!
//! Relies on: a short tag of our own (and a custom field, where one is configured), found in the list of tickets since
//! the key came to be. That list comes from Freshdesk's records; its filter and search calls use an index that may be
//! minutes behind, so they are not used.

use super::TicketSystem;
use super::api::{Api, PAGE, PAGES, html, id, is_since, list, text_or_empty, too_long};
use super::event::{self, BadEvent, RemoteComment, Told};
use super::files::{NewFile, Part};
use super::marker::{carries, marked, short, tame};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::Guard;
use crate::trouble::Trouble;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// The header in which a webhook of an automation rule must send its secret: Freshdesk signs nothing.
const SECRET: &str = "x-deskhand-secret";

/// A Freshdesk account.
pub struct Freshdesk {
    api: Api,
    lag: Duration,
    requester: String,
    field: Option<String>,
    hook: Option<SecretString>,
}

impl Freshdesk {
    /// `requester` is the e-mail address of tickets whose requester is not known; `hook` a secret of our choice that an
    /// automation rule sends as the custom header `X-Deskhand-Secret`, with the JSON body
    /// `{"ticket_id": "{{ticket.id}}", "status": "{{ticket.status}}"}`.
    pub fn new(
        guard: Guard,
        base: Url,
        key: &SecretString,
        requester: &str,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        // Freshdesk takes the key as the user's name, with any password.
        let pair = STANDARD.encode(format!("{}:X", key.expose_secret()));
        let api = Api::new(guard, base).with_secret(AUTHORIZATION, &format!("Basic {pair}"), key)?;
        Ok(Self { api, requester: requester.to_owned(), field: None, hook, lag: Duration::from_secs(30) })
    }

    /// Keeps the whole key in a text field of the account too, like `cf_deskhand_key`.
    #[must_use]
    pub fn with_field(mut self, name: &str) -> Self {
        self.field = Some(name.to_owned());
        self
    }

    /// How long after its beginning a lost creation may still come to be, 30 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    fn remote(&self, ticket: &Value) -> Result<Remote, Trouble> {
        let id = id(ticket, "/id")?;
        Ok(Remote {
            number: format!("#{}", id.text()),
            url: Some(self.api.url(&format!("a/tickets/{}", id.text()), &[]).to_string()),
            status: status(&ticket["status"]),
            id,
        })
    }

    fn is_ours(&self, ticket: &Value, key: &Key) -> bool {
        let field = self.field.as_ref().map(|name| &ticket["custom_fields"][name]);
        field.is_some_and(|value| *value == key.text())
            || ticket["tags"].as_array().is_some_and(|tags| tags.contains(&json!(short(key))))
    }
}

/// The number of the API, or the name that automation rules send.
fn status(value: &Value) -> Status {
    match (value.as_u64(), value.as_str().unwrap_or_default().to_ascii_lowercase().as_str()) {
        (Some(4 | 5), _) | (None, "resolved" | "closed") => Status::Solved,
        (Some(3 | 6 | 7), _) | (None, "pending" | "waiting on customer" | "waiting on third party") => {
            Status::Pending
        }
        _ => Status::Open,
    }
}

#[async_trait]
impl TicketSystem for Freshdesk {
    fn name(&self) -> &'static str {
        "freshdesk"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let since = key.since().to_rfc3339_opts(SecondsFormat::Secs, true);
        for page in 1..=PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let query = [
                ("updated_since", since.as_str()),
                ("order_by", "created_at"),
                ("order_type", "desc"),
                ("per_page", &size),
                ("page", &number),
            ];
            let found = self.api.get("api/v2/tickets", &query).await?;
            let found = list(&found, "")?;
            if let Some(ticket) = found.iter().rev().find(|ticket| self.is_ours(ticket, key)) {
                return self.remote(ticket).map(Some);
            }
            if found.len() < PAGE {
                return Ok(None);
            }
        }
        Err(too_long("Freshdesk"))
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let tags = ticket.tags.iter().map(|tag| tag.replace(',', " ").chars().take(32).collect());
        let mut body = json!({
            "subject": ticket.headline(250),
            "description": html(&tame(&ticket.body)),
            "email": ticket.requester.as_ref().map_or(&self.requester, |requester| &requester.email),
            "priority": ticket.priority.of([1, 2, 3, 4]),
            "status": 2,
            "tags": tags.chain(["deskhand".to_owned(), short(key)]).collect::<Vec<String>>(),
        });
        if let Some(requester) = ticket.requester.as_ref().filter(|requester| !requester.name.is_empty()) {
            body["name"] = json!(requester.name);
        }
        if let Some(field) = &self.field {
            body["custom_fields"] = json!({ field: key.text() });
        }
        self.remote(&self.api.post("api/v2/tickets", &body).await?)
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        for page in 1..=PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let path = format!("api/v2/tickets/{}/conversations", id.text());
            let found = self.api.get(&path, &[("per_page", &size), ("page", &number)]).await?;
            let found = list(&found, "")?;
            if found.iter().any(|note| carries(text_or_empty(note, "/body_text"), key)) {
                return Ok(true);
            }
            if found.len() < PAGE {
                return Ok(false);
            }
        }
        Err(too_long("Freshdesk"))
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let body = json!({"body": html(&marked(text, key)), "private": true});
        self.api.post(&format!("api/v2/tickets/{}/notes", id.text()), &body).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let mut ticket = json!({});
        if let Some(status) = change.status {
            ticket["status"] = json!(status.of([2, 3, 4]));
        }
        if let Some(priority) = change.priority {
            ticket["priority"] = json!(priority.of([1, 2, 3, 4]));
        }
        self.api.write(Method::PUT, &format!("api/v2/tickets/{}", id.text()), &ticket).await.map(|_| ())
    }

    async fn add_file(&self, id: &RemoteId, key: &Key, file: &NewFile, text: &str) -> Result<(), Trouble> {
        let (body, name) = (html(&marked(text, key)), file.plain_name());
        let parts = [
            Part::Text("body", &body),
            Part::Text("private", "true"),
            Part::File("attachments[]", &name, file),
        ];
        self.api.form(&format!("api/v2/tickets/{}/notes", id.text()), &parts).await.map(|_| ())
    }

    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let path = format!("api/v2/tickets/{}/conversations", id.text());
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let found = self.api.get(&path, &[("per_page", &size), ("page", &number)]).await?;
            let found = list(&found, "")?;
            let since = found.iter().filter(|note| is_since(note, "/created_at", since));
            all.extend(since.filter_map(|note| {
                let id = super::api::text(note, "/id").ok()?;
                let author = text_or_empty(note, "/from_email");
                RemoteComment::of(id, author, text_or_empty(note, "/body_text"), note["private"] == false)
            }));
            if found.len() < PAGE {
                break;
            }
        }
        Ok(all)
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let ticket = self.api.get(&format!("api/v2/tickets/{}", id.text()), &[]).await?;
        super::api::text(&ticket, "/status")?;
        Ok(status(&ticket["status"]))
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        event::same(event::secret(self.hook.as_ref())?, event::header(headers, SECRET)?)?;
        let told = event::json(body)?;
        let word = super::api::text(&told, "/status")
            .map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
        // A template may send the number as a text.
        let word = word.parse::<u64>().map_or_else(|_| json!(word), |number| json!(number));
        event::told(id(&told, "/ticket_id"), "", status(&word))
    }
}
