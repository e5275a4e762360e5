//! Jira Cloud, REST v3. https://developer.atlassian.com/cloud/jira/platform/rest/v3/
//!
//! Relies on: a label of our own, found by JQL. That index lags ("a few seconds to minutes" in Atlassian's words; it is
//! made exact only for issues whose id one knows already), and Jira offers no other look-up by a key of ours. So a
//! repeated creation waits until the index must have caught up; a longer lag than [`Jira::with_lag`] can double a ticket.

use super::TicketSystem;
use super::api::{Api, PAGE, id, is_since, list, text, text_or_empty};
use super::event::{self, BadEvent, RemoteComment, Told};
use super::files::{NewFile, Part};
use super::marker::{carries, label, marked, tame};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::Guard;
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A project of a Jira Cloud site.
pub struct Jira {
    api: Api,
    project: String,
    issue_type: String,
    priorities: Option<[String; 4]>,
    lag: Duration,
    hook: Option<SecretString>,
}

impl Jira {
    /// `base` is `https://{site}.atlassian.net`; `project` a project's key, `issue_type` a name like `Task`; `hook` the
    /// secret of a webhook for issue updates.
    pub fn new(
        guard: Guard,
        base: Url,
        email: &str,
        token: &SecretString,
        project: &str,
        issue_type: &str,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            // Without it Jira takes an upload for a forgery.
            api: Api::new(guard, base).with_login(email, token)?.with_header("x-atlassian-token", "no-check"),
            project: project.to_owned(),
            issue_type: issue_type.to_owned(),
            priorities: None,
            lag: Duration::from_secs(60),
            hook,
        })
    }

    /// The project's names of our four priorities, the lowest first (`Low`, `Medium`, `High`, `Highest`). Without them
    /// no priority is sent: many projects do not show the field and refuse it.
    #[must_use]
    pub fn with_priorities(mut self, names: [String; 4]) -> Self {
        self.priorities = Some(names);
        self
    }

    /// How long the search index may lag; 60 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    fn remote(&self, issue: &Value) -> Result<Remote, Trouble> {
        let number = text(issue, "/key")?;
        let status = text_or_empty(issue, "/fields/status/statusCategory/key");
        Ok(Remote {
            id: id(issue, "/id")?,
            url: Some(self.api.url(&format!("browse/{number}"), &[]).to_string()),
            number,
            status: category(status),
        })
    }
}

/// Every Jira status belongs to one of three categories, whatever its name.
fn category(key: &str) -> Status {
    match key {
        "done" => Status::Solved,
        _ => Status::Open,
    }
}

/// A status by category, with the usual names of waiting told apart.
fn status(value: &Value) -> Status {
    let name = text_or_empty(value, "/name").to_ascii_lowercase();
    match category(text_or_empty(value, "/statusCategory/key")) {
        Status::Open if ["waiting", "pending", "hold", "blocked"].iter().any(|word| name.contains(word)) => {
            Status::Pending
        }
        category => category,
    }
}

/// Plain text as an Atlassian document: paragraphs of text nodes, no markup.
fn document(text: &str) -> Value {
    let paragraph = |line: &str| match line {
        "" => json!({"type": "paragraph", "content": []}),
        line => json!({"type": "paragraph", "content": [{"type": "text", "text": line}]}),
    };
    let lines: Vec<Value> = text.lines().map(paragraph).collect();
    json!({"type": "doc", "version": 1, "content": lines})
}

/// All text nodes of an Atlassian document.
fn plain(document: &Value) -> String {
    let own = document["text"].as_str().unwrap_or_default().to_owned();
    let below = document["content"].as_array().into_iter().flatten().map(plain).collect::<Vec<_>>();
    if below.is_empty() { own } else { own + &below.join("\n") }
}

/// The id of a transition: a number, as a text.
fn id_of(transition: &Value) -> Result<String, Trouble> {
    text(transition, "/id")
}

/// Only a service desk's comments are shown to customers, and say so. Events bring the text as it was typed, the API as
/// a document.
fn comment_of(comment: &Value) -> Result<Option<RemoteComment>, Trouble> {
    let words = comment["body"].as_str().map_or_else(|| plain(&comment["body"]), str::to_owned);
    let author = text_or_empty(comment, "/author/displayName");
    Ok(RemoteComment::of(text(comment, "/id")?, author, &words, comment["jsdPublic"] == true))
}

#[async_trait]
impl TicketSystem for Jira {
    fn name(&self) -> &'static str {
        "jira"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let label = label(key);
        let body = json!({
            "jql": format!("labels = \"{label}\" ORDER BY created ASC"),
            "fields": ["labels", "status"],
            "maxResults": 10,
        });
        // A search changes nothing, though it is a POST: no doubt is left by a missing answer.
        let found = self.api.post("rest/api/3/search/jql", &body).await.map_err(|trouble| match trouble {
            Trouble::InDoubt { why } => Trouble::Retry { why },
            other => other,
        })?;
        let ours = |issue: &&Value| {
            issue["fields"]["labels"].as_array().is_some_and(|all| all.contains(&json!(label)))
        };
        let oldest = list(&found, "/issues")?.iter().find(ours);
        oldest.map(|issue| self.remote(issue)).transpose()
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let tags = ticket.tags.iter().map(|tag| tag.replace(char::is_whitespace, "-"));
        let mut fields = json!({
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": ticket.headline(250),
            "description": document(&tame(&ticket.body)),
            "labels": tags.chain(["deskhand".to_owned(), label(key)]).collect::<Vec<_>>(),
        });
        if let Some(names) = &self.priorities {
            fields["priority"] = json!({"name": names[ticket.priority as usize]});
        }
        let property = json!([{"key": "deskhand", "value": {"key": key.text()}}]);
        let created =
            self.api.post("rest/api/3/issue", &json!({"fields": fields, "properties": property})).await?;
        self.remote(&created)
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let size = PAGE.to_string();
        let query = [("orderBy", "-created"), ("maxResults", size.as_str())];
        let found = self.api.get(&format!("rest/api/3/issue/{}/comment", id.text()), &query).await?;
        Ok(list(&found, "/comments")?.iter().any(|comment| carries(&plain(&comment["body"]), key)))
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let body = json!({"body": document(&marked(text, key))});
        self.api.post(&format!("rest/api/3/issue/{}/comment", id.text()), &body).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let path = format!("rest/api/3/issue/{}", id.text());
        if let (Some(priority), Some(names)) = (change.priority, &self.priorities) {
            let fields = json!({"priority": {"name": names[priority as usize]}});
            self.api.write(Method::PUT, &path, &json!({"fields": fields})).await?;
        }
        let Some(wanted) = change.status else { return Ok(()) };
        if self.status(id).await? == wanted {
            return Ok(());
        }
        // A status is reached by the transitions that the project's workflow has from where the issue stands.
        let path = format!("{path}/transitions");
        let found = self.api.get(&path, &[]).await?;
        let leads = |transition: &&Value| status(&transition["to"]) == wanted;
        match list(&found, "/transitions")?.iter().find(leads) {
            Some(transition) => {
                let transition = id_of(transition)?;
                self.api
                    .write(Method::POST, &path, &json!({"transition": {"id": transition}}))
                    .await
                    .map(|_| ())
            }
            // Many workflows know no waiting.
            None if wanted == Status::Pending => Ok(()),
            None => Err(Trouble::unusable(
                "the project's workflow has no transition to that status from where the issue stands",
            )),
        }
    }

    /// Attachments carry no text: the name carries the key.
    async fn has_file(&self, id: &RemoteId, key: &Key, file: &NewFile) -> Result<bool, Trouble> {
        let path = format!("rest/api/3/issue/{}", id.text());
        let issue = self.api.get(&path, &[("fields", "attachment")]).await?;
        let name = file.keyed_name(key);
        let attached = issue.pointer("/fields/attachment").and_then(Value::as_array);
        Ok(attached.is_some_and(|all| all.iter().any(|one| one["filename"] == name)))
    }

    async fn add_file(&self, id: &RemoteId, key: &Key, file: &NewFile, _text: &str) -> Result<(), Trouble> {
        let path = format!("rest/api/3/issue/{}/attachments", id.text());
        self.api.form(&path, &[Part::File("file", &file.keyed_name(key), file)]).await.map(|_| ())
    }

    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let size = PAGE.to_string();
        let query = [("orderBy", "-created"), ("maxResults", size.as_str())];
        let found = self.api.get(&format!("rest/api/3/issue/{}/comment", id.text()), &query).await?;
        let comments =
            list(&found, "/comments")?.iter().filter(|comment| is_since(comment, "/created", since));
        Ok(comments.filter_map(|comment| comment_of(comment).ok().flatten()).collect())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let issue = self.api.get(&format!("rest/api/3/issue/{}", id.text()), &[("fields", "status")]).await?;
        text(&issue, "/fields/status/statusCategory/key")?;
        Ok(status(&issue["fields"]["status"]))
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
            signature.strip_prefix("sha256=").ok_or(BadEvent::Unsigned("its signature is no SHA-256"))?;
        event::signed_hex(secret, body, signature)?;
        let told = event::json(body)?;
        match text_or_empty(&told, "/webhookEvent") {
            "jira:issue_updated" => {}
            "comment_created" => {
                let comment = comment_of(&told["comment"]);
                let comment = comment.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
                return event::commented(id(&told, "/issue/id"), comment);
            }
            _ => return Ok(Vec::new()),
        }
        event::told(id(&told, "/issue/id"), "", status(&told["issue"]["fields"]["status"]))
    }
}
