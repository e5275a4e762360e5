//! Zendesk Support. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
//!
//! Relies on: the header `Idempotency-Key` (the same key gives the same ticket, for two hours), and `external_id`, by
//! which `GET /api/v2/tickets?external_id=` lists tickets from the database, not from the search index.

use super::TicketSystem;
use super::api::{Api, PAGE, html, id, is_since, list, text, text_or_empty};
use super::event::{self, BadEvent, RemoteComment, Told};
use super::files::NewFile;
use super::marker::{carries, label, marked};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::{Guard, Outgoing};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A signed event older than this is a replay, in seconds.
const FRESH: i64 = 5 * 60;

/// An agent's e-mail address and an API token of the account.
pub struct ZendeskLogin {
    /// The agent.
    pub email: String,
    /// The token.
    pub token: SecretString,
}

/// A Zendesk account.
pub struct Zendesk {
    api: Api,
    lag: Duration,
    hook: Option<SecretString>,
}

impl Zendesk {
    /// `base` is `https://{account}.zendesk.com`; `hook` is the signing secret of a webhook that is subscribed to
    /// ticket status events.
    pub fn new(
        guard: Guard,
        base: Url,
        login: &ZendeskLogin,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        let api =
            Api::new(guard, base).with_login(&format!("{}/token", login.email), &login.token)?.with_kinds();
        Ok(Self { api, lag: Duration::from_secs(30), hook })
    }

    /// How long after its beginning a lost request may still come to be, 30 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    fn remote(&self, ticket: &Value) -> Result<Remote, Trouble> {
        let id = id(ticket, "/id")?;
        Ok(Remote {
            number: format!("#{}", id.text()),
            url: Some(self.api.url(&format!("agent/tickets/{}", id.text()), &[]).to_string()),
            status: status(text_or_empty(ticket, "/status")),
            id,
        })
    }
}

fn status(word: &str) -> Status {
    match word.to_ascii_lowercase().as_str() {
        "pending" | "hold" => Status::Pending,
        "solved" | "closed" => Status::Solved,
        _ => Status::Open,
    }
}

#[async_trait]
impl TicketSystem for Zendesk {
    fn name(&self) -> &'static str {
        "zendesk"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let found = self.api.get("api/v2/tickets.json", &[("external_id", key.text())]).await?;
        let ours = |ticket: &&Value| ticket["external_id"] == key.text();
        let oldest = list(&found, "/tickets")?.iter().filter(ours).min_by_key(|ticket| ticket["id"].as_u64());
        oldest.map(|ticket| self.remote(ticket)).transpose()
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let mut fields = json!({
            "subject": ticket.headline(150),
            // With the mark of ours: it comes back as the first of the comments.
            "comment": {"body": marked(&ticket.body, key), "public": false},
            "priority": ticket.priority.of(["low", "normal", "high", "urgent"]),
            "external_id": key.text(),
            "tags": ticket.tags.iter().map(|tag| tag.replace(char::is_whitespace, "_")).chain(["deskhand".to_owned()]).collect::<Vec<_>>(),
        });
        if let Some(requester) = &ticket.requester {
            fields["requester"] = json!({"name": requester.name, "email": requester.email});
        }
        let url = self.api.url("api/v2/tickets.json", &[]);
        let mut request = Outgoing::new(Method::POST, url).json(&json!({"ticket": fields}));
        let value =
            HeaderValue::from_str(&label(key)).map_err(|_| Trouble::unusable("the key makes no header"))?;
        request.headers.insert("idempotency-key", value);
        let answer: Value = self.api.send(request).await?.json()?;
        self.remote(&answer["ticket"])
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let path = format!("api/v2/tickets/{}/comments.json", id.text());
        // The newest first: a comment that is looked for was made lately.
        let size = PAGE.to_string();
        let found = self.api.get(&path, &[("sort_order", "desc"), ("per_page", &size)]).await?;
        Ok(list(&found, "/comments")?.iter().any(|comment| carries(text_or_empty(comment, "/body"), key)))
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let body = json!({"ticket": {"comment": {"html_body": html(&marked(text, key)), "public": false}}});
        self.api.write(Method::PUT, &format!("api/v2/tickets/{}.json", id.text()), &body).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let mut ticket = json!({});
        if let Some(status) = change.status {
            ticket["status"] = json!(status.of(["open", "pending", "solved"]));
        }
        if let Some(priority) = change.priority {
            ticket["priority"] = json!(priority.of(["low", "normal", "high", "urgent"]));
        }
        let path = format!("api/v2/tickets/{}.json", id.text());
        self.api.write(Method::PUT, &path, &json!({"ticket": ticket})).await.map(|_| ())
    }

    /// The upload by itself is nothing anybody sees; the comment that shows it carries the key.
    async fn add_file(&self, id: &RemoteId, key: &Key, file: &NewFile, said: &str) -> Result<(), Trouble> {
        let url = self.api.url("api/v2/uploads.json", &[("filename", &file.plain_name())]);
        let uploaded: Value = self.api.upload(url, file).await?;
        let token = text(&uploaded, "/upload/token")?;
        let comment = json!({"html_body": html(&marked(said, key)), "public": false, "uploads": [token]});
        let path = format!("api/v2/tickets/{}.json", id.text());
        self.api.write(Method::PUT, &path, &json!({"ticket": {"comment": comment}})).await.map(|_| ())
    }

    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let path = format!("api/v2/tickets/{}/comments.json", id.text());
        let size = PAGE.to_string();
        let query = [("sort_order", "desc"), ("per_page", size.as_str()), ("include", "users")];
        let found = self.api.get(&path, &query).await?;
        let users = found["users"].as_array();
        let name = |author: &Value| {
            let user = users.and_then(|users| users.iter().find(|user| user["id"] == *author));
            user.map_or("", |user| text_or_empty(user, "/name")).to_owned()
        };
        let comments =
            list(&found, "/comments")?.iter().filter(|comment| is_since(comment, "/created_at", since));
        let comments = comments.filter_map(|comment| {
            let public = comment["public"] == true;
            let author = name(&comment["author_id"]);
            RemoteComment::of(text(comment, "/id").ok()?, &author, text_or_empty(comment, "/body"), public)
        });
        Ok(comments.collect())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let answer = self.api.get(&format!("api/v2/tickets/{}.json", id.text()), &[]).await?;
        Ok(status(&text(&answer, "/ticket/status")?))
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        let secret = event::secret(self.hook.as_ref())?;
        let at = event::header(headers, "x-zendesk-webhook-signature-timestamp")?;
        event::signed_base64(
            secret,
            &[at.as_bytes(), body],
            event::header(headers, "x-zendesk-webhook-signature")?,
        )?;
        let signed =
            DateTime::parse_from_rfc3339(at).map_err(|_| BadEvent::Unsigned("its time can't be read"))?;
        if (now.timestamp() - signed.timestamp()).abs() > FRESH {
            return Err(BadEvent::Unsigned("it was signed too long ago"));
        }
        let told = event::json(body)?;
        match text_or_empty(&told, "/type") {
            "zen:event-type:ticket.status_changed" => {}
            "zen:event-type:ticket.comment_added" => {
                let comment = &told["event"]["comment"];
                let author = text_or_empty(comment, "/author/name");
                let (words, public) = (text_or_empty(comment, "/body"), comment["is_public"] == true);
                let number = text(comment, "/id");
                let number = number.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
                return event::commented(
                    id(&told, "/detail/id"),
                    RemoteComment::of(number, author, words, public),
                );
            }
            _ => return Ok(Vec::new()),
        }
        let id = id(&told, "/detail/id").map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
        let key = told.pointer("/detail/external_id").and_then(Value::as_str).map(str::to_owned);
        let word =
            text(&told, "/event/current").map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
        Ok(vec![Told { id, key, status: Some(status(&word)), comment: None }])
    }
}
