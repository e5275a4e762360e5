//! Redmine's issues. redmine.org/projects/redmine/wiki/Rest_Issues; compared with a Redmine 5 from Debian.

use super::answer::{Query, answer, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/issues.json", get(list).post(create))
        .route("/issues/{id}", get(show).put(update))
        .route("/issue_statuses.json", get(statuses))
        .route("/uploads.json", post(upload))
}

fn missing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn number(id: &str) -> u64 {
    id.trim_end_matches(".json").parse().unwrap_or(0)
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    let issue = &sent["issue"];
    let subject = text(issue, "/subject");
    if subject.is_empty() {
        return answer(422, json!({"errors": ["Subject cannot be blank"]}));
    }
    if subject.chars().count() > 255 {
        return answer(422, json!({"errors": ["Subject is too long (maximum is 255 characters)"]}));
    }
    let ticket = desk.accept(subject, |number, at| {
        json!({
            "id": number, "project": {"id": 1, "name": "Desk"}, "subject": subject, "description": issue["description"],
            "status": {"id": 1, "name": "New", "is_closed": false}, "custom_fields": issue["custom_fields"],
            "created_on": at, "updated_on": at, "closed_on": null,
        })
    });
    answer(201, json!({"issue": ticket.fields}))
}

async fn list(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let since = query.get("created_on").and_then(|filter| filter.strip_prefix(">=")).unwrap_or_default();
    let field = query.get("cf_7");
    let has = |ticket: &Ticket, value: &String| {
        let fields = ticket.fields["custom_fields"].as_array();
        fields.is_some_and(|fields| fields.iter().any(|one| one["id"] == 7 && one["value"] == *value))
    };
    let fits = |ticket: &&Ticket| *ticket.stamp() >= *since && field.is_none_or(|value| has(ticket, value));
    let mut found: Vec<Value> =
        desk.tickets().iter().filter(fits).map(|ticket| ticket.fields.clone()).collect();
    if query.get("sort").is_some_and(|sort| sort.ends_with(":desc")) {
        found.reverse();
    }
    let number =
        |name: &str, otherwise| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (offset, limit) = (number("offset", 0_usize), number("limit", 25_usize).min(100));
    let total = found.len();
    let page: Vec<Value> = found.into_iter().skip(offset).take(limit).collect();
    answer(200, json!({"issues": page, "total_count": total, "offset": offset, "limit": limit}))
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| {
        let mut issue = ticket.fields;
        issue["journals"] = ticket.comments.into();
        answer(200, json!({"issue": issue}))
    })
}

/// As a new Redmine has them.
const STATUSES: [(u64, &str, bool); 6] = [
    (1, "New", false),
    (2, "In Progress", false),
    (3, "Resolved", false),
    (4, "Feedback", false),
    (5, "Closed", true),
    (6, "Rejected", true),
];

fn status((id, name, closed): (u64, &str, bool)) -> Value {
    json!({"id": id, "name": name, "is_closed": closed})
}

async fn statuses() -> Response {
    answer(200, json!({"issue_statuses": STATUSES.map(status)}))
}

async fn upload(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    query: Query,
    body: axum::body::Bytes,
) -> Response {
    if headers.get("content-type").is_none_or(|kind| kind != "application/octet-stream") {
        return StatusCode::NOT_ACCEPTABLE.into_response();
    }
    if body.len() > 5 << 20 {
        return answer(
            422,
            json!({"errors": ["This file cannot be uploaded because it exceeds the maximum allowed file size"]}),
        );
    }
    let name = query.get("filename").map_or("file", String::as_str);
    answer(201, json!({"upload": {"id": 1, "token": desk.upload(name, &body)}}))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let issue = &sent["issue"];
    let to = STATUSES.into_iter().find(|one| issue["status_id"] == one.0);
    let changed = desk.alter(number(&id), |fields| {
        if let Some(to) = to {
            fields["status"] = status(to);
        }
        if issue.get("priority_id").is_some() {
            fields["priority"] = json!({"id": issue["priority_id"]});
        }
    });
    if changed.is_none() {
        return missing();
    }
    for upload in issue["uploads"].as_array().into_iter().flatten() {
        match desk.uploaded(text(upload, "/token")) {
            Some((_, bytes)) => desk.attach(number(&id), text(upload, "/filename"), bytes),
            None => return answer(422, json!({"errors": ["File is invalid"]})),
        }
    }
    if issue.get("notes").is_none() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let entry =
        json!({"id": 1, "notes": sent["issue"]["notes"], "private_notes": sent["issue"]["private_notes"]});
    if desk.comment(number(&id), entry) { StatusCode::NO_CONTENT.into_response() } else { missing() }
}
