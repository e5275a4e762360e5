//! `/hooks/…`: what platforms and other systems post. It is answered when it is on disk, or not at all.

mod signature;
pub(super) mod trigger;

use super::Site;
use super::problem::{Problem, Result};
use crate::ports::Unheard;
use crate::ticketing::EventError;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use channels::{Channel, Heard};
use std::time::Duration;
use tokio::time::timeout;

/// The header in which Telegram shows the secret.
const TELEGRAM_SECRET: &str = "x-telegram-bot-api-secret-token";
/// Whatever is not on disk by then is offered again.
const PATIENCE: Duration = Duration::from_millis(1900);

/// A ticket may stand for many conversations; each is a write.
const TICKETS_PATIENCE: Duration = Duration::from_secs(20);

/// The largest update taken, in bytes; Telegram's own are a few kilobytes.
pub(super) const MAX_UPDATE: usize = 1024 * 1024;

/// Takes one event of a ticket system: believed only with the right signature, answered when what follows from it is on
/// disk. The same event again changes nothing.
pub(super) async fn tickets(
    State(site): State<Site>,
    Path(system): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    let headers: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    match timeout(TICKETS_PATIENCE, site.ticketing.hear(&system, &headers, &body)).await {
        Ok(Ok(_)) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(EventError::Unheard(Unheard::Forged(_)))) => {
            Err(Problem::unauthorized("forged", "The signature of this event is missing or wrong."))
        }
        Ok(Err(EventError::Unheard(Unheard::Unreadable(_)))) => {
            Err(Problem::bad("malformed", "This is not an event of that ticket system."))
        }
        Ok(Err(EventError::Unheard(Unheard::NotOffered(_)))) => Err(Problem::no_route()),
        Ok(Err(EventError::Unavailable(_))) | Err(_) => {
            Err(Problem::unavailable("The event could not be stored now. Send it again."))
        }
    }
}

/// Takes one update of Telegram.
pub(super) async fn telegram(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    let shown = headers.get(TELEGRAM_SECRET).map(axum::http::HeaderValue::as_bytes);
    let hearing = site.platforms.hear(Channel::Telegram, shown, &body);
    match timeout(PATIENCE, hearing).await {
        Ok(Heard::Taken) => Ok(StatusCode::OK),
        Ok(Heard::Forged) => Err(Problem::unauthorized("forged", "This does not come from Telegram.")),
        Ok(Heard::Malformed) => Err(Problem::bad("malformed", "This is not an update of Telegram.")),
        Ok(Heard::NotHere) => Err(Problem::no_route()),
        Ok(Heard::TryAgain) | Err(_) => {
            Err(Problem::unavailable("The update could not be stored now. Send it again."))
        }
    }
}
