//! `POST /chat/v1/links`: a visitor takes the conversation to another channel and stays who they are.

use super::visitor::Visitor;
use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::Result;
use crate::http::session;
use crate::ports::storage::SessionKind;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use serde::Serialize;

/// How long a code is good.
const LIFE: TimeDelta = TimeDelta::minutes(15);

#[derive(Serialize)]
pub(super) struct Invitations {
    items: Vec<Invitation>,
    expires_in_s: i64,
}

/// Where to go, or what to write there.
#[derive(Serialize)]
struct Invitation {
    channel: &'static str,
    to: String,
}

/// A code that joins whoever shows it to this visitor's record, once; and where to show it.
pub(super) async fn create(
    State(site): State<Site>,
    visitor: Visitor,
) -> Result<(StatusCode, Json<Invitations>)> {
    site.limits.gestures.check(&visitor.id)?;
    let code = session::begin(&site.ledger, SessionKind::Join, visitor.id.0, LIFE).await?;
    let items = site.platforms.invitations(&code);
    let items = items.into_iter().map(|(channel, to)| Invitation { channel: channel.name(), to }).collect();
    Ok((StatusCode::CREATED, Json(Invitations { items, expires_in_s: LIFE.num_seconds() })))
}
