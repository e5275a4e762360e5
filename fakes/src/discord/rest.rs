//! The REST side: every request is judged, limited, perhaps struck by a fault, answered, and the answer is judged.

use super::faults::Trouble;
use super::journal::Request as Noted;
use super::limits::{Headers, Say};
use super::routes::{Call, Reply};
use super::spec::{Operation, spec};
use super::{Inner, gateway, routes};
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) async fn handle(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    // discord.js writes `@original` as `%40original`.
    let path = request.uri().path().replace("%40", "@");
    if path.starts_with("/gateway") {
        return upgrade(inner, request, path).await;
    }
    if let Some(file) = path.strip_prefix("/cdn/") {
        return cdn(&inner, file, request.headers());
    }
    let Some(path) = path.strip_prefix("/api/v10").map(str::to_owned) else {
        return (StatusCode::NOT_FOUND, "not this fake's").into_response();
    };
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let body = read_body(request).await;
    let at = inner.born.elapsed();
    let operation = spec().map(|spec| spec.operation(method.as_str(), &path));
    let template = match &operation {
        Some(Some(operation)) => operation.template.clone(),
        _ => path.clone(),
    };
    let call = Call { method: method.clone(), path: path.clone(), query, body };
    let answered = answer(&inner, &call, operation, &template, &headers).await;
    let (status, response) = match answered {
        Some((reply, headers)) => (reply.status, respond(reply, headers)),
        None => (0, cut()),
    };
    if matches!(status, 401 | 403 | 429) {
        inner.meter().refused(Instant::now());
    }
    let noted = Noted { at, method: method.to_string(), path, route: template, status, body: call.body };
    inner.journal().requests.push(noted);
    response
}

async fn upgrade(inner: Arc<Inner>, request: Request, path: String) -> Response {
    if inner.hub().down {
        inner.note(super::journal::Visit::Refused);
        return (StatusCode::SERVICE_UNAVAILABLE, "the gateway is down").into_response();
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    if !query.contains("v=10") || !query.contains("encoding=json") {
        inner.violation(format!("the gateway was opened with ?{query}"));
    }
    match WebSocketUpgrade::from_request(request, &()).await {
        Ok(upgrade) => upgrade
            .on_upgrade(move |ws| gateway::serve(inner, ws, path, query.contains("compress=zlib-stream"))),
        Err(refusal) => refusal.into_response(),
    }
}

fn cdn(inner: &Inner, file: &str, headers: &HeaderMap) -> Response {
    if headers.contains_key("authorization") {
        inner.violation("the bot's token was sent to the CDN".into());
    }
    match inner.world().files.get(file) {
        Some(content) => content.clone().into_response(),
        None => (StatusCode::NOT_FOUND, "This content is no longer available.").into_response(),
    }
}

/// JSON, or the JSON part of a form with files.
async fn read_body(request: Request) -> Option<Value> {
    let kind = request
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if kind.starts_with("multipart/form-data") {
        let mut form = axum::extract::Multipart::from_request(request, &()).await.ok()?;
        while let Ok(Some(field)) = form.next_field().await {
            if field.name() == Some("payload_json") {
                return serde_json::from_slice(&field.bytes().await.ok()?).ok();
            }
        }
        return None;
    }
    let bytes = axum::body::to_bytes(request.into_body(), 32 << 20).await.ok()?;
    (!bytes.is_empty()).then(|| serde_json::from_slice(&bytes).unwrap_or(json!("not JSON")))
}

/// The answer; none where the link is cut.
async fn answer(
    inner: &Arc<Inner>,
    call: &Call,
    operation: Option<Option<Operation>>,
    template: &str,
    headers: &HeaderMap,
) -> Option<(Reply, BTreeMap<&'static str, String>)> {
    let mut told = BTreeMap::new();
    let judged = operation.as_ref().and_then(Option::as_ref).zip(spec());
    match (&operation, judged) {
        (Some(None), _) => {
            inner.violation(format!("{} {}: no such route in the spec", call.method, call.path))
        }
        (_, Some((operation, spec))) => {
            for error in spec.judge_request(operation, &call.query, call.body.as_ref()) {
                inner.violation(format!("request {} {}: {error}; {:?}", call.method, call.path, call.body));
            }
        }
        _ => {}
    }
    let by_token = call.path.starts_with("/interactions/") || call.path.starts_with("/webhooks/");
    let authorized = headers.get("authorization").and_then(|value| value.to_str().ok());
    let known =
        authorized == Some(&format!("Bot {}", inner.options.token)) && !*inner.revoked.lock().unwrap();
    let reply = if !by_token && !known {
        Reply::error(401, 0, "401: Unauthorized")
    } else {
        match limited(inner, call, template, by_token, &mut told) {
            Some(reply) => reply,
            None => {
                let strike = inner.faults().strike(call.method.as_str(), template);
                match strike {
                    Some(Trouble::CutBefore) => return None,
                    Some(Trouble::CutAfter) => {
                        routes::answer(inner, call);
                        return None;
                    }
                    Some(Trouble::Slow(time)) => {
                        tokio::time::sleep(time).await;
                        routes::answer(inner, call)
                    }
                    Some(trouble) => struck(inner, trouble, &bucket(call, template), &mut told),
                    None => routes::answer(inner, call),
                }
            }
        }
    };
    let html = reply.body.as_ref().is_some_and(Value::is_string);
    if let Some((operation, spec)) = judged.filter(|_| !html) {
        for error in spec.judge_answer(operation, reply.status, reply.body.as_ref()) {
            let body = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
            inner.violation(format!(
                "answer {} to {} {}: {error}; {body:.600}",
                reply.status, call.method, call.path
            ));
        }
    }
    Some((reply, told))
}

/// The bucket of a request: route and major id.
fn bucket(call: &Call, template: &str) -> String {
    let major =
        call.path.split('/').nth(2).filter(|_| template.starts_with("/channels/")).unwrap_or_default();
    format!("{} {template} {major}", call.method)
}

fn limited(
    inner: &Inner,
    call: &Call,
    template: &str,
    by_token: bool,
    told: &mut BTreeMap<&'static str, String>,
) -> Option<Reply> {
    if by_token {
        return None;
    }
    let bucket = bucket(call, template);
    let messages = call.method == Method::POST && template.ends_with("/messages");
    let (say, early) = inner.meter().ask(&bucket, messages, Instant::now());
    if early {
        inner.journal().early += 1;
    }
    match say {
        Say::Go(headers) => {
            headers.tell(told);
            None
        }
        Say::Wait(wait, global, headers) => {
            if let Some(headers) = headers {
                headers.tell(told);
            }
            Some(early_reply(wait, global, told))
        }
        Say::Banned(wait) => Some(cloudflare(wait, told)),
    }
}

fn early_reply(wait: Duration, global: bool, told: &mut BTreeMap<&'static str, String>) -> Reply {
    told.insert("retry-after", format!("{}", wait.as_secs() + 1));
    told.insert("x-ratelimit-scope", if global { "global" } else { "user" }.into());
    if global {
        told.insert("x-ratelimit-global", "true".into());
    }
    let after = (wait.as_secs_f64() * 1_000.0).ceil() / 1_000.0;
    let body =
        json!({"message": "You are being rate limited.", "retry_after": after, "global": global, "code": 0});
    Reply { status: 429, body: Some(body) }
}

fn cloudflare(wait: Duration, told: &mut BTreeMap<&'static str, String>) -> Reply {
    told.insert("retry-after", format!("{}", wait.as_secs_f64().ceil()));
    Reply {
        status: 429,
        body: Some(json!("<!doctype html><title>Access denied | discord.com used Cloudflare</title>")),
    }
}

fn struck(inner: &Inner, trouble: Trouble, bucket: &str, told: &mut BTreeMap<&'static str, String>) -> Reply {
    match trouble {
        Trouble::Early(wait, global) => {
            inner.meter().hold((!global).then_some(bucket), wait, Instant::now());
            early_reply(wait, global, told)
        }
        Trouble::Cloudflare(wait) => {
            inner.meter().hold(None, wait, Instant::now());
            cloudflare(wait, told)
        }
        Trouble::Refuse(status, code) => Reply::error(status, code, "ordered by the story"),
        Trouble::CutBefore | Trouble::CutAfter | Trouble::Slow(_) => unreachable!("handled before"),
    }
}

impl Headers {
    fn tell(&self, told: &mut BTreeMap<&'static str, String>) {
        told.insert("x-ratelimit-limit", self.limit.to_string());
        told.insert("x-ratelimit-remaining", self.remaining.to_string());
        told.insert("x-ratelimit-reset-after", format!("{:.3}", self.reset_after.as_secs_f64()));
        let unix = super::world::unix_time() + self.reset_after;
        told.insert("x-ratelimit-reset", format!("{:.3}", unix.as_secs_f64()));
        let hash = self
            .bucket
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        told.insert("x-ratelimit-bucket", format!("{hash:016x}"));
    }
}

fn respond(reply: Reply, headers: BTreeMap<&'static str, String>) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let response = match reply.body {
        Some(Value::String(html)) => response.header("content-type", "text/html").body(Body::from(html)),
        Some(json) => response.header("content-type", "application/json").body(Body::from(json.to_string())),
        None => response.body(Body::empty()),
    };
    response.unwrap()
}

/// An answer that breaks off: the client sees the link cut.
fn cut() -> Response {
    let broken = futures::stream::once(async { Err::<bytes::Bytes, _>(std::io::Error::other("cut")) });
    Response::builder().header("content-length", "1000").body(Body::from_stream(broken)).unwrap()
}
