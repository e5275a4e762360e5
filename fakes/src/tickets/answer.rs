//! Answers, and bits of requests, that several vendors share.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A query's parameters.
pub(super) type Query = axum::extract::Query<HashMap<String, String>>;

pub(super) fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}

pub(super) fn problem(status: u16, words: &str) -> Response {
    answer(status, json!({"message": words, "error": words, "errors": [words]}))
}

/// A page of a list, numbered from 1.
pub(super) fn page<T>(all: Vec<T>, query: &HashMap<String, String>) -> Vec<T> {
    let number =
        |name: &str, otherwise| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (size, page): (usize, usize) = (number("per_page", 30).min(100), number("page", 1).max(1));
    all.into_iter().skip((page - 1) * size).take(size).collect()
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What an HTML body says, as Freshdesk and Zendesk give it back beside the HTML.
pub(super) fn plain(html: &str) -> String {
    let text = html.replace("<br>", "\n");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
