//! Jira Cloud's issues, held to Atlassian's swagger. `/search/jql` is younger than that file: its requests are held to
//! the shape of the older search, its answers are written from the documentation.

use super::answer::{answer, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/rest/api/3/issue", post(create))
        .route("/rest/api/3/search/jql", post(search))
        .route("/rest/api/3/issue/{id}", get(show).put(update))
        .route("/rest/api/3/issue/{id}/transitions", get(transitions).post(transition))
        .route("/rest/api/3/issue/{id}/attachments", post(attach))
        .route("/rest/api/3/issue/{id}/comment", get(comments).post(comment))
}

const SITE: &str = "https://fake.atlassian.net/rest/api/3";

fn missing() -> Response {
    answer(
        404,
        json!({"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}),
    )
}

fn number(id: &str) -> u64 {
    id.parse::<u64>().unwrap_or(0).saturating_sub(10_000)
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    let summary = text(&sent, "/fields/summary");
    let document =
        sent["fields"]["description"]["type"] == "doc" && sent["fields"]["description"]["version"] == 1;
    let mut errors = serde_json::Map::new();
    if summary.is_empty() || summary.contains('\n') || summary.chars().count() > 255 {
        errors.insert("summary".to_owned(), json!("You must specify a summary of the issue."));
    }
    if !document {
        errors.insert("description".to_owned(), json!("Operation value must be an Atlassian Document"));
    }
    let labels = sent["fields"]["labels"].as_array().cloned().unwrap_or_default();
    if labels.iter().any(|label| label.as_str().is_none_or(|label| label.contains(' '))) {
        errors.insert("labels".to_owned(), json!("The label can't contain spaces."));
    }
    if !errors.is_empty() {
        return answer(400, json!({"errorMessages": [], "errors": errors}));
    }
    let ticket = desk.accept(summary, |number, at| {
        let category = json!({"id": 2, "key": "new", "name": "To Do", "self": format!("{SITE}/statuscategory/2"), "colorName": "blue-gray"});
        let status = json!({"id": "1", "name": "To Do", "statusCategory": category, "self": format!("{SITE}/status/1")});
        json!({
            "id": (10_000 + number).to_string(), "key": format!("DESK-{number}"), "self": format!("{SITE}/issue/{}", 10_000 + number),
            "fields": {"summary": summary, "labels": labels, "status": status, "description": sent["fields"]["description"], "created": at},
        })
    });
    let fields = &ticket.fields;
    answer(201, json!({"id": fields["id"], "key": fields["key"], "self": fields["self"]}))
}

/// Understands `labels = "…"`, on the index.
async fn search(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    let label = text(&sent, "/jql").strip_prefix("labels = \"").and_then(|rest| rest.split_once('"'));
    let Some((label, _)) = label else {
        return answer(400, json!({"errorMessages": ["Error in the JQL Query."], "warningMessages": []}));
    };
    let has = |ticket: &&Ticket| {
        ticket.fields["fields"]["labels"].as_array().is_some_and(|all| all.iter().any(|one| one == label))
    };
    let found: Vec<Value> = desk.indexed().iter().filter(has).map(|ticket| ticket.fields.clone()).collect();
    answer(200, json!({"issues": found, "isLast": true}))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let changed =
        desk.alter(number(&id), |issue| issue["fields"]["priority"] = sent["fields"]["priority"].clone());
    changed.map_or_else(missing, |_| StatusCode::NO_CONTENT.into_response())
}

/// The workflow: its transitions and where each leads.
fn workflow() -> [(&'static str, Value); 3] {
    let to = |id: &str, name: &str, category: &str| json!({"id": id, "name": name, "self": format!("{SITE}/status/{id}"), "statusCategory": {"id": 1, "key": category, "name": category}});
    [
        ("11", to("1", "To Do", "new")),
        ("21", to("2", "Waiting for customer", "indeterminate")),
        ("31", to("3", "Done", "done")),
    ]
}

async fn transitions(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| {
        let stands = &ticket.fields["fields"]["status"]["id"];
        let all: Vec<Value> = workflow()
            .into_iter()
            .filter(|(_, to)| to["id"] != *stands)
            .map(|(id, to)| json!({"id": id, "name": to["name"], "to": to}))
            .collect();
        answer(200, json!({"expand": "transitions", "transitions": all}))
    })
}

async fn transition(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Json(sent): Json<Value>,
) -> Response {
    let Some((_, to)) = workflow().into_iter().find(|(id, _)| *id == text(&sent, "/transition/id")) else {
        return answer(
            400,
            json!({"errorMessages": ["It seems that you have tried to perform an illegal workflow operation"], "errors": {}}),
        );
    };
    let changed = desk.alter(number(&id), |issue| issue["fields"]["status"] = to);
    changed.map_or_else(missing, |_| StatusCode::NO_CONTENT.into_response())
}

async fn attach(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    if headers.get("x-atlassian-token").is_none_or(|token| token != "no-check") {
        return answer(403, json!({"errorMessages": ["XSRF check failed"], "errors": {}}));
    }
    let mut made = Vec::new();
    while let Ok(Some(field)) = form.next_field().await {
        let (field, name, bytes) = (
            field.name().unwrap_or_default().to_owned(),
            field.file_name().unwrap_or_default().to_owned(),
            field.bytes().await,
        );
        let Ok(bytes) = bytes else {
            return answer(400, json!({"errorMessages": ["no bytes"], "errors": {}}));
        };
        if field == "file" && !name.is_empty() {
            desk.attach(number(&id), &name, bytes.to_vec());
            made.push(json!({"id": "1", "filename": name, "size": bytes.len()}));
        }
    }
    answer(if made.is_empty() { 400 } else { 200 }, made.into())
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| {
        let mut issue = ticket.fields;
        if !ticket.files.is_empty() {
            let files: Vec<Value> = ticket.files.iter().map(|(name, _)| json!({"filename": name})).collect();
            issue["fields"]["attachment"] = files.into();
        }
        answer(200, issue)
    })
}

async fn comment(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let comment = json!({"id": "1", "self": format!("{SITE}/issue/{id}/comment/1"), "body": sent["body"]});
    if desk.comment(number(&id), comment.clone()) { answer(201, comment) } else { missing() }
}

async fn comments(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| {
        let newest: Vec<Value> = ticket.comments.into_iter().rev().collect();
        answer(200, json!({"startAt": 0, "maxResults": 100, "total": newest.len(), "comments": newest}))
    })
}
