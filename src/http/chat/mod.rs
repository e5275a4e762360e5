//! `/chat/v1`: the widget's routes.

mod events;
mod feed;
mod forms;
pub mod frames;
mod gestures;
mod identity;
mod links;
mod messages;
mod sessions;
mod socket;
mod uploads;
mod view;
mod visitor;

pub(super) use visitor::Visits;

use super::Site;
use super::settings::Settings;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use std::sync::Arc;

/// A message of 16 KiB, however much of it is escaped, with room for its names.
const MAX_BODY: usize = 128 * 1024;

/// The routes, without their prefix.
pub(super) fn routes(settings: &Settings) -> Router<Site> {
    let sites: Arc<[String]> = settings.allowed_origins.clone().into();
    let forms = Router::new()
        .route("/forms/{trigger}", post(forms::create).options(forms::asked))
        .layer(from_fn_with_state(sites, forms::of_other_sites));
    let file_limit = DefaultBodyLimit::max(settings.max_upload_bytes + uploads::FORM_OVERHEAD);
    Router::new()
        .route("/sessions", post(sessions::create))
        .route("/messages", post(messages::create))
        .route("/events", get(events::list))
        .route("/typing", post(gestures::typing))
        .route("/links", post(links::create))
        .route("/feedback", post(gestures::feedback))
        .merge(forms)
        .route("/uploads/{id}", get(uploads::show))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .route("/uploads", post(uploads::create).layer(file_limit))
        .route("/socket", get(socket::open))
}
