//! GitHub issues. https://docs.github.com/en/rest/issues/issues
//!
//! Relies on: a marker in the issue's body, and the list of the repository's issues since the key came to be, which
//! comes from GitHub's records and not from its search index. Labels help people only: GitHub drops them silently
//! where our token may not push. octocrab is not used: it would go around the guard.

use super::TicketSystem;
use super::api::{Api, PAGE, PAGES, id, list, text, text_or_empty, too_long};
use super::event::{self, BadEvent, RemoteComment, Told};
use super::marker::{carries, marked_unseen};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::Guard;
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// How labels of priorities begin.
const PRIORITY: &str = "priority: ";

/// A repository whose issues are tickets.
pub struct GitHub {
    api: Api,
    lag: Duration,
    repository: String,
    hook: Option<SecretString>,
}

impl GitHub {
    /// `base` is `https://api.github.com`, or `https://{host}/api/v3` of an own server; `repository` is `owner/name`;
    /// `hook` the secret of a webhook for issues.
    pub fn new(
        guard: Guard,
        base: Url,
        token: &SecretString,
        repository: &str,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match repository.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {}
            _ => return Err(Trouble::unusable(format!("`{repository}` is not of the form owner/name"))),
        }
        let api = Api::new(guard, base)
            .with_token("Bearer ", token)?
            .with_header("accept", "application/vnd.github+json")
            .with_header("x-github-api-version", "2022-11-28");
        Ok(Self { api, repository: repository.to_owned(), hook, lag: Duration::from_secs(15) })
    }

    /// How long after its beginning a lost creation may still come to be, 15 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    fn path(&self, rest: &str) -> String {
        format!("repos/{}/issues{rest}", self.repository)
    }

    /// Whether the list at `path` holds something with the key, read page by page from the newest.
    async fn search(&self, path: &str, key: &Key, sort: &[(&str, &str)]) -> Result<Option<Value>, Trouble> {
        let since = key.since().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut oldest = None;
        for page in 1..=PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let mut query = vec![("since", since.as_str()), ("per_page", &size), ("page", &number)];
            query.extend_from_slice(sort);
            let found = self.api.get(path, &query).await?;
            let found = found.as_array().ok_or_else(|| Trouble::unexpected("the answer is no list"))?;
            let ours = |item: &&Value| {
                item.get("pull_request").is_none() && carries(text_or_empty(item, "/body"), key)
            };
            oldest = found.iter().rfind(ours).cloned().or(oldest);
            if found.len() < PAGE || oldest.is_some() {
                return Ok(oldest);
            }
        }
        Err(too_long("GitHub"))
    }
}

fn remote(issue: &Value) -> Result<Remote, Trouble> {
    let id = id(issue, "/number")?;
    Ok(Remote {
        number: format!("#{}", id.text()),
        url: Some(text_or_empty(issue, "/html_url").to_owned()).filter(|url| !url.is_empty()),
        status: status(text_or_empty(issue, "/state")),
        id,
    })
}

fn comment_of(comment: &Value) -> Result<Option<RemoteComment>, Trouble> {
    let author = text_or_empty(comment, "/user/login");
    Ok(RemoteComment::of(text(comment, "/id")?, author, text_or_empty(comment, "/body"), false))
}

fn status(state: &str) -> Status {
    if state == "closed" { Status::Solved } else { Status::Open }
}

#[async_trait]
impl TicketSystem for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let sort = [("state", "all"), ("sort", "created"), ("direction", "desc")];
        self.search(&self.path(""), key, &sort).await?.as_ref().map(remote).transpose()
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let labels = ticket.tags.iter().map(|tag| tag.chars().take(50).collect());
        let own = ["deskhand".to_owned(), format!("{PRIORITY}{}", ticket.priority.name())];
        let body = json!({
            "title": ticket.headline(250),
            "body": marked_unseen(&ticket.body, key),
            "labels": labels.chain(own).collect::<Vec<String>>(),
        });
        remote(&self.api.post(&self.path(""), &body).await?)
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let path = self.path(&format!("/{}/comments", id.text()));
        Ok(self.search(&path, key, &[]).await?.is_some())
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let body = json!({"body": marked_unseen(text, key)});
        self.api.post(&self.path(&format!("/{}/comments", id.text())), &body).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let path = self.path(&format!("/{}", id.text()));
        let mut body = json!({});
        if let Some(status) = change.status {
            // There are two: what waits is open.
            body["state"] = json!(status.of(["open", "open", "closed"]));
            body["state_reason"] = json!(status.of(["reopened", "reopened", "completed"]));
        }
        if let Some(priority) = change.priority {
            let issue = self.api.get(&path, &[]).await?;
            let named = list(&issue, "/labels")?.iter();
            let named = named.filter_map(|label| label.as_str().or_else(|| label["name"].as_str()));
            let others = named.filter(|name| !name.starts_with(PRIORITY)).map(str::to_owned);
            let own = format!("{PRIORITY}{}", priority.name());
            body["labels"] = json!(others.chain([own]).collect::<Vec<_>>());
        }
        self.api.write(Method::PATCH, &path, &body).await.map(|_| ())
    }

    /// Nothing here says that a customer may read it.
    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let path = self.path(&format!("/{}/comments", id.text()));
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let query = [("since", since.as_str()), ("per_page", &size), ("page", &number)];
            let found = self.api.get(&path, &query).await?;
            let found = list(&found, "")?;
            all.extend(found.iter().filter_map(|comment| comment_of(comment).ok().flatten()));
            if found.len() < PAGE {
                break;
            }
        }
        Ok(all)
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let issue = self.api.get(&self.path(&format!("/{}", id.text())), &[]).await?;
        Ok(status(&text(&issue, "/state")?))
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        let secret = event::secret(self.hook.as_ref())?;
        let signature = event::header(headers, "x-hub-signature-256")?;
        let signature =
            signature.strip_prefix("sha256=").ok_or(BadEvent::Unsigned("its signature is no SHA-256"))?;
        event::signed_hex(secret, body, signature)?;
        let told = event::json(body)?;
        let here = text_or_empty(&told, "/repository/full_name").eq_ignore_ascii_case(&self.repository);
        let of_issue = here && told.pointer("/issue/pull_request").is_none();
        if told.get("comment").is_some() && text_or_empty(&told, "/action") == "created" && of_issue {
            let comment = comment_of(&told["comment"]);
            let comment = comment.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
            return event::commented(id(&told, "/issue/number"), comment);
        }
        let about_status = ["closed", "reopened"].contains(&text_or_empty(&told, "/action"));
        if !about_status || !of_issue {
            return Ok(Vec::new());
        }
        let state = status(text_or_empty(&told, "/issue/state"));
        event::told(id(&told, "/issue/number"), text_or_empty(&told, "/issue/body"), state)
    }
}
