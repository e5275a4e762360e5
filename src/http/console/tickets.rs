//! `/api/v1/tickets`: the built-in tickets.

use super::conversations::within;
use super::view::row::Outside;
use super::view::{Named, Priority};
use crate::domain::Time;
use crate::domain::ids::{CustomerId, UserId};
use crate::domain::ticket::TicketStatus;
use crate::http::Site;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::{Answerer, Reader};
use crate::ports::storage::{TicketChange, TicketFilter, TicketRecord};
use axum::extract::State;
use axum::http::StatusCode;
use channels::accept_text;
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
    /// Who has it.
    #[schema(required)]
    assignee: Option<Named>,
    /// The same ticket in a system of somebody else's.
    #[schema(required)]
    outside: Option<Outside>,
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
    /// Who is to have it: a user's id; empty for nobody.
    #[serde(default)]
    assignee: Option<String>,
}

/// A ticket with everything about it.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketDetail {
    #[serde(flatten)]
    ticket: Ticket,
    /// What it is about.
    body: String,
    /// What was done to it, oldest first.
    history: Vec<TicketLine>,
}

/// A line of its history.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketHistoryLine)]
struct TicketLine {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    who: String,
    what: String,
}

/// What somebody says about a ticket; customers never see it.
#[derive(Deserialize, ToSchema)]
#[schema(as = TicketComment)]
pub(super) struct Comment {
    /// The sender's own id.
    id: String,
    /// What.
    text: String,
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
    let number = TicketRecord::number_of(&number).ok_or_else(missing)?;
    let Change { status, priority, assignee } = change;
    if status.is_none() && priority.is_none() && assignee.is_none() {
        return Err(Problem::field(
            "status",
            "nothing",
            "Say what is to be changed: \"status\", \"priority\" or \"assignee\".",
        ));
    }
    let assignee = match assignee.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(id) => Some(Some(answering(&site, id).await?)),
    };
    let change = TicketChange {
        status: status.map(TicketStatus::from),
        priority: priority.map(Into::into),
        assignee,
        there: None,
        by: who.0.name.clone(),
    };
    let record = site.ticketing.change(number, &change).await?;
    tracing::info!(ticket = number, by = %who.0.id, "a ticket was changed");
    Ok(Json(ticket(&site, record.ok_or_else(missing)?, &mut HashMap::new()).await?))
}

/// One ticket with its history.
#[utoipa::path(get, operation_id = "show_ticket", path = "/tickets/{number}", tag = "tickets", params(("number" = String, Path)), responses((status = 200, body = TicketDetail), Problem))]
pub(super) async fn show(
    State(site): State<Site>,
    _: Reader,
    Path(number): Path<String>,
) -> Result<Json<TicketDetail>> {
    let missing = || Problem::missing("ticket");
    let number = TicketRecord::number_of(&number).ok_or_else(missing)?;
    let record = site.ledger.storage.ticket(number).await?.ok_or_else(missing)?;
    let history = site.ledger.storage.ticket_history(number).await?;
    let history =
        history.into_iter().map(|entry| TicketLine { at: entry.at, who: entry.who, what: entry.what });
    let (body, history) = (record.ticket.body.clone(), history.collect());
    Ok(Json(TicketDetail { ticket: ticket(&site, record, &mut HashMap::new()).await?, body, history }))
}

/// Comments on a ticket, in the other system, too, where it stands there. The same id again changes nothing.
#[utoipa::path(post, operation_id = "comment_ticket", path = "/tickets/{number}/comments", tag = "tickets", params(("number" = String, Path)), request_body = Comment, responses((status = 204), Problem))]
pub(super) async fn comment(
    State(site): State<Site>,
    who: Answerer,
    Path(number): Path<String>,
    Json(comment): Json<Comment>,
) -> Result<StatusCode> {
    let missing = || Problem::missing("ticket");
    let number = TicketRecord::number_of(&number).ok_or_else(missing)?;
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    if !(1..=64).contains(&comment.id.len()) || !comment.id.chars().all(plain) {
        return Err(Problem::field("id", "form", "Send an id of 1 to 64 letters, digits, -, _ and dots."));
    }
    let text = accept_text(&comment.text)?;
    let id = format!("{}/{}", who.0.id, comment.id);
    match site.ticketing.comment(number, &who.0.name, &id, text).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing()),
    }
}

/// Somebody who may have tickets.
async fn answering(site: &Site, id: &str) -> Result<UserId> {
    let nobody = || Problem::field("assignee", "unknown", "Name somebody who may answer customers.");
    let id = id.parse().map_err(|_| nobody())?;
    let user = site.ledger.storage.user(id).await?.filter(|user| user.role.may_answer());
    user.map(|user| user.id).ok_or_else(nobody)
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
    let assignee = match record.assignee {
        Some(id) => site.ledger.storage.user(id).await?.map(|user| Named::person(&user.reference())),
        None => None,
    };
    Ok(Ticket {
        assignee,
        outside: record.outside.as_ref().map(Outside::of),
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
