//! HTTP: one call in, its fate decided, one answer out (or none).

use super::{
    answer::{Answer, Refusal},
    body::{self, Params},
    faults::Trouble,
    journal::{Early, Request as Called},
    methods,
    world::World,
};
use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header::CONTENT_TYPE},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::{net::TcpListener, time::Instant};

pub(super) async fn serve(listener: TcpListener, world: Arc<World>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let world = Arc::clone(&world);
                // No answer closes the link: that is how it is cut.
                async move { answer(world, request.map(Body::new)).await.ok_or_else(|| io::Error::other("cut")) }
            });
            drop(http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

async fn answer(world: Arc<World>, request: Request<Body>) -> Option<Response<Body>> {
    // Some clients escape the colon of the token.
    let path = request.uri().path().replace("%3A", ":");
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return download(&world, rest);
    }
    let (token, name) = path.strip_prefix("/bot")?.split_once('/')?;
    if token != world.options.token || world.state().revoked {
        return Some(reply(&Err(Refusal::new(401, "Unauthorized"))));
    }
    let known = world.spec.as_ref().map(|spec| spec.method(name));
    let method = known.flatten().unwrap_or(name).to_owned();
    let params = body::read(request, &method, world.spec.as_ref()).await;
    let noted = note(&world, &method, &params);
    let (answered, trouble) = call(&world, &method, &params).await;
    if let (Some(spec), Ok(result)) = (&world.spec, &answered) {
        let wrong = spec.check_result(&method, result);
        world
            .state()
            .journal
            .violations
            .extend(wrong.into_iter().map(|wrong| format!("answer of the fake: {wrong}")));
    }
    let response = match trouble {
        Some(Trouble::CutBefore | Trouble::CutAfter) => return None,
        Some(Trouble::Gateway { code }) => html(code),
        Some(Trouble::Nonsense) => html(200),
        Some(Trouble::Late(late)) => {
            tokio::time::sleep(late).await;
            reply(&answered)
        }
        _ => reply(&answered),
    };
    if let Some(called) = world.state().journal.requests.get_mut(noted) {
        called.status = Some(response.status().as_u16());
    }
    Some(response)
}

/// Writes a call down and what is wrong with it; returns its place in the journal.
fn note(world: &World, method: &str, params: &Params) -> usize {
    let wrong =
        world.spec.as_ref().map(|spec| spec.check_request(method, &params.fields)).unwrap_or_default();
    let mut state = world.state();
    state.journal.violations.extend(wrong.into_iter().map(|wrong| format!("request: {wrong}")));
    if let Some(broken) = &params.broken {
        state.journal.violations.push(format!("request: {method}: {broken}"));
    }
    let params = Value::Object(params.fields.clone());
    state.journal.requests.push(Called { at: world.now(), method: method.to_owned(), params, status: None });
    state.journal.requests.len() - 1
}

/// Does a call, or what was ordered instead.
async fn call(world: &Arc<World>, method: &str, params: &Params) -> (Answer, Option<Trouble>) {
    let refused = |refusal: Refusal| (Err(refusal), None);
    if let Some(broken) = &params.broken {
        return refused(Refusal::bad(broken));
    }
    let chat = params.int("chat_id");
    let ordered = {
        let mut state = world.state();
        let state = &mut *state;
        let order = state
            .faults
            .iter_mut()
            .find_map(|order| order.meets(method, chat, &mut state.dice).then(|| order.trouble.clone()));
        let sends = method.starts_with("send") && method != "sendChatAction";
        if let (Some(chat), true) = (chat, sends) {
            let now = Instant::now();
            if let Some((left, told)) = state.buckets.waiting(chat, now) {
                state.journal.early.push(Early { at: world.now(), chat, told });
                return refused(Refusal::flood(seconds(left, world)));
            }
            if let Some(Trouble::FloodWait { seconds, whole_bot }) = &order {
                let wait = world.options.second * u32::try_from(*seconds).unwrap_or(u32::MAX);
                state.buckets.wait(chat, *whole_bot, now, wait);
            } else if world.options.limits && !state.buckets.allow(chat, now, world.options.second) {
                return refused(Refusal::flood(1));
            }
        }
        order
    };
    let instead = match &ordered {
        Some(Trouble::FloodWait { seconds, .. }) => Some(Refusal::flood(*seconds)),
        Some(Trouble::Refuse { code, description }) => Some(Refusal::new(*code, description)),
        Some(Trouble::Gateway { code }) => Some(Refusal::new(*code, "gateway")),
        Some(Trouble::CutBefore) => Some(Refusal::new(500, "cut")),
        _ => None,
    };
    if let Some(refusal) = instead {
        return (Err(refusal), ordered);
    }
    let told = !matches!(ordered, Some(Trouble::CutAfter | Trouble::Nonsense | Trouble::Late(_)));
    (methods::call(world, method, params, told).await, ordered)
}

fn seconds(left: std::time::Duration, world: &World) -> u64 {
    (left.as_secs_f64() / world.options.second.as_secs_f64()).ceil() as u64
}

fn reply(answer: &Answer) -> Response<Body> {
    let (code, body) = match answer {
        Ok(result) => (200, json!({"ok": true, "result": result})),
        Err(refusal) => (refusal.code, refusal.body()),
    };
    respond(code, "application/json", body.to_string().into_bytes())
}

fn html(code: u16) -> Response<Body> {
    respond(code, "text/html", b"<html><body><h1>nginx</h1></body></html>".to_vec())
}

fn respond(code: u16, kind: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(kind));
    response
}

fn download(world: &World, rest: &str) -> Option<Response<Body>> {
    let (token, path) = rest.split_once('/')?;
    let mut state = world.state();
    let state = &mut *state;
    let ordered = state
        .faults
        .iter_mut()
        .find_map(|order| order.meets("file", None, &mut state.dice).then(|| order.trouble.clone()));
    match ordered {
        Some(Trouble::CutBefore | Trouble::CutAfter) => return None,
        Some(Trouble::Gateway { code } | Trouble::Refuse { code, .. }) => return Some(html(code)),
        _ => {}
    }
    let stored = state.files.values().find(|stored| stored.path == path);
    match stored.filter(|_| token == world.options.token) {
        Some(stored) => Some(respond(200, "application/octet-stream", stored.content.clone())),
        None => Some(reply(&Err(Refusal::new(404, "Not Found")))),
    }
}
