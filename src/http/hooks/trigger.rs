//! `/hooks/{trigger}`: signed events from outside. One is acknowledged when it is on disk, or not at all.

use super::signature::{self, Believed};
use crate::http::Site;
use crate::http::caller::Caller;
use crate::http::extract::{Json, Path};
use crate::http::limits::caller_key;
use crate::http::problem::{Problem, Result};
use crate::playbook::policy::trigger::{Hook, On, Signature};
use crate::playbook::triggers::{CheckedTrigger, MAX_BYTES};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// The largest request that any trigger may take, in bytes.
pub(in crate::http) const LARGEST: usize = 256 * 1024;
/// Whatever is not on disk by then is offered again.
const PATIENCE: Duration = Duration::from_secs(5);

/// It is on disk.
#[derive(Serialize)]
pub(in crate::http) struct Taken {
    /// What tells it from others.
    id: String,
    /// Whether it was taken before.
    again: bool,
}

/// Takes one event. A trigger that is not there, a secret that is not set and a wrong signature are one and the same to
/// whoever asks.
pub(in crate::http) async fn take(
    State(site): State<Site>,
    Path(id): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Taken>)> {
    let body = body?;
    let book = site.library.current();
    let Some((trigger, hook, Believed { id })) = believed(&site, book.triggers.get(&id), &headers, &body)
    else {
        // Guessing is slow; whoever holds a secret is not held up.
        site.limits.forgeries.check(&caller_key(caller.0))?;
        metrics::counter!("deskhand_hooks_refused_total").increment(1);
        return Err(Problem::unauthorized(
            "forged",
            "This request is not signed with a secret of this desk.",
        ));
    };
    if body.len() > hook.max_bytes.unwrap_or(MAX_BYTES) {
        return Err(Problem::too_large("The event is larger than this trigger takes."));
    }
    let event = trigger
        .read(&body)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-event", error.to_string()))?;
    let occurrence = match id {
        Some(id) if hook.id.is_none() => id,
        _ => trigger
            .occurrence(hook, &event, &body)
            .map_err(|error| Problem::internal(format!("the trigger {}: {error}", trigger.id)))?,
    };
    let storage = &site.ledger.storage;
    let putting = storage.put_firing(&trigger.id, &occurrence, &event, site.ledger.now());
    let fresh = match timeout(PATIENCE, putting).await {
        Ok(put) => put?,
        Err(_) => return Err(Problem::unavailable("an event could not be stored in time")),
    };
    site.ledger.hub.triggers.notify_one();
    let status = if fresh { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Taken { id: occurrence, again: !fresh })))
}

fn believed<'a>(
    site: &Site,
    trigger: Option<&'a CheckedTrigger>,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<(&'a CheckedTrigger, &'a Hook, Believed)> {
    let hook = trigger.and_then(|trigger| match &trigger.on {
        On::Hook(hook) => Some((trigger, hook)),
        _ => None,
    });
    let secret = hook.and_then(|(_, hook)| site.settings.hook_secrets.get(&hook.secret));
    let now = site.ledger.now();
    match (hook, secret) {
        (Some((trigger, hook)), Some(secret)) => {
            Some((trigger, hook, signature::verify(hook, secret, headers, body, now)?))
        }
        _ => {
            // The same work, so that the time tells nothing either.
            let nobody = Hook {
                signature: Signature::Standard,
                secret: String::new(),
                tolerance: None,
                max_bytes: None,
                id: None,
            };
            let secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned().into();
            drop(signature::verify(&nobody, &secret, headers, body, now));
            None
        }
    }
}
