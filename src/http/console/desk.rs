//! What the release in force says of the desk: teams and intents.

use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::session::Reader;
use axum::extract::State;
use channels::Health;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct Teams {
    items: Vec<Team>,
}

/// Who takes over.
#[derive(Serialize, ToSchema)]
struct Team {
    id: String,
    name: String,
    /// Whether somebody is there now.
    open: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Platforms {
    items: Vec<Platform>,
}

/// Where customers write from, beside the widget.
#[derive(Serialize, ToSchema)]
struct Platform {
    /// `telegram` or `discord`.
    channel: &'static str,
    /// `connected`, `standby`, `degraded` or `stopped`.
    state: &'static str,
    /// Who it is there, or the cause of the trouble and what to do.
    detail: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Intents {
    items: Vec<Intent>,
}

/// What customers want.
#[derive(Serialize, ToSchema)]
struct Intent {
    id: String,
    name: String,
    team: String,
    /// `low`, `medium` or `high`.
    risk: &'static str,
    /// `observe`, `suggest`, `approve` or `auto`.
    automation: &'static str,
    /// The probability needed to act.
    threshold: f32,
    /// How many utterances it is trained on.
    examples: usize,
}

/// All teams.
#[utoipa::path(get, operation_id = "list_teams", path = "/teams", tag = "desk", responses((status = 200, body = Teams), Problem))]
pub(super) async fn teams(State(site): State<Site>, _: Reader) -> Json<Teams> {
    let book = site.library.current();
    let now = site.ledger.now();
    let teams = book.teams.all.iter();
    let items =
        teams.map(|(id, team)| Team { id: id.clone(), name: team.name.clone(), open: team.is_open(now) });
    Json(Teams { items: items.collect() })
}

/// How the connected platforms are.
#[utoipa::path(get, operation_id = "list_platforms", path = "/platforms", tag = "desk", responses((status = 200, body = Platforms), Problem))]
pub(super) async fn platforms(State(site): State<Site>, _: Reader) -> Json<Platforms> {
    let items = site.platforms.health().into_iter().map(|(channel, health)| {
        let (state, detail) = match health {
            Health::Connected { detail } => ("connected", detail),
            Health::Standby => ("standby", String::new()),
            Health::Degraded { cause } => ("degraded", cause),
            Health::Stopped { cause } => ("stopped", cause),
        };
        Platform { channel: channel.name(), state, detail }
    });
    Json(Platforms { items: items.collect() })
}

/// All intents.
#[utoipa::path(get, operation_id = "list_intents", path = "/intents", tag = "desk", responses((status = 200, body = Intents), Problem))]
pub(super) async fn intents(State(site): State<Site>, _: Reader) -> Json<Intents> {
    let book = site.library.current();
    let trained = book.classifier.threshold();
    let items = book.intents.iter().map(|(id, intent)| Intent {
        id: id.clone(),
        name: intent.name.clone(),
        team: intent.team.value.clone(),
        risk: intent.risk.name(),
        automation: intent.automation.name(),
        threshold: intent.threshold.as_ref().map_or(trained, |own| own.value),
        examples: intent.examples.values().map(Vec::len).sum(),
    });
    Json(Intents { items: items.collect() })
}
