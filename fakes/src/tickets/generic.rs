//! A ticket system that nobody knows: `/tickets`, found by `?ref=`.

use super::answer::{Query, answer, problem, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v1/tickets", get(list).post(create))
        .route("/v1/tickets/{id}", get(show).patch(update))
        .route("/v1/tickets/{id}/notes", post(note))
}

async fn create(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    if text(&sent, "/case/subject").is_empty() || text(&sent, "/case/ref").is_empty() {
        return problem(422, "subject and ref are required");
    }
    let ticket = desk.accept(text(&sent, "/case/subject"), |number, _| {
        json!({"id": format!("case_{number}"), "no": number, "state": "fresh", "ref": sent["case"]["ref"], "level": sent["case"]["level"]})
    });
    answer(201, json!({"case": ticket.fields}))
}

async fn list(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let fits = |ticket: &&Ticket| query.get("ref").is_none_or(|wanted| ticket.fields["ref"] == *wanted);
    let found: Vec<Value> = desk.indexed().iter().filter(fits).map(|ticket| ticket.fields.clone()).collect();
    answer(200, json!({"cases": found}))
}

fn number(id: &str) -> u64 {
    id.trim_start_matches("case_").parse().unwrap_or(0)
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let ticket = desk.ticket(number(&id));
    ticket.map_or_else(|| problem(404, "no such case"), |ticket| answer(200, json!({"case": ticket.fields})))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let changed = desk.alter(number(&id), |case| {
        for field in ["state", "level"] {
            if sent["case"].get(field).is_some() {
                case[field] = sent["case"][field].clone();
            }
        }
    });
    changed.map_or_else(|| problem(404, "no such case"), |ticket| answer(200, json!({"case": ticket.fields})))
}

async fn note(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    if desk.comment(number(&id), sent) { answer(201, json!({})) } else { problem(404, "no such case") }
}
