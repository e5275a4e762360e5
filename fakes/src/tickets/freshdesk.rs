//! Freshdesk's tickets. developers.freshdesk.com/api

use super::answer::{Query, answer, page, plain, text};
use super::desk::{Desk, Ticket};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/v2/tickets", get(list).post(create))
        .route("/api/v2/tickets/{id}", get(show).put(update))
        .route("/api/v2/tickets/{id}/notes", post(note))
        .route("/api/v2/tickets/{id}/conversations", get(conversations))
}

fn invalid(field: &str, message: &str) -> Response {
    let errors = json!([{"field": field, "message": message, "code": "invalid_value"}]);
    answer(400, json!({"description": "Validation failed", "errors": errors}))
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    for field in ["subject", "description", "email"] {
        if text(&sent, &format!("/{field}")).is_empty() {
            return invalid(field, "It should not be blank");
        }
    }
    if !(1..=4).contains(&sent["priority"].as_u64().unwrap_or(0))
        || !(2..=7).contains(&sent["status"].as_u64().unwrap_or(0))
    {
        return invalid("priority", "It should be one of these values: '1,2,3,4'");
    }
    let tags = sent["tags"].as_array().cloned().unwrap_or_default();
    if tags.iter().any(|tag| tag.as_str().is_none_or(|tag| tag.contains(',') || tag.chars().count() > 32)) {
        return invalid("tags", "It should only contain elements that have maximum of 32 characters");
    }
    let ticket = desk.accept(text(&sent, "/subject"), |number, at| {
        json!({
            "id": number, "subject": sent["subject"], "status": sent["status"], "priority": sent["priority"], "tags": tags,
            "custom_fields": sent["custom_fields"], "created_at": at, "updated_at": at,
        })
    });
    answer(201, ticket.fields)
}

async fn list(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let since = query.get("updated_since").cloned().unwrap_or_default();
    let fits = |ticket: &&Ticket| ticket.stamp() >= since;
    let mut found: Vec<Value> =
        desk.tickets().iter().filter(fits).map(|ticket| ticket.fields.clone()).collect();
    if query.get("order_type").is_none_or(|order| order == "desc") {
        found.reverse();
    }
    answer(200, page(found, &query).into())
}

fn missing() -> Response {
    axum::response::IntoResponse::into_response(axum::http::StatusCode::NOT_FOUND)
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<u64>) -> Response {
    desk.ticket(id).map_or_else(missing, |ticket| answer(200, ticket.fields))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<u64>, Json(sent): Json<Value>) -> Response {
    let changed = desk.alter(id, |ticket| {
        for field in ["status", "priority"] {
            if sent[field].is_u64() {
                ticket[field] = sent[field].clone();
            }
        }
    });
    changed.map_or_else(missing, |ticket| answer(200, ticket.fields))
}

/// A note, as JSON or, with files, as a form.
async fn note(State(desk): State<Arc<Desk>>, Path(id): Path<u64>, request: Request) -> Response {
    let kind = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let sent = if kind.starts_with("multipart/form-data") {
        let Ok(mut form) = Multipart::from_request(request, &()).await else {
            return invalid("body", "no form");
        };
        let mut sent = json!({});
        while let Ok(Some(field)) = form.next_field().await {
            let (name, file) =
                (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned));
            let Ok(bytes) = field.bytes().await else { return invalid(&name, "no bytes") };
            match (name.as_str(), file) {
                ("attachments[]", Some(file)) => desk.attach(id, &file, bytes.to_vec()),
                ("private", _) => sent["private"] = json!(bytes == "true"),
                _ => sent[&name] = json!(String::from_utf8_lossy(&bytes)),
            }
        }
        sent
    } else {
        match Json::<Value>::from_request(request, &()).await {
            Ok(Json(sent)) => sent,
            Err(_) => return invalid("body", "no JSON"),
        }
    };
    let note = json!({"id": 1, "ticket_id": id, "body": sent["body"], "body_text": plain(text(&sent, "/body")), "private": sent["private"]});
    if desk.comment(id, note.clone()) { answer(201, note) } else { missing() }
}

async fn conversations(State(desk): State<Arc<Desk>>, Path(id): Path<u64>, query: Query) -> Response {
    desk.ticket(id).map_or_else(missing, |ticket| answer(200, page(ticket.comments, &query).into()))
}
