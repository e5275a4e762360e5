//! `/api/v1`: what the console works with.

mod activity;
mod approvals;
mod automation;
mod commands;
mod conversations;
mod desk;
mod drafts;
mod letters;
mod model;
mod people;
mod stream;
mod switch;
mod tickets;
mod triggers;
mod view;

use super::Site;
use super::problem::{Document, FieldError, Problem, Result};
use super::{security, sign_in};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An answer of 16 KiB, however much of it is escaped, with room for its names.
const MAX_BODY: usize = 128 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Deskhand",
        description = "The management routes of a Deskhand desk. Errors are RFC 9457 problem documents; ids and cursors \
            are opaque strings; times are RFC 3339 in UTC. Requests that change something must come from the desk's own \
            pages (Sec-Fetch-Site or Origin).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Document, FieldError)),
    modifiers(&Cookie),
    security(("session" = []))
)]
struct Description;

struct Cookie;

impl Modify for Cookie {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            "deskhand",
            "The session of somebody signed in to the console; named __Host-deskhand over TLS.",
        ));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

fn described() -> OpenApiRouter<Site> {
    let routes = OpenApiRouter::new()
        .routes(routes!(sign_in::create, sign_in::show, sign_in::delete))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::events))
        .routes(routes!(conversations::decisions))
        .routes(routes!(conversations::upload))
        .routes(routes!(commands::take_over))
        .routes(routes!(commands::say))
        .routes(routes!(commands::note))
        .routes(routes!(commands::release))
        .routes(routes!(commands::hand_off))
        .routes(routes!(commands::resolve))
        .routes(routes!(commands::rule))
        .routes(routes!(commands::undo))
        .routes(routes!(commands::typing))
        .routes(routes!(drafts::create))
        .routes(routes!(tickets::list))
        .routes(routes!(tickets::show, tickets::change))
        .routes(routes!(tickets::comment))
        .routes(routes!(letters::list))
        .routes(routes!(letters::retry))
        .routes(routes!(letters::give_up))
        .routes(routes!(desk::teams))
        .routes(routes!(desk::intents))
        .routes(routes!(desk::platforms))
        .routes(routes!(approvals::list))
        .routes(routes!(triggers::playbooks))
        .routes(routes!(triggers::start))
        .routes(routes!(triggers::list))
        .routes(routes!(triggers::firings))
        .routes(routes!(automation::levels))
        .routes(routes!(automation::rules))
        .routes(routes!(automation::demotions))
        .routes(routes!(automation::lift))
        .routes(routes!(activity::list))
        .routes(routes!(switch::show, switch::set))
        .routes(routes!(switch::changes))
        .routes(routes!(model::show))
        .routes(routes!(model::used))
        .routes(routes!(people::list))
        .routes(routes!(stream::open));
    OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", routes)
}

/// The OpenAPI document of `/api/v1`, as JSON.
#[must_use]
pub fn openapi() -> String {
    described().into_openapi().to_pretty_json().unwrap_or_default()
}

/// The routes, with their prefix.
pub(super) fn routes(site: &Site) -> Router<Site> {
    let (router, _) = described().split_for_parts();
    router
        .route("/api/v1/openapi.json", get(document))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(site.clone(), security::same_site_only))
}

/// The description itself; the same for everybody.
async fn document(State(site): State<Site>) -> Result<impl IntoResponse> {
    let text = site.openapi.clone();
    if text.is_empty() {
        return Err(Problem::internal("the OpenAPI document could not be written"));
    }
    Ok(([(CONTENT_TYPE, "application/json")], text))
}
