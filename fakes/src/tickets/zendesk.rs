//! Zendesk's tickets. developer.zendesk.com/api-reference/ticketing

use super::answer::{Query, answer, plain, text};
use super::desk::{Desk, Ticket};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/v2/tickets.json", get(list).post(create))
        .route("/api/v2/tickets/{id}", put(update).get(show))
        .route("/api/v2/tickets/{id}/comments.json", get(comments))
        .route("/api/v2/uploads.json", post(upload))
}

fn number(id: &str) -> u64 {
    id.trim_end_matches(".json").parse().unwrap_or(0)
}

fn missing() -> Response {
    answer(404, json!({"error": "RecordNotFound", "description": "Not found"}))
}

async fn create(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: String) -> Response {
    let Ok(sent) = serde_json::from_str::<Value>(&body) else {
        return answer(400, json!({"error": "Unprocessable", "message": "Server could not parse JSON"}));
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    if let Some((before, number)) = key.and_then(|key| desk.recall(key)) {
        if before != body {
            return answer(400, json!({"error": "IdempotentRequestError"}));
        }
        let mut response = answer(201, json!({"ticket": desk.ticket(number).map(|ticket| ticket.fields)}));
        response.headers_mut().insert("x-idempotency-lookup", axum::http::HeaderValue::from_static("hit"));
        return response;
    }
    let ticket = &sent["ticket"];
    if text(ticket, "/comment/body").is_empty() {
        let details =
            json!({"base": [{"description": "Description: cannot be blank", "error": "BlankValue"}]});
        return answer(
            422,
            json!({"error": "RecordInvalid", "description": "Record validation errors", "details": details}),
        );
    }
    let accepted = desk.accept(text(ticket, "/subject"), |number, at| {
        json!({
            "id": number, "subject": ticket["subject"], "description": ticket["comment"]["body"], "status": "new",
            "priority": ticket["priority"], "external_id": ticket["external_id"], "tags": ticket["tags"],
            "created_at": at, "updated_at": at, "url": format!("https://fake.zendesk.com/api/v2/tickets/{number}.json"),
        })
    });
    if let Some(key) = key {
        desk.remember(key, &body, accepted.number);
    }
    answer(201, json!({"ticket": accepted.fields}))
}

async fn list(State(desk): State<Arc<Desk>>, query: Query) -> Response {
    let wanted = query.get("external_id").map(String::as_str);
    let fits = |ticket: &&Ticket| wanted.is_none_or(|wanted| ticket.fields["external_id"] == wanted);
    let found: Vec<Value> = desk.tickets().iter().filter(fits).map(|ticket| ticket.fields.clone()).collect();
    answer(200, json!({"count": found.len(), "tickets": found, "next_page": null}))
}

async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| answer(200, json!({"ticket": ticket.fields})))
}

async fn upload(State(desk): State<Arc<Desk>>, query: Query, body: axum::body::Bytes) -> Response {
    let Some(name) = query.get("filename") else { return answer(400, json!({"error": "filename"})) };
    answer(201, json!({"upload": {"token": desk.upload(name, &body), "expires_at": "2030-01-01T00:00:00Z"}}))
}

async fn update(State(desk): State<Arc<Desk>>, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let changes = &sent["ticket"];
    if ["status", "priority"].iter().any(|field| changes.get(field).is_some()) {
        let words = ["new", "open", "pending", "hold", "solved", "closed"];
        if changes["status"].as_str().is_some_and(|word| !words.contains(&word)) {
            return answer(422, json!({"error": "RecordInvalid"}));
        }
        let changed = desk.alter(number(&id), |fields| {
            for field in ["status", "priority"] {
                if changes.get(field).is_some() {
                    fields[field] = changes[field].clone();
                }
            }
        });
        if changed.is_none() {
            return missing();
        }
    }
    if changes.get("comment").is_none() {
        return show(State(desk), Path(id)).await;
    }
    for token in changes["comment"]["uploads"].as_array().into_iter().flatten() {
        match desk.uploaded(token.as_str().unwrap_or_default()) {
            Some((name, bytes)) => desk.attach(number(&id), &name, bytes),
            None => return answer(422, json!({"error": "RecordInvalid", "description": "no such upload"})),
        }
    }
    let html = text(&sent, "/ticket/comment/html_body");
    let comment = json!({"id": 1, "type": "Comment", "html_body": html, "body": plain(html), "public": sent["ticket"]["comment"]["public"]});
    if !desk.comment(number(&id), comment) {
        return missing();
    }
    show(State(desk), Path(id)).await
}

async fn comments(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    desk.ticket(number(&id)).map_or_else(missing, |ticket| {
        let newest: Vec<Value> = ticket.comments.into_iter().rev().collect();
        let users: Vec<Value> =
            newest.iter().map(|one| json!({"id": one["author_id"], "name": one["fake_author"]})).collect();
        answer(200, json!({"count": newest.len(), "comments": newest, "users": users}))
    })
}
