//! `GET /api/v1/stream`: what happens at the desk, as it happens. A console that connects (again) reloads what it
//! shows, so a signal that is lost loses nothing.

use super::view::row::Row;
use crate::domain::Time;
use crate::domain::ids::ConversationId;
use crate::http::Site;
use crate::http::connections::Connection;
use crate::http::problem::{Problem, Result};
use crate::http::session::{self, Reader};
use crate::hub::{DeskSignal, Presence};
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use futures::Stream;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

/// So often the line shows that it is alive, and whether its session still is.
const BEAT: Duration = Duration::from_secs(15);
/// Changes within this time are told once.
const GATHER: Duration = Duration::from_millis(60);

/// Server-sent events: `hello` (who is signed in), `conversation` (a row of the list), `typing`, `notification`, and
/// `ping` every 15 seconds. The stream ends with the session, or when the listener is too slow: reconnect and reload.
#[utoipa::path(get, operation_id = "open_stream", path = "/stream", tag = "conversations", responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String), Problem))]
pub(super) async fn open(
    State(site): State<Site>,
    reader: Reader,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let user = &reader.user;
    let hello =
        json!({"user": {"id": user.id, "email": user.email, "name": user.name, "role": user.role.name()}});
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    let line = Line {
        signals: site.ledger.hub.desk(),
        // Whoever only reads can't take a conversation over, and must not be counted on.
        _presence: user.role.may_answer().then(|| site.ledger.hub.arrive()),
        _connection: site.connections.open(),
        stopping: site.stopping.clone(),
        hash: reader.hash,
        beat,
        waiting: VecDeque::from([event("hello", &hello)?]),
        site,
    };
    Ok(Sse::new(unfold(line, |mut line| async move {
        let next = line.next().await?;
        Some((Ok(next), line))
    })))
}

struct Line {
    site: Site,
    signals: Receiver<DeskSignal>,
    stopping: watch::Receiver<bool>,
    hash: String,
    beat: Interval,
    waiting: VecDeque<Event>,
    _presence: Option<Presence>,
    _connection: Connection,
}

#[derive(Serialize)]
struct Notification {
    id: String,
    text: String,
    team: String,
    conversation: String,
    at: Time,
}

impl Line {
    /// The next event; nothing ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if *self.stopping.borrow() {
                return None;
            }
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Ok(signal) => self.gather(signal).await?,
                    // It has missed something: the console reconnects and reloads.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                },
                _ = self.beat.tick() => {
                    if !self.still_signed_in().await {
                        return None;
                    }
                    return Some(Event::default().comment("alive").event("ping").data("{}"));
                }
                changed = self.stopping.changed() => changed.ok()?,
            }
        }
    }

    /// Takes what comes within a moment; each conversation is told once, as it is at the end of it.
    async fn gather(&mut self, first: DeskSignal) -> Option<()> {
        let mut changed: Vec<ConversationId> = Vec::new();
        self.sort(first, &mut changed);
        if !changed.is_empty() {
            sleep(GATHER).await;
            loop {
                match self.signals.try_recv() {
                    Ok(signal) => self.sort(signal, &mut changed),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return None,
                }
            }
        }
        let book = self.site.library.current();
        for id in changed {
            match self.site.ledger.storage.row(id).await {
                Ok(Some(row)) => self.waiting.extend(event("conversation", &Row::of(&row, &book)).ok()),
                Ok(None) => {}
                // The console reconnects, and asks until the database is back.
                Err(_) => return None,
            }
        }
        Some(())
    }

    fn sort(&mut self, signal: DeskSignal, changed: &mut Vec<ConversationId>) {
        match signal {
            DeskSignal::Changed(id) => {
                if !changed.contains(&id) {
                    changed.push(id);
                }
            }
            DeskSignal::Switched => self.waiting.extend(event("switch", &json!({})).ok()),
            DeskSignal::Typing(id) => {
                let typing = json!({"conversation": id, "from": "customer"});
                self.waiting.extend(event("typing", &typing).ok());
            }
            DeskSignal::Notice { key, team, text, conversation } => {
                let at = self.site.ledger.now();
                let notice = Notification { id: key, text, team, conversation: conversation.to_string(), at };
                self.waiting.extend(event("notification", &notice).ok());
            }
        }
    }

    /// Signing out, being signed out and the end of a session close the line.
    async fn still_signed_in(&self) -> bool {
        // Only looked at, not used: an open window in an empty office must not keep itself signed in.
        match session::console_session(&self.site.ledger, &self.hash).await {
            Ok(session) => session.is_some(),
            // With the database away nobody can know.
            Err(_) => true,
        }
    }
}

fn event<T: Serialize>(name: &str, data: &T) -> Result<Event> {
    Event::default().event(name).json_data(data).map_err(Problem::internal)
}
