//! Whether the desk lives, whether it can work, and what it counts.

use super::Site;
use super::extract::Json;
use super::problem::{Problem, Result};
use crate::playbook::policy::trigger::On;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use channels::Health;
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// A database that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_millis(1500);
/// With more effects waiting than this, the outside is slower than the desk.
const BACKLOG: i64 = 500;

/// The process lives.
pub(super) async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok"}))
}

#[derive(Serialize)]
struct Readiness {
    status: Condition,
    version: &'static str,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    state: Condition,
    /// What it is, or why it is not well.
    detail: String,
}

/// From best to worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Condition {
    /// As it should be.
    Ok,
    /// Works, but somebody should look.
    Degraded,
    /// Does not work: messages are not taken.
    Down,
}

/// Each part with its state and its cause; 503 where messages would not be taken.
pub(super) async fn ready(State(site): State<Site>) -> Response {
    let mut parts = vec![
        database(&site).await,
        release(&site),
        outbox(&site).await,
        letters(&site).await,
        stopping(&site),
    ];
    parts.extend(polls(&site).await);
    parts.extend(platforms(&site));
    parts.extend(systems(&site));
    parts.extend(language_model(&site));
    let status = parts.iter().map(|part| part.state).max().unwrap_or(Condition::Ok);
    let body = Json(Readiness { status, version: env!("CARGO_PKG_VERSION"), parts });
    match status {
        Condition::Down => (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], body).into_response(),
        Condition::Ok | Condition::Degraded => body.into_response(),
    }
}

/// Writes, because a full disk still reads.
async fn database(site: &Site) -> Part {
    let kind = site.ledger.storage.kind();
    let (state, detail) = match timeout(PATIENCE, site.ledger.storage.ping()).await {
        Ok(Ok(())) => (Condition::Ok, format!("{kind} takes writes")),
        Ok(Err(error)) => (Condition::Down, format!("{kind}: {}", error.0)),
        Err(_) => (Condition::Down, format!("{kind} has not answered within {PATIENCE:?}")),
    };
    Part { part: "database", state, detail }
}

fn release(site: &Site) -> Part {
    let detail = format!("release {} is in force", site.library.current().release);
    Part { part: "policies", state: Condition::Ok, detail }
}

async fn outbox(site: &Site) -> Part {
    let (state, detail) = match timeout(PATIENCE, site.ledger.storage.waiting_effects()).await {
        Ok(Ok(waiting)) if waiting > BACKLOG => {
            (Condition::Degraded, format!("{waiting} effects wait: a system outside is slow or away"))
        }
        Ok(Ok(waiting)) => (Condition::Ok, format!("{waiting} effects wait")),
        Ok(Err(error)) => (Condition::Degraded, error.0),
        Err(_) => (Condition::Degraded, "the database has not answered".to_owned()),
    };
    Part { part: "outbox", state, detail }
}

/// What waits for a human's decision; customers' messages are taken all the same.
async fn letters(site: &Site) -> Part {
    let (state, detail) = match timeout(PATIENCE, site.ledger.storage.dead_letters()).await {
        Ok(Ok(0)) => (Condition::Ok, "none".to_owned()),
        Ok(Ok(dead)) => (
            Condition::Degraded,
            format!("{dead} wait in the console, under Dead letters, to be tried again or given up"),
        ),
        Ok(Err(error)) => (Condition::Degraded, error.0),
        Err(_) => (Condition::Degraded, "the database has not answered".to_owned()),
    };
    Part { part: "dead letters", state, detail }
}

/// Databases that are looked at for new rows; what comes of one that is away comes late.
async fn polls(site: &Site) -> Option<Part> {
    let book = site.library.current();
    let polled = |id: &str| book.triggers.get(id).is_some_and(|trigger| matches!(trigger.on, On::Poll(_)));
    if !book.triggers.keys().any(|id| polled(id)) {
        return None;
    }
    let (state, detail) = match timeout(PATIENCE, site.ledger.storage.polls()).await {
        Ok(Ok(polls)) => {
            let troubles: Vec<String> = polls
                .into_iter()
                .filter(|poll| polled(&poll.trigger) && poll.trouble.is_some())
                .map(|poll| poll.trigger)
                .collect();
            match troubles.is_empty() {
                true => (Condition::Ok, "all are well".to_owned()),
                false => (
                    Condition::Degraded,
                    format!("in trouble: {}; the console says why, under Automation", troubles.join(", ")),
                ),
            }
        }
        Ok(Err(error)) => (Condition::Degraded, error.0),
        Err(_) => (Condition::Degraded, "the database has not answered".to_owned()),
    };
    Some(Part { part: "polls", state, detail })
}

/// A platform that is away takes nothing from the others: the desk as a whole is degraded at most.
fn platforms(site: &Site) -> impl Iterator<Item = Part> {
    site.platforms.health().into_iter().map(|(channel, health)| {
        let (state, detail) = match health {
            Health::Connected { detail } => (Condition::Ok, detail),
            Health::Standby => (Condition::Ok, "another process listens, or nobody has begun yet".to_owned()),
            Health::Degraded { cause } | Health::Stopped { cause } => (Condition::Degraded, cause),
        };
        Part { part: channel.name(), state, detail }
    })
}

/// Hosts that failed too often are left alone for a while; what wants them waits or goes its declared way.
fn systems(site: &Site) -> Option<Part> {
    let hosts = site.actions.as_ref()?.hosts();
    let resting: Vec<String> = hosts
        .iter()
        .filter_map(|host| Some(format!("{} is left alone for {} s", host.name, host.rests_s?)))
        .collect();
    let (state, detail) = match resting.is_empty() {
        true => (Condition::Ok, format!("{} hosts were called, and all are well", hosts.len())),
        false => (Condition::Degraded, format!("failed too often: {}", resting.join(", "))),
    };
    Some(Part { part: "actions", state, detail })
}

/// Without its language model the desk goes on, with local triage.
fn language_model(site: &Site) -> Vec<Part> {
    if !site.asking.is_on() {
        return Vec::new();
    }
    let trouble = site.asking.trouble();
    let mut parts: Vec<Part> = site
        .asking
        .state()
        .into_iter()
        .filter(|part| matches!(part.part, "breaker" | "budget"))
        .map(|part| {
            let of = if part.of.is_empty() { String::new() } else { format!("{}: ", part.of) };
            let state = if part.healthy { Condition::Ok } else { Condition::Degraded };
            let name = if part.part == "budget" { "language model budget" } else { "language model circuit" };
            Part { part: name, state, detail: format!("{of}{}", part.says) }
        })
        .collect();
    let (state, detail) = match trouble {
        Some(trouble) => (Condition::Degraded, format!("{trouble}; the desk goes on with local triage")),
        None => (Condition::Ok, format!("{} calls under way", site.asking.in_flight())),
    };
    parts.insert(0, Part { part: "language model", state, detail });
    parts
}

fn stopping(site: &Site) -> Part {
    let (state, detail) = if *site.stopping.borrow() {
        (Condition::Down, "going down".to_owned())
    } else {
        (Condition::Ok, format!("{} sockets and streams are open", site.connections.count()))
    };
    Part { part: "server", state, detail }
}

/// Prometheus text.
pub(super) async fn metrics(State(site): State<Site>) -> Result<Response> {
    let handle = site.metrics.as_ref().ok_or_else(Problem::no_route)?;
    for host in site.actions.iter().flat_map(|actions| actions.hosts()) {
        let resting = if host.rests_s.is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("deskhand_host_left_alone", "host" => host.name).set(resting);
    }
    if let Ok(Ok(dead)) = timeout(PATIENCE, site.ledger.storage.dead_letters()).await {
        metrics::gauge!("deskhand_dead_letters").set(dead as f64);
    }
    for part in site.asking.state() {
        for (name, value) in part.figures {
            metrics::gauge!(format!("deskhand_model_{name}"), "of" => part.of.clone()).set(value);
        }
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response())
}
