//! The HTTP of the fake, and the faults of status, envelope and link.

use super::answer::{self, Said};
use super::kind::Kind;
use super::{Request, World};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io;
use std::time::Duration;

pub(super) fn router(world: World) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/models", get(models))
        .route("/_fake/always", post(always))
        .route("/_fake/journal", get(journal))
        .with_state(world)
}

async fn always(State(world): State<World>, Json(order): Json<Value>) -> Response {
    match order["kind"].as_str() {
        None => world.always(None),
        Some(name) => match Kind::named(name) {
            Some(kind) => world.always(Some(kind)),
            None => return (StatusCode::BAD_REQUEST, format!("there is no kind {name}")).into_response(),
        },
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn journal(State(world): State<World>) -> Json<Value> {
    let say = |request: Request| {
        json!({"path": request.path, "body": request.body, "faults": request.faults,
            "kind": request.kind.map(Kind::name)})
    };
    Json(world.journal().into_iter().map(say).collect())
}

async fn models() -> Json<Value> {
    Json(
        json!({"object": "list", "data": [{"id": "fake", "object": "model", "created": 1, "owned_by": "deskhand"}]}),
    )
}

fn error(status: StatusCode, message: &str, code: &str) -> Response {
    let kind = "invalid_request_error";
    (status, Json(json!({"error": {"message": message, "type": kind, "param": null, "code": code}})))
        .into_response()
}

/// Notes the request; a fault that the specification finds is answered as OpenAI would.
fn note(
    world: &World,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
    chat: bool,
) -> Result<(Value, Option<Kind>), Box<Response>> {
    let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let faults = match world.spec.as_ref() {
        Some(spec) if chat => spec.chat(&value),
        Some(spec) => spec.embeddings(&value),
        None => Vec::new(),
    };
    let authorization =
        headers.get(header::AUTHORIZATION).and_then(|key| key.to_str().ok()).map(str::to_owned);
    let mut inner = world.lock();
    let kind = inner.faults.pop_front().unwrap_or(inner.always);
    let bad = faults.first().cloned();
    inner.journal.push(Request {
        path: uri.path().to_owned(),
        body: value.clone(),
        authorization,
        faults,
        kind,
    });
    match bad {
        Some(fault) => Err(Box::new(error(StatusCode::BAD_REQUEST, &fault, "invalid_request"))),
        None => Ok((value, kind)),
    }
}

async fn embeddings(State(world): State<World>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (request, kind) = match note(&world, &uri, &headers, &body, false) {
        Ok(noted) => noted,
        Err(refused) => return *refused,
    };
    if let Some(response) = kind.and_then(status) {
        return response;
    }
    let texts = match &request["input"] {
        Value::Array(texts) => texts.clone(),
        one => vec![one.clone()],
    };
    // Not clever, but the same for the same text: counts of letters.
    let vector = |text: &Value| {
        let mut counts = [0.0_f64; 26];
        for letter in text.as_str().unwrap_or_default().bytes().filter(u8::is_ascii_alphabetic) {
            counts[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
        }
        let length = counts.iter().map(|count| count * count).sum::<f64>().sqrt().max(1.0);
        counts.map(|count| count / length).to_vec()
    };
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    Json(json!({"object": "list", "data": data, "model": request["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1}}))
        .into_response()
}

async fn chat(State(world): State<World>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (request, kind) = match note(&world, &uri, &headers, &body, true) {
        Ok(noted) => noted,
        Err(refused) => return *refused,
    };
    let _flying = world.fly();
    let (latency, pace, late, ordered, manner) = {
        let mut inner = world.lock();
        (inner.latency, inner.pace, inner.late, inner.says.pop_front(), inner.manner.clone())
    };
    tokio::time::sleep(latency).await;
    match kind {
        Some(Kind::LateFirstByte) => tokio::time::sleep(late).await,
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::NoSchema)
            if request.get("response_format").is_some_and(|format| format["type"] == "json_schema") =>
        {
            // As llama.cpp, vLLM and Ollama say it, each in its own shape.
            let body = json!({"code": 400, "type": "invalid_request_error", "object": "error",
                "message": "response_format json_schema is not supported by this server"});
            return (StatusCode::BAD_REQUEST, Json(body)).into_response();
        }
        Some(other) => {
            if let Some(response) = status(other) {
                return response;
            }
        }
        None => {}
    }
    let said = answer::to(&request, ordered, &manner, kind);
    if request["stream"] == true {
        streamed(&request, &said, kind, pace)
    } else {
        whole(&request, &said, kind)
    }
}

/// Faults that the status says.
fn status(kind: Kind) -> Option<Response> {
    let plain = |status: StatusCode, text: &'static str| (status, text).into_response();
    Some(match kind {
        Kind::Revoked401 => {
            (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "text/html")], "<html><h1>401</h1></html>")
                .into_response()
        }
        Kind::NoModel404 => {
            (StatusCode::NOT_FOUND, Json(json!({"error": "model \"fake\" not found, try pulling it first"})))
                .into_response()
        }
        Kind::TooLarge413 => plain(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
        Kind::ContextLength400 => error(
            StatusCode::BAD_REQUEST,
            "This model's maximum context length is 8192 tokens.",
            "context_length_exceeded",
        ),
        Kind::RetryAfterDate => {
            // Long past or far away: a date is all that is known of it.
            (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, "Fri, 31 Dec 2099 23:59:59 GMT")],
                "slow down",
            )
                .into_response()
        }
        Kind::Plain429 => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "Too Many Requests").into_response()
        }
        Kind::Quota429 => {
            error(StatusCode::TOO_MANY_REQUESTS, "You exceeded your current quota", "insufficient_quota")
        }
        Kind::Error500 => error(StatusCode::INTERNAL_SERVER_ERROR, "The server had an error", "server_error"),
        Kind::Unavailable503 => plain(StatusCode::SERVICE_UNAVAILABLE, "upstream connect error"),
        Kind::Gateway502Html => {
            (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], "<html>bad gateway</html>")
                .into_response()
        }
        Kind::Redirect => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "http://127.0.0.1:9/elsewhere")])
                .into_response()
        }
        Kind::FlatError => {
            (StatusCode::BAD_REQUEST, Json(json!({"object": "error", "message": "bad", "code": 40303})))
                .into_response()
        }
        _ => return None,
    })
}

fn json_body(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

fn broken(parts: Vec<Vec<u8>>) -> Body {
    let end = Err(io::Error::other("cut"));
    Body::from_stream(stream::iter(parts.into_iter().map(|part| Ok(Bytes::from(part))).chain([end])))
}

fn drip() -> Body {
    Body::from_stream(stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    }))
}

fn whole(request: &Value, said: &Said, kind: Option<Kind>) -> Response {
    let mut answer = answer::completion(request, said);
    let message = "/choices/0/message";
    let mut set = |pointer: &str, value: Value| {
        if let Some(place) = answer.pointer_mut(pointer) {
            *place = value;
        }
    };
    match kind {
        Some(Kind::Refusal) => {
            set(message, json!({"role": "assistant", "content": null, "refusal": "I can't help with that."}))
        }
        Some(Kind::FinishLength) => set("/choices/0/finish_reason", json!("length")),
        Some(Kind::FinishContentFilter) => set("/choices/0/finish_reason", json!("content_filter")),
        Some(Kind::FinishAbort) => set("/choices/0/finish_reason", json!("abort")),
        Some(Kind::EmptyChoices) => set("/choices", json!([])),
        Some(Kind::NoMessage) => set("/choices/0", json!({"index": 0})),
        Some(Kind::NullContent) => set(message, json!({"role": "assistant", "content": null})),
        Some(Kind::ForeignTool) => set(
            message,
            json!({"role": "assistant", "content": null, "tool_calls":
            [{"id": "c", "type": "function", "function": {"name": "refund_everything", "arguments": said.text}}]}),
        ),
        Some(Kind::WrongUsage) => set("/usage", json!({"prompt_tokens": -5, "completion_tokens": "many"})),
        Some(Kind::ErrorUnder200) => {
            return Json(json!({"error": {"message": "upstream failed", "code": 502}})).into_response();
        }
        Some(Kind::NotJson) => return json_body("data: what?"),
        Some(Kind::HtmlPage) => return "<html>please sign in</html>".into_response(),
        Some(Kind::EmptyBody) => return json_body(""),
        Some(Kind::TenMegabytes) => set("/id", json!("x".repeat(10 << 20))),
        Some(Kind::SlowDrip) => return json_body(drip()),
        Some(Kind::Reset) => return json_body(broken(vec![b"{".to_vec()])),
        Some(Kind::Truncated) => {
            let bytes = answer.to_string().into_bytes();
            return json_body(bytes[..bytes.len() / 2].to_vec());
        }
        Some(Kind::InvalidUtf8) => {
            // Inside of the content, wherever that is.
            let text = answer.to_string();
            let at = text.find("\"content\":\"").map_or(text.len() / 2, |at| at + 14);
            let mut bytes = text.into_bytes();
            bytes.splice(at..at, [0xff, 0xfe, 0xc3]);
            return json_body(bytes);
        }
        _ => {}
    }
    Json(answer).into_response()
}

fn streamed(request: &Value, said: &Said, kind: Option<Kind>, pace: Duration) -> Response {
    let mut pieces = answer::pieces(request, said);
    let last = pieces
        .iter()
        .position(|piece| piece.pointer("/choices/0/finish_reason").is_some_and(|reason| !reason.is_null()));
    let last = last.unwrap_or(pieces.len() - 1);
    match kind {
        Some(Kind::Refusal) => {
            pieces[1]["choices"][0]["delta"] = json!({"refusal": "I can't help with that."})
        }
        Some(Kind::FinishLength) => pieces[last]["choices"][0]["finish_reason"] = json!("length"),
        Some(Kind::FinishContentFilter) => {
            pieces[last]["choices"][0]["finish_reason"] = json!("content_filter")
        }
        Some(Kind::FinishAbort) => pieces[last]["choices"][0]["finish_reason"] = json!("abort"),
        Some(Kind::EmptyChoices) => pieces.iter_mut().for_each(|piece| piece["choices"] = json!([])),
        Some(Kind::NoMessage | Kind::NullContent) => {
            // The last piece tells the usage and has no choices.
            let pieces = pieces.iter_mut().filter(|piece| piece.pointer("/choices/0").is_some());
            pieces.for_each(|piece| piece["choices"][0] = json!({"index": 0}))
        }
        Some(Kind::ErrorUnder200) => pieces.insert(1, json!({"error": {"message": "upstream failed"}})),
        Some(Kind::TenMegabytes) => pieces[1]["id"] = json!("x".repeat(10 << 20)),
        Some(Kind::WrongUsage) => {
            pieces.iter_mut().for_each(|piece| piece["usage"] = json!({"prompt_tokens": -5}))
        }
        Some(Kind::HtmlPage) => return "<html>please sign in</html>".into_response(),
        _ => {}
    }
    let mut events: Vec<Vec<u8>> =
        pieces.iter().map(|piece| format!("data: {piece}\n\n").into_bytes()).collect();
    let half = events.len() / 2;
    let mut cut = false;
    match kind {
        Some(Kind::CutBeforeDone | Kind::Truncated) => events.truncate(last),
        Some(Kind::Reset) => {
            events.truncate(half);
            cut = true;
        }
        Some(Kind::KeepAlive) => {
            events = events.into_iter().flat_map(|event| [b": keep-alive\n\n".to_vec(), event]).collect();
        }
        Some(Kind::HalfJsonPiece | Kind::NotJson) => {
            events.insert(half, b"data: {\"choices\":[{\"del\n\n".to_vec())
        }
        Some(Kind::InvalidUtf8) => {
            events.insert(half, b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\n\n".to_vec());
        }
        Some(Kind::EmptyBody) => events.clear(),
        Some(Kind::SlowDrip) => {
            return ([(header::CONTENT_TYPE, "text/event-stream")], drip()).into_response();
        }
        _ => {}
    }
    if !matches!(kind, Some(Kind::CutBeforeDone | Kind::Truncated | Kind::EmptyBody)) {
        events.push(b"data: [DONE]\n\n".to_vec());
    }
    let body = if cut {
        broken(events)
    } else {
        Body::from_stream(stream::iter(events).then(move |event| async move {
            if !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            Ok::<_, Infallible>(Bytes::from(event))
        }))
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
