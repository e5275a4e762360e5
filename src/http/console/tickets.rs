//! `/api/v1/tickets`: the built-in tickets.

use super::conversations::within;
use super::view::{Named, Priority};
use crate::domain::Time;
use crate::domain::ids::CustomerId;
use crate::domain::ticket::TicketStatus;
use crate::http::Site;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::{Answerer, Reader};
use crate::ports::storage::{TicketFilter, TicketRecord};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only these.
    #[param(inline)]
    status: Option<Status>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    Pending,
    Solved,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TicketPage {
    items: Vec<Ticket>,
    #[schema(required)]
    next: Option<String>,
}

/// A ticket.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    number: String,
    title: String,
    #[schema(inline)]
    status: Status,
    #[schema(inline)]
    priority: Priority,
    #[schema(required)]
    team: Option<Named>,
    /// The conversation it came from.
    #[schema(required)]
    conversation: Option<String>,
    #[schema(required)]
    customer: Option<TicketCustomer>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// Whose matter it is.
#[derive(Clone, Serialize, ToSchema)]
struct TicketCustomer {
    id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
pub(super) struct Change {
    #[serde(default)]
    #[schema(inline)]
    status: Option<Status>,
    #[serde(default)]
    #[schema(inline)]
    priority: Option<Priority>,
}

/// A page of tickets, newest first.
#[utoipa::path(get, operation_id = "list_tickets", path = "/tickets", tag = "tickets", params(ListQuery), responses((status = 200, body = TicketPage), Problem))]
pub(super) async fn list(
    State(site): State<Site>,
    _: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Json<TicketPage>> {
    let filter = TicketFilter {
        status: query.status.map(TicketStatus::from),
        conversation: None,
        cursor: query.cursor,
        limit: within(query.limit, 50, 200)?,
    };
    let page = site.ledger.storage.tickets(&filter).await?;
    let mut known = HashMap::new();
    let mut items = Vec::with_capacity(page.items.len());
    for record in page.items {
        items.push(ticket(&site, record, &mut known).await?);
    }
    Ok(Json(TicketPage { items, next: page.next }))
}

/// Changes status or priority.
#[utoipa::path(patch, operation_id = "change_ticket", path = "/tickets/{number}", tag = "tickets", params(("number" = String, Path)), request_body = Change, responses((status = 200, body = Ticket), Problem))]
pub(super) async fn change(
    State(site): State<Site>,
    who: Answerer,
    Path(number): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Ticket>> {
    let missing = || Problem::missing("ticket");
    let number: i64 = number.strip_prefix("T-").unwrap_or(&number).parse().map_err(|_| missing())?;
    let (status, priority) = (change.status.map(TicketStatus::from), change.priority.map(Into::into));
    if status.is_none() && priority.is_none() {
        return Err(Problem::field(
            "status",
            "nothing",
            "Say what is to be changed: \"status\", \"priority\" or both.",
        ));
    }
    let record = site.ledger.storage.change_ticket(number, status, priority, site.ledger.now()).await?;
    tracing::info!(ticket = number, by = %who.0.id, "a ticket was changed");
    if let Some(record) = record.as_ref().filter(|_| status == Some(TicketStatus::Solved)) {
        let number = record.reference().number;
        let data = serde_json::json!({"number": number, "title": record.ticket.title});
        let occurrence = record.updated_at.timestamp_micros().to_string();
        site.hand.occurred(&occurrence, "ticket.solved", &number, &data).await?;
    }
    Ok(Json(ticket(&site, record.ok_or_else(missing)?, &mut HashMap::new()).await?))
}

async fn ticket(
    site: &Site,
    record: TicketRecord,
    known: &mut HashMap<CustomerId, Option<TicketCustomer>>,
) -> Result<Ticket> {
    let customer = match known.entry(record.customer) {
        Entry::Occupied(there) => there.get().clone(),
        Entry::Vacant(place) => {
            let found = site.ledger.storage.customer(record.customer).await?;
            let found = found.map(|customer| TicketCustomer {
                id: customer.id.to_string(),
                name: customer.name,
                email: customer.email,
            });
            place.insert(found).clone()
        }
    };
    Ok(Ticket {
        number: record.reference().number,
        status: record.status.into(),
        priority: record.ticket.priority.into(),
        team: Some(Named::team(&record.ticket.team, &site.library.current())),
        title: record.ticket.title,
        conversation: Some(record.conversation.to_string()),
        customer,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}

impl From<Status> for TicketStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Pending => Self::Pending,
            Status::Solved => Self::Solved,
        }
    }
}

impl From<TicketStatus> for Status {
    fn from(status: TicketStatus) -> Self {
        match status {
            TicketStatus::Open => Self::Open,
            TicketStatus::Pending => Self::Pending,
            TicketStatus::Solved => Self::Solved,
        }
    }
}
