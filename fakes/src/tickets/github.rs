//! GitHub's issues, held to GitHub's own description of its API.

use super::answer::{Query, answer, page, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/repos/{owner}/{repo}/issues", get(list).post(create))
        .route("/repos/{owner}/{repo}/issues/{number}", get(show).patch(update))
        .route("/repos/{owner}/{repo}/issues/{number}/comments", get(comments).post(comment))
}

const REPO: &str = "https://api.github.com/repos/acme/desk";

fn user() -> Value {
    let at = |rest: &str| format!("https://api.github.com/users/bot{rest}");
    json!({
        "login": "bot", "id": 1, "node_id": "U_1", "avatar_url": "https://github.com/images/bot.png", "gravatar_id": "",
        "url": at(""), "html_url": "https://github.com/bot", "followers_url": at("/followers"),
        "following_url": at("/following{/other_user}"), "gists_url": at("/gists{/gist_id}"),
        "starred_url": at("/starred{/owner}{/repo}"), "subscriptions_url": at("/subscriptions"),
        "organizations_url": at("/orgs"), "repos_url": at("/repos"), "events_url": at("/events{/privacy}"),
        "received_events_url": at("/received_events"), "type": "Bot", "site_admin": false,
    })
}

fn missing() -> Response {
    answer(
        404,
        json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}),
    )
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    if text(&sent, "/title").is_empty() {
        let errors = json!([{"resource": "Issue", "code": "missing_field", "field": "title"}]);
        return answer(
            422,
            json!({"message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest"}),
        );
    }
    let ticket = desk.accept(text(&sent, "/title"), |number, at| {
        let url = format!("{REPO}/issues/{number}");
        let label = |name: &Value| json!({"id": 1, "node_id": "L_1", "url": format!("{REPO}/labels/x"), "name": name, "description": null, "color": "ededed", "default": false});
        json!({
            "id": 1000 + number, "node_id": format!("I_{number}"), "url": url, "repository_url": REPO,
            "labels_url": format!("{url}/labels{{/name}}"), "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"), "html_url": format!("https://github.com/acme/desk/issues/{number}"),
            "number": number, "state": "open", "title": sent["title"], "body": sent["body"], "user": user(),
            "labels": sent["labels"].as_array().into_iter().flatten().map(label).collect::<Vec<_>>(),
            "assignee": null, "assignees": [], "milestone": null, "locked": false, "comments": 0, "closed_at": null,
            "created_at": at, "updated_at": at, "author_association": "MEMBER",
        })
    });
    answer(201, ticket.fields)
}

async fn list(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let since = query.get("since").cloned().unwrap_or_default();
    let all = query.get("state").is_some_and(|state| state == "all");
    let fits = |ticket: &&Ticket| ticket.stamp() >= since && (all || ticket.fields["state"] == "open");
    let mut found: Vec<Value> =
        desk.tickets().iter().filter(fits).map(|ticket| ticket.fields.clone()).collect();
    if query.get("direction").is_none_or(|direction| direction == "desc") {
        found.reverse();
    }
    answer(200, page(found, &query).into())
}

async fn update(
    State(desk): State<Arc<Desk>>,
    Path((_, _, number)): Path<(String, String, u64)>,
    Json(sent): Json<Value>,
) -> Response {
    let changed = desk.alter(number, |issue| {
        for field in ["state", "state_reason"] {
            if sent.get(field).is_some() {
                issue[field] = sent[field].clone();
            }
        }
        if let Some(names) = sent["labels"].as_array() {
            issue["labels"] = names
                .iter()
                .map(|name| json!({"id": 1, "node_id": "L_1", "url": format!("{REPO}/labels/x"), "name": name, "description": null, "color": "ededed", "default": false}))
                .collect();
        }
    });
    changed.map_or_else(missing, |ticket| answer(200, ticket.fields))
}

async fn show(State(desk): State<Arc<Desk>>, Path((_, _, number)): Path<(String, String, u64)>) -> Response {
    desk.ticket(number).map_or_else(missing, |ticket| answer(200, ticket.fields))
}

async fn comment(
    State(desk): State<Arc<Desk>>,
    Path((_, _, number)): Path<(String, String, u64)>,
    Json(sent): Json<Value>,
) -> Response {
    let Some(ticket) = desk.ticket(number) else { return missing() };
    let id = ticket.comments.len() + 1;
    let url = format!("{REPO}/issues/comments/{id}");
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let comment = json!({
        "id": id, "node_id": format!("IC_{id}"), "url": url, "html_url": format!("https://github.com/acme/desk/issues/{number}#issuecomment-{id}"),
        "body": sent["body"], "user": user(), "created_at": at, "updated_at": at,
        "issue_url": format!("{REPO}/issues/{number}"), "author_association": "MEMBER",
    });
    desk.comment(number, comment.clone());
    answer(201, comment)
}

async fn comments(
    State(desk): State<Arc<Desk>>,
    Path((_, _, number)): Path<(String, String, u64)>,
    query: Query,
) -> Response {
    let since = query.get("since").cloned().unwrap_or_default();
    desk.ticket(number).map_or_else(missing, |ticket| {
        let found =
            ticket.comments.into_iter().filter(|comment| text(comment, "/updated_at") >= since.as_str());
        answer(200, page(found.collect(), &query).into())
    })
}
