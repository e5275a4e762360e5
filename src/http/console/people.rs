//! `/api/v1/people`: who may have conversations and tickets.

use super::view::Named;
use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::{Problem, Result};
use crate::http::session::Reader;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct People {
    items: Vec<Named>,
}

/// Everybody who may answer customers, by name. Addresses and roles are not told here.
#[utoipa::path(get, operation_id = "list_people", path = "/people", tag = "desk", responses((status = 200, body = People), Problem))]
pub(super) async fn list(State(site): State<Site>, _: Reader) -> Result<Json<People>> {
    let users = site.ledger.storage.users().await?;
    let answering = users.iter().filter(|user| user.role.may_answer());
    Ok(Json(People { items: answering.map(|user| Named::person(&user.reference())).collect() }))
}
