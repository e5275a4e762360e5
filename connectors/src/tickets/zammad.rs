//! Zammad. https://docs.zammad.org/en/latest/api/ticket/
//!
//! Relies on: a tag of our own, set in the transaction that creates the ticket, and found by a search with a condition
//! and no query, which Zammad answers from its database even where Elasticsearch serves other searches (its source,
//! `CanSearch.search`; the API's documentation does not mention conditions). A Zammad that ignored the condition would
//! answer with any tickets, so the tags of each candidate are read before it is taken for ours.

use super::TicketSystem;
use super::api::{Api, id, is_since, list, text, text_or_empty};
use super::event::{self, BadEvent, RemoteComment, Told, text_of};
use super::files::NewFile;
use super::marker::{carries, label, marked};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::{Guard, Outgoing};
use crate::trouble::Trouble;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// Zammad's names of our four priorities as it is delivered.
const PRIORITIES: [&str; 4] = ["1 low", "2 normal", "3 high", "3 high"];

/// When Zammad reminds its agents of what waits; it will not let a ticket wait for ever.
const REMINDED: TimeDelta = TimeDelta::days(7);

/// A group of a Zammad.
pub struct Zammad {
    api: Api,
    lag: Duration,
    group: String,
    customer: String,
    hook: Option<SecretString>,
}

impl Zammad {
    /// `group` is a group's name; `customer` the e-mail address of tickets whose requester is not known; `hook` the
    /// HMAC token of a webhook whose payload holds the ticket, as the default one does.
    pub fn new(
        guard: Guard,
        base: Url,
        token: &SecretString,
        group: &str,
        customer: &str,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        let api = Api::new(guard, base).with_token("Token token=", token)?;
        Ok(Self {
            api,
            group: group.to_owned(),
            customer: customer.to_owned(),
            hook,
            lag: Duration::from_secs(30),
        })
    }

    /// How long after its beginning a lost creation may still come to be, 30 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    /// Adds an internal note, perhaps with files.
    async fn article(&self, id: &RemoteId, key: &Key, text: &str, files: Value) -> Result<(), Trouble> {
        let mut body = json!({
            "ticket_id": id.text().parse::<u64>().map_err(|_| Trouble::unusable("Zammad's ticket ids are numbers"))?,
            "body": marked(text, key),
            "type": "note",
            "content_type": "text/plain",
            "internal": true,
        });
        if !files.is_null() {
            body["attachments"] = files;
        }
        self.api.post("api/v1/ticket_articles", &body).await.map(|_| ())
    }

    fn remote(&self, ticket: &Value) -> Result<Remote, Trouble> {
        let id = id(ticket, "/id")?;
        Ok(Remote {
            number: text(ticket, "/number")?,
            // An address of a single-page application.
            url: Some(format!("{}#ticket/zoom/{}", self.api.url("", &[]), id.text())),
            status: status(&ticket["state"]),
            id,
        })
    }
}

/// The state by name, or as the object that webhooks carry.
fn status(state: &Value) -> Status {
    let name = state.as_str().or_else(|| state["name"].as_str()).unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "closed" | "merged" | "removed" => Status::Solved,
        name if name.starts_with("pending") => Status::Pending,
        _ => Status::Open,
    }
}

/// An article that a person wrote; Zammad's own are none.
fn comment_of(article: &Value) -> Result<Option<RemoteComment>, Trouble> {
    let sender =
        article["sender"].as_str().or_else(|| article["sender"]["name"].as_str()).unwrap_or_default();
    if sender == "System" {
        return Ok(None);
    }
    let body = text_or_empty(article, "/body");
    let html = text_or_empty(article, "/content_type").starts_with("text/html");
    let words = if html { text_of(body) } else { body.to_owned() };
    let author = text_or_empty(article, "/from");
    Ok(RemoteComment::of(text(article, "/id")?, author, &words, article["internal"] == false))
}

#[async_trait]
impl TicketSystem for Zammad {
    fn name(&self) -> &'static str {
        "zammad"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let tag = label(key);
        let query = [
            ("condition[ticket.tags][operator]", "contains all"),
            ("condition[ticket.tags][value]", tag.as_str()),
            ("sort_by", "id"),
            ("order_by", "asc"),
            ("expand", "true"),
            ("limit", "5"),
        ];
        let found = self.api.get("api/v1/tickets/search", &query).await?;
        for ticket in list(&found, "")? {
            let number = id(ticket, "/id")?;
            let tags = self.api.get("api/v1/tags", &[("object", "Ticket"), ("o_id", number.text())]).await?;
            if list(&tags, "/tags")?.iter().any(|one| *one == tag) {
                return self.remote(ticket).map(Some);
            }
        }
        Ok(None)
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let tags = ticket.tags.iter().map(|tag| tag.replace(',', " "));
        let tags: Vec<String> = tags.chain(["deskhand".to_owned(), label(key)]).collect();
        let customer = ticket.requester.as_ref().map_or(&self.customer, |requester| &requester.email);
        let body = json!({
            "title": ticket.headline(200),
            "group": self.group,
            "customer_id": format!("guess:{customer}"),
            "priority": ticket.priority.of(PRIORITIES),
            "tags": tags.join(","),
            "article": {
                "subject": ticket.headline(200),
                // With the mark of ours: it comes back as the first of the articles.
                "body": marked(&ticket.body, key),
                "type": "note",
                "content_type": "text/plain",
                "internal": true,
            },
        });
        let url = self.api.url("api/v1/tickets", &[("expand", "true")]);
        let created: Value = self.api.send(Outgoing::new(Method::POST, url).json(&body)).await?.json()?;
        self.remote(&created)
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let found = self.api.get(&format!("api/v1/ticket_articles/by_ticket/{}", id.text()), &[]).await?;
        Ok(list(&found, "")?.iter().any(|article| carries(text_or_empty(article, "/body"), key)))
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        self.article(id, key, text, Value::Null).await
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let mut ticket = json!({});
        if let Some(status) = change.status {
            ticket["state"] = json!(status.of(["open", "pending reminder", "closed"]));
            if status == Status::Pending {
                let until = change.at + REMINDED;
                ticket["pending_time"] = json!(until.to_rfc3339_opts(SecondsFormat::Secs, true));
            }
        }
        if let Some(priority) = change.priority {
            ticket["priority"] = json!(priority.of(PRIORITIES));
        }
        self.api.write(Method::PUT, &format!("api/v1/tickets/{}", id.text()), &ticket).await.map(|_| ())
    }

    async fn add_file(&self, id: &RemoteId, key: &Key, file: &NewFile, text: &str) -> Result<(), Trouble> {
        let attached = json!({
            "filename": file.plain_name(), "data": STANDARD.encode(&file.bytes), "mime-type": file.kind(),
        });
        self.article(id, key, text, json!([attached])).await
    }

    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let found = self.api.get(&format!("api/v1/ticket_articles/by_ticket/{}", id.text()), &[]).await?;
        let articles = list(&found, "")?.iter().filter(|article| is_since(article, "/created_at", since));
        Ok(articles.filter_map(|article| comment_of(article).ok().flatten()).collect())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let ticket = self.api.get(&format!("api/v1/tickets/{}", id.text()), &[("expand", "true")]).await?;
        text(&ticket, "/state")?;
        Ok(status(&ticket["state"]))
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        let secret = event::secret(self.hook.as_ref())?;
        let signature = event::header(headers, "x-hub-signature")?;
        let signature =
            signature.strip_prefix("sha1=").ok_or(BadEvent::Unsigned("its signature is no SHA-1"))?;
        event::signed_sha1(secret, body, signature)?;
        let told = event::json(body)?;
        if told.pointer("/ticket/state").is_none() {
            return Err(BadEvent::Unreadable("the payload holds no /ticket/state".to_owned()));
        }
        let mut all = event::told(id(&told, "/ticket/id"), "", status(&told["ticket"]["state"]))?;
        if told["article"].is_object() {
            let comment = comment_of(&told["article"]);
            let comment = comment.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
            all.iter_mut().for_each(|one| one.comment.clone_from(&comment));
        }
        Ok(all)
    }
}
