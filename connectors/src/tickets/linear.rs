//! Linear, GraphQL. https://linear.app/developers/graphql
//!
//! Relies on: ids that the client makes. The issue's UUID comes from our key, so a second creation is refused by Linear
//! itself; where that happens the first one is fetched. Comments likewise. No look-up can be late here.

use super::TicketSystem;
use super::api::{Api, id, is_since, list, text, text_or_empty};
use super::event::{self, BadEvent, RemoteComment, Told};
use super::marker::marked;
use super::values::{Change, Key, NewTicket, Remote, RemoteId, Status};
use crate::guard::{Guard, excerpt};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

/// A signed event older than this is a replay, in milliseconds: Linear's own advice.
const FRESH: i64 = 60 * 1000;

/// The operations that are sent; tests hold them to Linear's schema.
mod operations {
    /// Looks an issue up by its id; none is an empty list, not an error.
    pub(super) const FIND: &str = "query Find($id: ID!) { issues(filter: {id: {eq: $id}}, first: 1, includeArchived: true) { nodes { id identifier url state { type name } } } }";
    /// Opens an issue.
    pub(super) const CREATE: &str = "mutation Create($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { id identifier url state { type name } } } }";
    /// Where an issue stands, and where its team lets issues stand.
    pub(super) const STATES: &str = "query States($id: String!) { issue(id: $id) { state { id type name } team { states(first: 100) { nodes { id type name position } } } } }";
    /// Changes an issue.
    pub(super) const UPDATE: &str = "mutation Update($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) { success } }";
    /// The newest comments of an issue.
    pub(super) const COMMENTS: &str = "query Comments($id: ID!) { comments(filter: {issue: {id: {eq: $id}}}, first: 100, orderBy: createdAt) { nodes { id body createdAt user { name } } } }";
    /// Looks a comment up by its id.
    pub(super) const FIND_COMMENT: &str = "query FindComment($id: ID!) { comments(filter: {id: {eq: $id}}, first: 1, includeArchived: true) { nodes { id } } }";
    /// Adds a comment.
    pub(super) const COMMENT: &str = "mutation Comment($input: CommentCreateInput!) { commentCreate(input: $input) { success comment { id } } }";
}

/// A team of a Linear workspace.
pub struct Linear {
    api: Api,
    team: String,
    hook: Option<SecretString>,
}

impl Linear {
    /// `base` is `https://api.linear.app`; `team` the team's UUID; `hook` the signing secret of a webhook for issues.
    pub fn new(
        guard: Guard,
        base: Url,
        key: &SecretString,
        team: &str,
        hook: Option<SecretString>,
    ) -> Result<Self, Trouble> {
        Ok(Self { api: Api::new(guard, base).with_token("", key)?, team: team.to_owned(), hook })
    }

    async fn ask(&self, query: &str, variables: Value, changes: bool) -> Result<Value, Trouble> {
        let answer = self.api.post("graphql", &json!({"query": query, "variables": variables})).await;
        let answer = answer.map_err(|trouble| match trouble {
            Trouble::InDoubt { why } if !changes => Trouble::Retry { why },
            other => other,
        })?;
        let Some(error) = answer["errors"].get(0) else { return Ok(answer["data"].clone()) };
        let said = excerpt(error["message"].as_str().unwrap_or("an error without a message"));
        Err(match error.pointer("/extensions/type").and_then(Value::as_str).unwrap_or_default() {
            "ratelimited" => Trouble::Later { after: Duration::from_secs(60), why: said },
            "internal error" | "network error" | "lock timeout" if changes => Trouble::InDoubt { why: said },
            "internal error" | "network error" | "lock timeout" => Trouble::Retry { why: said },
            _ => Trouble::Refused { status: 200, body: said },
        })
    }
}

/// A UUID of version 4's form, which Linear asks for, out of our key.
fn uuid(kind: &str, key: &Key) -> String {
    let digest = Sha256::digest(format!("deskhand {kind} {}", key.text()).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn remote(issue: &Value) -> Result<Remote, Trouble> {
    Ok(Remote {
        id: id(issue, "/id")?,
        number: text(issue, "/identifier")?,
        url: Some(text_or_empty(issue, "/url").to_owned()).filter(|url| !url.is_empty()),
        status: status(&issue["state"]),
    })
}

fn status(state: &Value) -> Status {
    match text_or_empty(state, "/type") {
        "completed" | "canceled" | "duplicate" => Status::Solved,
        _ if ["waiting", "pending", "blocked"]
            .iter()
            .any(|word| text_or_empty(state, "/name").to_ascii_lowercase().contains(word)) =>
        {
            Status::Pending
        }
        _ => Status::Open,
    }
}

/// The team's state for it: the first of its kind in the team's own order.
fn best(states: &[Value], wanted: Status) -> Option<String> {
    let rank = |state: &Value| match (wanted, text_or_empty(state, "/type")) {
        (Status::Solved, "completed") | (Status::Open, "unstarted") | (Status::Pending, _) => 0,
        (Status::Open, "started") => 1,
        _ => 2,
    };
    let fits = states.iter().filter(|state| status(state) == wanted);
    let fits = fits.map(|state| (rank(state), state["position"].as_f64().unwrap_or(f64::MAX), state));
    let best = fits.min_by(|(a, at, _), (b, to, _)| a.cmp(b).then(at.total_cmp(to)));
    best.and_then(|(_, _, state)| text(state, "/id").ok())
}

#[async_trait]
impl TicketSystem for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    async fn find(&self, key: &Key) -> Result<Option<Remote>, Trouble> {
        let data = self.ask(operations::FIND, json!({"id": uuid("issue", key)}), false).await?;
        list(&data, "/issues/nodes")?.first().map(remote).transpose()
    }

    async fn create(&self, key: &Key, ticket: &NewTicket) -> Result<Remote, Trouble> {
        let input = json!({
            "id": uuid("issue", key),
            "teamId": self.team,
            "title": ticket.headline(250),
            "description": marked(&ticket.body, key),
            "priority": ticket.priority.of([4, 3, 2, 1]),
        });
        match self.ask(operations::CREATE, json!({"input": input}), true).await {
            Ok(data) => remote(&data["issueCreate"]["issue"]),
            // Perhaps because it is there already.
            Err(refused @ Trouble::Refused { .. }) => self.find(key).await?.ok_or(refused),
            Err(other) => Err(other),
        }
    }

    async fn has_comment(&self, _id: &RemoteId, key: &Key) -> Result<bool, Trouble> {
        let data = self.ask(operations::FIND_COMMENT, json!({"id": uuid("comment", key)}), false).await?;
        Ok(!list(&data, "/comments/nodes")?.is_empty())
    }

    async fn add_comment(&self, id: &RemoteId, key: &Key, text: &str) -> Result<(), Trouble> {
        let input = json!({"id": uuid("comment", key), "issueId": id.text(), "body": marked(text, key)});
        match self.ask(operations::COMMENT, json!({"input": input}), true).await {
            Ok(_) => Ok(()),
            Err(refused @ Trouble::Refused { .. }) => {
                if self.has_comment(id, key).await? {
                    Ok(())
                } else {
                    Err(refused)
                }
            }
            Err(other) => Err(other),
        }
    }

    async fn change(&self, id: &RemoteId, change: &Change) -> Result<(), Trouble> {
        let mut input = json!({});
        if let Some(wanted) = change.status {
            let data = self.ask(operations::STATES, json!({"id": id.text()}), false).await?;
            let stands = status(&data["issue"]["state"]);
            let states = list(&data, "/issue/team/states/nodes")?;
            if stands != wanted {
                match best(states, wanted) {
                    Some(state) => input["stateId"] = json!(state),
                    // Many teams know no waiting.
                    None if wanted == Status::Pending => {}
                    None => return Err(Trouble::unusable("the team has no state of that kind")),
                }
            }
        }
        if let Some(priority) = change.priority {
            input["priority"] = json!(priority.of([4, 3, 2, 1]));
        }
        if input.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(());
        }
        self.ask(operations::UPDATE, json!({"id": id.text(), "input": input}), true).await.map(|_| ())
    }

    /// Nothing here says that a customer may read it.
    async fn comments(&self, id: &RemoteId, since: DateTime<Utc>) -> Result<Vec<RemoteComment>, Trouble> {
        let data = self.ask(operations::COMMENTS, json!({"id": id.text()}), false).await?;
        let comments = list(&data, "/comments/nodes")?.iter();
        let comments =
            comments.filter(|comment| is_since(comment, "/createdAt", since)).filter_map(|comment| {
                let author = text_or_empty(comment, "/user/name");
                RemoteComment::of(text(comment, "/id").ok()?, author, text_or_empty(comment, "/body"), false)
            });
        Ok(comments.collect())
    }

    async fn status(&self, id: &RemoteId) -> Result<Status, Trouble> {
        let data = self.ask(operations::FIND, json!({"id": id.text()}), false).await?;
        let issue = list(&data, "/issues/nodes")?.first();
        issue
            .map(|issue| status(&issue["state"]))
            .ok_or_else(|| Trouble::Refused { status: 404, body: "Linear knows no such issue".to_owned() })
    }

    fn parse_event(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<Told>, BadEvent> {
        let secret = event::secret(self.hook.as_ref())?;
        event::signed_hex(secret, body, event::header(headers, "linear-signature")?)?;
        let told = event::json(body)?;
        let at = told["webhookTimestamp"].as_i64().ok_or(BadEvent::Unsigned("its time is missing"))?;
        if (now.timestamp_millis() - at).abs() > FRESH {
            return Err(BadEvent::Unsigned("it was signed too long ago"));
        }
        if told["type"] == "Comment" && told["action"] == "create" {
            let data = &told["data"];
            let number = text(data, "/id").map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
            let (author, words) = (text_or_empty(data, "/user/name"), text_or_empty(data, "/body"));
            return event::commented(id(data, "/issueId"), RemoteComment::of(number, author, words, false));
        }
        if told["type"] != "Issue" || told["action"] != "update" {
            return Ok(Vec::new());
        }
        event::told(
            id(&told, "/data/id"),
            text_or_empty(&told, "/data/description"),
            status(&told["data"]["state"]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_keys_own_and_of_version_4() {
        let key = |text| Key::new(text, DateTime::UNIX_EPOCH).unwrap();
        let id = uuid("issue", &key("c:1"));
        assert_eq!(id, uuid("issue", &key("c:1")));
        assert!(id != uuid("issue", &key("c:2")) && id != uuid("comment", &key("c:1")));
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4);
    }
}
