//! Zammad's tickets. docs.zammad.org/en/latest/api; conditions in searches from its source.

use super::answer::{Query, answer, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/v1/tickets", post(create))
        .route("/api/v1/tickets/search", get(search))
        .route("/api/v1/tickets/{id}", get(show).put(update))
        .route("/api/v1/tags", get(tags))
        .route("/api/v1/ticket_articles", post(article))
        .route("/api/v1/ticket_articles/by_ticket/{id}", get(articles))
}

fn missing() -> Response {
    answer(404, json!({"error": "Couldn't find Ticket", "error_human": "Couldn't find Ticket"}))
}

fn words(ticket: &Ticket) -> Vec<&str> {
    text(&ticket.fields, "/fake_tags").split(',').collect()
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    for field in ["/title", "/group", "/customer_id"] {
        if text(&sent, field).is_empty() {
            return answer(
                422,
                json!({"error": format!("Missing required value for field '{}'!", &field[1..])}),
            );
        }
    }
    if !["1 low", "2 normal", "3 high"].contains(&text(&sent, "/priority")) {
        return answer(422, json!({"error": "No lookup value found for 'priority'"}));
    }
    let ticket = desk.accept(text(&sent, "/title"), |number, at| {
        json!({
            "id": number, "number": (96_000 + number).to_string(), "title": sent["title"], "group": sent["group"],
            "state": "new", "priority": sent["priority"], "created_at": at, "updated_at": at, "fake_tags": sent["tags"],
        })
    });
    answer(201, ticket.fields)
}

/// With a condition and without a query: the database. With a query: Elasticsearch, which lags.
async fn search(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let tickets = if query.contains_key("query") { desk.indexed() } else { desk.tickets().clone() };
    let tag = query.get("condition[ticket.tags][value]");
    if tag.is_some()
        && query.get("condition[ticket.tags][operator]").is_none_or(|operator| operator != "contains all")
    {
        return answer(422, json!({"error": "Invalid operator"}));
    }
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
    let fits = |ticket: &&Ticket| tag.is_none_or(|tag| words(ticket).contains(&tag.as_str()));
    let found: Vec<Value> =
        tickets.iter().filter(fits).take(limit).map(|ticket| ticket.fields.clone()).collect();
    answer(200, found.into())
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<u64>) -> Response {
    desk.ticket(id).map_or_else(missing, |ticket| answer(200, ticket.fields))
}

async fn tags(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let ticket = query.get("o_id").and_then(|id| desk.ticket(id.parse().ok()?));
    ticket.map_or_else(missing, |ticket| answer(200, json!({"tags": words(&ticket)})))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<u64>, Json(sent): Json<Value>) -> Response {
    if text(&sent, "/state").starts_with("pending") && text(&sent, "/pending_time").is_empty() {
        return answer(422, json!({"error": "Missing required value for field 'pending_time'!"}));
    }
    let known = ["new", "open", "pending reminder", "pending close", "closed"];
    if sent.get("state").is_some() && !known.contains(&text(&sent, "/state")) {
        return answer(422, json!({"error": "No lookup value found for 'state'"}));
    }
    let changed = desk.alter(id, |ticket| {
        for field in ["state", "priority", "pending_time"] {
            if sent.get(field).is_some() {
                ticket[field] = sent[field].clone();
            }
        }
    });
    changed.map_or_else(missing, |ticket| answer(200, ticket.fields))
}

async fn article(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    let id = sent["ticket_id"].as_u64().unwrap_or(0);
    for file in sent["attachments"].as_array().into_iter().flatten() {
        let Ok(bytes) = STANDARD.decode(text(file, "/data")) else {
            return answer(422, json!({"error": "Invalid base64 for attachment with index '0'"}));
        };
        if text(file, "/filename").is_empty() || text(file, "/mime-type").is_empty() {
            return answer(
                422,
                json!({"error": "Attachment needs 'filename', 'mime-type' and 'data' params"}),
            );
        }
        desk.attach(id, text(file, "/filename"), bytes);
    }
    if desk.comment(id, sent.clone()) { answer(201, sent) } else { missing() }
}

async fn articles(State(desk): State<Arc<Desk>>, Path(id): Path<u64>) -> Response {
    desk.ticket(id).map_or_else(missing, |ticket| answer(200, ticket.comments.into()))
}
