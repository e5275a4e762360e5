//! `GET /chat/v1/events`: what came after a place in the log, at once or as soon as something comes.

use super::feed::Feed;
use super::view::{From, Passing, Shown};
use super::visitor::Visitor;
use crate::domain::ids::ConversationId;
use crate::http::Site;
use crate::http::extract::{Json, Query};
use crate::http::problem::{Problem, Result};
use crate::hub::Signal;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

/// The longest wait, in seconds.
const MAX_WAIT_S: u64 = 25;

#[derive(Deserialize)]
pub(super) struct Position {
    #[serde(default)]
    after: i64,
    #[serde(default)]
    wait: u64,
    #[serde(default)]
    conversation: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Events {
    events: Vec<Shown>,
    next: i64,
}

/// Long poll.
pub(super) async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    Query(from): Query<Position>,
) -> Result<Json<Events>> {
    if from.wait > MAX_WAIT_S {
        return Err(Problem::bad("bad-query", format!("\"wait\" is at most {MAX_WAIT_S} seconds.")));
    }
    let known = known(from.conversation.as_deref())?;
    let until = Instant::now() + Duration::from_secs(from.wait);
    let mut stopping = site.stopping.clone();
    // Before the first look at the log: what is committed after that look is heard.
    let mut room = site.ledger.hub.room(visitor.id);
    let mut feed = Feed::open(&site.ledger, visitor.id, known, from.after).await?;
    loop {
        let events = feed.pull().await?;
        if !events.is_empty() || Instant::now() >= until || *stopping.borrow() {
            return Ok(Json(Events { events, next: feed.after() }));
        }
        let signal = tokio::select! {
            signal = timeout_at(until, room.recv()) => signal,
            // Going down: the caller asks again, and finds whoever comes up.
            changed = stopping.changed() => { drop(changed); continue }
        };
        match signal {
            Ok(Ok(Signal::Typing { bot })) => {
                let from = if bot { From::Bot } else { From::Agent };
                let typing = vec![Shown::Passing(Passing::Typing { from })];
                return Ok(Json(Events { events: typing, next: feed.after() }));
            }
            Ok(Ok(Signal::Changed) | Err(RecvError::Lagged(_) | RecvError::Closed)) | Err(_) => {}
        }
    }
}

/// The conversation that a client says it knows.
pub(super) fn known(id: Option<&str>) -> Result<Option<ConversationId>> {
    let parsed = id.filter(|id| !id.is_empty()).map(str::parse).transpose();
    parsed.map_err(|_| Problem::bad("bad-query", "\"conversation\" is no id of a conversation."))
}
