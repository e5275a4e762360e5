//! `/api/v1/approvals`: everything that waits for a human's word, over all conversations.

use super::conversations::within;
use super::view::approval::Approval;
use super::view::row::Row;
use crate::http::Site;
use crate::http::extract::{Json, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::Reader;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ApprovalPage {
    items: Vec<OpenApproval>,
    #[schema(required)]
    next: Option<String>,
}

/// A proposal and the conversation that it is about.
#[derive(Serialize, ToSchema)]
struct OpenApproval {
    approval: Approval,
    conversation: Row,
}

/// A page of what waits, the longest waiting first.
#[utoipa::path(get, operation_id = "list_approvals", path = "/approvals", tag = "desk", params(ListQuery), responses((status = 200, body = ApprovalPage), Problem))]
pub(super) async fn list(
    State(site): State<Site>,
    _: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Json<ApprovalPage>> {
    let page = site.ledger.storage.approvals(query.cursor.as_deref(), within(query.limit, 50, 200)?).await?;
    let book = site.library.current();
    let mut items = Vec::with_capacity(page.items.len());
    for (row, seq) in page.items {
        // Ruled on since the page was read: it waits no more.
        let Some(approval) = Approval::of(&row.conversation, seq, &book) else { continue };
        items.push(OpenApproval { approval, conversation: Row::of(&row, &book) });
    }
    Ok(Json(ApprovalPage { items, next: page.next }))
}
