//! Redmine's issues. redmine.org/projects/redmine/wiki/Rest_Issues; compared with a Redmine 5 from Debian.

use super::answer::{Query, answer, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/issues.json", get(list).post(create)).route("/issues/{id}", get(show).put(update))
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

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let entry =
        json!({"id": 1, "notes": sent["issue"]["notes"], "private_notes": sent["issue"]["private_notes"]});
    if desk.comment(number(&id), entry) { StatusCode::NO_CONTENT.into_response() } else { missing() }
}
