//! Redmine, REST. https://www.redmine.org/projects/redmine/wiki/Rest_api
//!
//! Relies on: a custom field of ours, by which issues are filtered in the database, exactly and at once; or, where no
//! field is configured, a marker in the description, looked for in the list of issues since the key came to be.
//! Redmine sends no events: ask for [`TicketSystem::status`] from time to time.

use super::TicketSystem;
use super::api::{Api, PAGE, PAGES, id, is_since, list, text, text_or_empty, too_long};
use super::event::{BadEvent, RemoteComment, Told};
use super::files::NewFile;
use super::marker::{carries, marked, tame};
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::Guard;
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// Numbers that differ from one Redmine to the next.
#[derive(Debug, Clone, Default)]
pub struct RedmineFields {
    /// The tracker; the project's first one where nothing is said.
    pub tracker: Option<u64>,
    /// The numbers of our four priorities, the lowest first; the default priority where nothing is said.
    pub priorities: Option<[u64; 4]>,
    /// The names of the statuses for what is open (again), waits and is done; found by their meaning where nothing is
    /// said.
    pub statuses: Option<[String; 3]>,
    /// A custom field for issues, of format text, used as a filter, at least 80 characters.
    pub key: Option<u64>,
}

/// A project of a Redmine.
pub struct Redmine {
    api: Api,
    lag: Duration,
    project: String,
    fields: RedmineFields,
}

impl Redmine {
    /// `project` is the project's identifier.
    pub fn new(
        guard: Guard,
        base: Url,
        key: &SecretString,
        project: &str,
        fields: RedmineFields,
    ) -> Result<Self, Trouble> {
        let name = HeaderName::from_static("x-redmine-api-key");
        let api = Api::new(guard, base).with_secret(name, key.expose_secret(), key)?;
        Ok(Self { api, project: project.to_owned(), fields, lag: Duration::from_secs(30) })
    }

    /// How long after its beginning a lost creation may still come to be, 30 s where nothing is said.
    #[must_use]
    pub fn with_lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    fn remote(&self, issue: &Value) -> Result<Remote, Trouble> {
        let id = id(issue, "/id")?;
        Ok(Remote {
            number: format!("#{}", id.text()),
            url: Some(self.api.url(&format!("issues/{}", id.text()), &[]).to_string()),
            status: status(issue),
            id,
        })
    }

    /// The status of that meaning: by its name in the settings; else the first that is open, waits or is done.
    async fn status_id(&self, wanted: Status) -> Result<Option<u64>, Trouble> {
        let found = self.api.get("issue_statuses.json", &[]).await?;
        let all = list(&found, "/issue_statuses")?;
        let name = |one: &Value| text_or_empty(one, "/name").to_ascii_lowercase();
        let fits = |one: &&Value| match &self.fields.statuses {
            Some(names) => names[wanted as usize].eq_ignore_ascii_case(text_or_empty(one, "/name")),
            None => status(&json!({"status": one})) == wanted && !name(one).starts_with("reject"),
        };
        let mut fitting: Vec<&Value> = all.iter().filter(fits).collect();
        // "Resolved" is done in our words; "Closed" is done in everybody's.
        fitting.sort_by_key(|one| wanted == Status::Solved && one["is_closed"] != true);
        Ok(fitting.first().and_then(|one| one["id"].as_u64()))
    }

    async fn find_by_field(&self, field: u64, key: &Key) -> Result<Option<Remote>, Trouble> {
        let filter = format!("cf_{field}");
        let query = [
            ("project_id", self.project.as_str()),
            ("status_id", "*"),
            (filter.as_str(), key.text()),
            ("sort", "id"),
            ("limit", "5"),
        ];
        let found = self.api.get("issues.json", &query).await?;
        // A field that is no filter would be ignored, and any issue be taken for ours.
        let ours = |issue: &&Value| {
            let fields = issue["custom_fields"].as_array();
            fields.is_some_and(|fields| {
                fields.iter().any(|one| one["id"] == field && one["value"] == key.text())
            })
        };
        list(&found, "/issues")?.iter().find(ours).map(|issue| self.remote(issue)).transpose()
    }

    async fn find_by_marker(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let since = format!(">={}", key.since().to_rfc3339_opts(SecondsFormat::Secs, true));
        for page in 0..PAGES as usize {
            let (size, offset) = (PAGE.to_string(), (page * PAGE).to_string());
            let query = [
                ("project_id", self.project.as_str()),
                ("status_id", "*"),
                ("created_on", since.as_str()),
                ("sort", "id:desc"),
                ("limit", size.as_str()),
                ("offset", offset.as_str()),
            ];
            let found = self.api.get("issues.json", &query).await?;
            let found = list(&found, "/issues")?;
            let ours = |issue: &&Value| carries(text_or_empty(issue, "/description"), key);
            if let Some(issue) = found.iter().rev().find(ours) {
                return self.remote(issue).map(Some);
            }
            if found.len() < PAGE {
                return Ok(None);
            }
        }
        Err(too_long("Redmine"))
    }
}

fn status(issue: &Value) -> Status {
    let name = text_or_empty(issue, "/status/name").to_ascii_lowercase();
    let closed = issue.pointer("/status/is_closed").and_then(Value::as_bool);
    if closed.unwrap_or_else(|| issue["closed_on"].is_string()) || name == "resolved" {
        Status::Solved
    } else if ["feedback", "waiting", "pending"].iter().any(|word| name.contains(word)) {
        Status::Pending
    } else {
        Status::Open
    }
}

#[async_trait]
impl TicketSystem for Redmine {
    fn name(&self) -> &'static str {
        "redmine"
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        match self.fields.key {
            Some(field) => self.find_by_field(field, key).await,
            None => self.find_by_marker(key).await,
        }
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let mut issue = json!({"project_id": self.project, "subject": ticket.headline(250)});
        match self.fields.key {
            Some(field) => {
                issue["description"] = json!(tame(&ticket.body));
                issue["custom_fields"] = json!([{"id": field, "value": key.text()}]);
            }
            None => issue["description"] = json!(marked(&ticket.body, key)),
        }
        if let Some(tracker) = self.fields.tracker {
            issue["tracker_id"] = json!(tracker);
        }
        if let Some(priorities) = self.fields.priorities {
            issue["priority_id"] = json!(ticket.priority.of(priorities));
        }
        let created = self.api.post("issues.json", &json!({"issue": issue})).await?;
        self.remote(&created["issue"])
    }

    async fn has_comment(&self, id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let path = format!("issues/{}.json", id.text());
        let issue = self.api.get(&path, &[("include", "journals")]).await?;
        Ok(list(&issue, "/issue/journals")?.iter().any(|entry| carries(text_or_empty(entry, "/notes"), key)))
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let body = json!({"issue": {"notes": marked(text, key), "private_notes": true}});
        self.api.write(Method::PUT, &format!("issues/{}.json", id.text()), &body).await.map(|_| ())
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let path = format!("issues/{}.json", id.text());
        let mut issue = json!({});
        if let (Some(priority), Some(numbers)) = (change.priority, self.fields.priorities) {
            issue["priority_id"] = json!(priority.of(numbers));
        }
        let wanted = match change.status {
            Some(wanted) if self.status(id).await? != wanted => Some(wanted),
            _ => None,
        };
        if let Some(wanted) = wanted {
            match self.status_id(wanted).await? {
                Some(number) => issue["status_id"] = json!(number),
                // Many know no waiting.
                None if wanted == Status::Pending => {}
                None => return Err(Trouble::unusable("Redmine has no status of that kind")),
            }
        }
        if issue.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(());
        }
        let sets = issue.get("status_id").is_some();
        self.api.write(Method::PUT, &path, &json!({"issue": issue})).await?;
        // What the workflow does not allow is left out without a word.
        match wanted {
            Some(wanted) if sets && self.status(id).await? != wanted => Err(Trouble::unusable(
                "the workflow of Redmine does not let our user set that status from where the issue stands",
            )),
            _ => Ok(()),
        }
    }

    /// The upload by itself is nothing anybody sees; the journal that shows it carries the key.
    async fn add_file(&self, id: &RemoteId, key: &Key, file: &NewFile, said: &str) -> Result<(), Trouble> {
        let name = file.plain_name();
        let uploaded = self.api.upload(self.api.url("uploads.json", &[("filename", &name)]), file).await?;
        let token = text(&uploaded, "/upload/token")?;
        let upload = json!({"token": token, "filename": name, "content_type": file.kind()});
        let issue = json!({"notes": marked(said, key), "private_notes": true, "uploads": [upload]});
        let path = format!("issues/{}.json", id.text());
        self.api.write(Method::PUT, &path, &json!({"issue": issue})).await.map(|_| ())
    }

    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let path = format!("issues/{}.json", id.text());
        let issue = self.api.get(&path, &[("include", "journals")]).await?;
        let journals = list(&issue, "/issue/journals")?.iter();
        let journals = journals.filter(|entry| is_since(entry, "/created_on", since)).filter_map(|entry| {
            let author = text_or_empty(entry, "/user/name");
            let public = entry["private_notes"] == false;
            RemoteComment::of(text(entry, "/id").ok()?, author, text_or_empty(entry, "/notes"), public)
        });
        Ok(journals.collect())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let issue = self.api.get(&format!("issues/{}.json", id.text()), &[]).await?;
        text(&issue, "/issue/status/name")?;
        Ok(status(&issue["issue"]))
    }

    fn parse_event(&self, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> Result<Vec<Told>, BadEvent> {
        Err(BadEvent::NotOffered("Redmine sends no events; its tickets are asked for their status"))
    }
}
