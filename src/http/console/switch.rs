//! `/api/v1/switch`: the kill switch.

use super::conversations::within;
use crate::domain::Time;
use crate::domain::switch::{NoSwitch, Switch, SwitchedOff};
use crate::http::Site;
use crate::http::extract::{Json, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::{Admin, Reader};
use crate::hub::DeskSignal;
use crate::ports::storage::DeskEvent;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// What is off, and what there is to switch.
#[derive(Serialize, ToSchema)]
pub(super) struct Switches {
    /// What is off now; everything else is on.
    off: Vec<Off>,
}

/// Something that is off.
#[derive(Serialize, ToSchema)]
#[schema(as = SwitchedOff)]
struct Off {
    /// `all`, or `channel:…`, `intent:…`, `action:…`, `playbook:…`.
    switch: String,
    because: String,
    /// Who did it.
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// A switch and where it is to stand.
#[derive(Deserialize, ToSchema)]
pub(super) struct SwitchChange {
    /// `all`, or `channel:…`, `intent:…`, `action:…`, `playbook:…`.
    switch: String,
    /// Off is false.
    on: bool,
    /// Why, for colleagues; at most 500 characters.
    because: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ChangePage {
    items: Vec<DeskChange>,
    #[schema(required)]
    next: Option<String>,
}

/// Something that was changed about the desk.
#[derive(Serialize, ToSchema)]
struct DeskChange {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// `switched-off`, `switched-on`, `demoted` or `restored`.
    kind: String,
    /// The switch, or the intent.
    subject: String,
    because: String,
    /// Who did it; empty where the desk did it by itself.
    by: String,
}

/// What is switched off.
#[utoipa::path(get, operation_id = "show_switch", path = "/switch", tag = "desk", responses((status = 200, body = Switches), Problem))]
pub(super) async fn show(State(site): State<Site>, _: Reader) -> Result<Json<Switches>> {
    standing(&site).await
}

/// Switches the bot, a channel, an intent, an action or a playbook off or on. When this is answered, nothing automated
/// that the switch forbids is said or done any more. The same again changes nothing.
#[utoipa::path(put, operation_id = "set_switch", path = "/switch", tag = "desk", request_body = SwitchChange, responses((status = 200, body = Switches), Problem))]
pub(super) async fn set(
    State(site): State<Site>,
    Admin(who): Admin,
    Json(change): Json<SwitchChange>,
) -> Result<Json<Switches>> {
    let because = change.because.trim().to_owned();
    if because.is_empty() || because.chars().count() > MAX_REASON || because.contains('\0') {
        let detail = format!("Say why in 1 to {MAX_REASON} characters: colleagues read it.");
        return Err(Problem::field("because", "bad-reason", detail));
    }
    let switch: Switch = change
        .switch
        .parse()
        .map_err(|error: NoSwitch| Problem::field("switch", "unknown-switch", format!("{error}.")))?;
    let storage = &site.ledger.storage;
    let now = site.ledger.now();
    let changed = if change.on {
        storage.switch_on(&switch, &because, &who.name, now).await?
    } else {
        if let Err(message) = site.library.current().knows(&switch) {
            return Err(Problem::field("switch", "unknown-switch", format!("{message}.")));
        }
        let off = SwitchedOff { switch: switch.clone(), because, by: who.name.clone(), at: now };
        storage.switch_off(&off).await?
    };
    if changed {
        tracing::warn!(%switch, on = change.on, by = %who.id, "a switch was set");
        site.ledger.hub.tell_desk(DeskSignal::Switched);
        site.ledger.hub.turns.notify_one();
        site.ledger.hub.outbox.notify_one();
    }
    standing(&site).await
}

/// What was changed about the desk, newest first: switches, demotions of intents.
#[utoipa::path(get, operation_id = "list_desk_changes", path = "/switch/changes", tag = "desk", params(ChangesQuery), responses((status = 200, body = ChangePage), Problem))]
pub(super) async fn changes(
    State(site): State<Site>,
    _: Reader,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<ChangePage>> {
    let cursor = query.cursor.and_then(|cursor| cursor.parse().ok());
    let page = site.ledger.storage.desk_events(cursor, within(query.limit, 50, 200)?).await?;
    let of = |event: DeskEvent| DeskChange {
        at: event.at,
        kind: event.kind,
        subject: event.subject,
        because: event.because,
        by: event.by,
    };
    Ok(Json(ChangePage { items: page.items.into_iter().map(of).collect(), next: page.next }))
}

async fn standing(site: &Site) -> Result<Json<Switches>> {
    let board = site.ledger.storage.switchboard().await?;
    let of = |off: SwitchedOff| Off {
        switch: off.switch.to_string(),
        because: off.because,
        by: off.by,
        at: off.at,
    };
    Ok(Json(Switches { off: board.off.into_iter().map(of).collect() }))
}
