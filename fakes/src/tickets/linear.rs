//! Linear's GraphQL, for the operations of a bot: they are told apart by their root field. Tests hold the documents
//! themselves to Linear's schema.

use super::answer::{answer, text};
use super::desk::{Desk, Ticket};
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/graphql", post(graphql))
}

fn error(message: &str, kind: &str) -> Response {
    answer(
        200,
        json!({"data": null, "errors": [{"message": message, "extensions": {"type": kind, "userError": true}}]}),
    )
}

async fn graphql(State(desk): State<Arc<Desk>>, Json(sent): Json<Value>) -> Response {
    let query = text(&sent, "/query");
    let id = text(&sent, "/variables/id");
    let input = &sent["variables"]["input"];
    if query.contains("issueCreate(") {
        create(&desk, input)
    } else if query.contains("commentCreate(") {
        comment(&desk, input)
    } else if query.contains("issueUpdate(") {
        update(&desk, id, input)
    } else if query.contains("issue(") {
        let Some(ticket) = by_id(&desk, id) else { return error("Entity not found: Issue", "invalid input") };
        answer(
            200,
            json!({"data": {"issue": {"state": ticket.fields["state"], "team": {"states": {"nodes": states()}}}}}),
        )
    } else if query.contains("comments(filter: {issue") {
        let comments = by_id(&desk, id).map(|ticket| ticket.comments).unwrap_or_default();
        answer(200, json!({"data": {"comments": {"nodes": comments}}}))
    } else if query.contains("issues(") {
        let found: Vec<Value> = by_id(&desk, id).map(|ticket| ticket.fields).into_iter().collect();
        answer(200, json!({"data": {"issues": {"nodes": found}}}))
    } else if query.contains("comments(") {
        let found = has_comment(&desk, id).then(|| json!({"id": id}));
        answer(200, json!({"data": {"comments": {"nodes": found.into_iter().collect::<Vec<_>>()}}}))
    } else {
        error("Cannot query field", "graphql error")
    }
}

fn by_id(desk: &Desk, id: &str) -> Option<Ticket> {
    desk.tickets().iter().find(|ticket| ticket.fields["id"] == id).cloned()
}

fn has_comment(desk: &Desk, id: &str) -> bool {
    desk.tickets().iter().any(|ticket| ticket.comments.iter().any(|comment| comment["id"] == id))
}

fn states() -> Vec<Value> {
    let state = |id: &str, kind: &str, name: &str, position: f64| json!({"id": id, "type": kind, "name": name, "position": position});
    vec![
        state("s-dup", "duplicate", "Duplicate", 9.0),
        state("s-done", "completed", "Done", 3.0),
        state("s-doing", "started", "In Progress", 1.0),
        state("s-wait", "started", "Blocked", 2.0),
        state("s-todo", "unstarted", "Todo", 0.0),
        state("s-cancel", "canceled", "Canceled", 4.0),
    ]
}

fn update(desk: &Desk, id: &str, input: &Value) -> Response {
    let Some(ticket) = by_id(desk, id) else { return error("Entity not found: Issue", "invalid input") };
    let state = input.get("stateId").map(|wanted| states().into_iter().find(|state| state["id"] == *wanted));
    if state == Some(None) {
        return error("Entity not found: WorkflowState", "invalid input");
    }
    desk.alter(ticket.number, |issue| {
        if let Some(Some(state)) = state {
            issue["state"] = state;
        }
        if input.get("priority").is_some() {
            issue["priority"] = input["priority"].clone();
        }
    });
    answer(200, json!({"data": {"issueUpdate": {"success": true}}}))
}

fn is_uuid4(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    id.len() == 36 && parts.len() == 5 && parts[2].starts_with('4')
}

fn create(desk: &Desk, input: &Value) -> Response {
    let id = text(input, "/id");
    if !is_uuid4(id) || text(input, "/teamId").is_empty() || text(input, "/title").is_empty() {
        return error("Argument Validation Error", "invalid input");
    }
    if by_id(desk, id).is_some() {
        return error("conflict on insert of Issue: Entity with this id exists already", "invalid input");
    }
    let ticket = desk.accept(text(input, "/title"), |number, _| {
        json!({
            "id": id, "identifier": format!("DESK-{number}"), "url": format!("https://linear.app/acme/issue/DESK-{number}"),
            "state": {"type": "unstarted", "name": "Todo"},
        })
    });
    answer(200, json!({"data": {"issueCreate": {"success": true, "issue": ticket.fields}}}))
}

fn comment(desk: &Desk, input: &Value) -> Response {
    let id = text(input, "/id");
    if has_comment(desk, id) {
        return error("conflict on insert of Comment: Entity with this id exists already", "invalid input");
    }
    let Some(ticket) = by_id(desk, text(input, "/issueId")) else {
        return error("Entity not found: Issue", "invalid input");
    };
    desk.comment(ticket.number, input.clone());
    answer(200, json!({"data": {"commentCreate": {"success": true, "comment": {"id": id}}}}))
}
