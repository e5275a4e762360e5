//! `/api/v1/tickets`: the built-in tickets.

use super::conversations::within;
use super::view::mirror::{Mirror, Standing};
use super::view::row::Outside;
use super::view::{Named, Priority, State as TalkState};
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
    /// Only these.
    #[param(inline)]
    priority: Option<Priority>,
    /// Only those of this team.
    team: Option<String>,
    /// Only those that this user has; empty for those that nobody has.
    assignee: Option<String>,
    /// Only those that stand so in the system outside.
    #[param(inline)]
    mirror: Option<Standing>,
    /// Words in the title, the number here or there, or the customer's name or address; at most 200 characters.
    q: Option<String>,
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
    mirror: Mirror,
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
    /// Every conversation that it stands for, the one it came from first.
    conversations: Vec<TicketTalk>,
    /// What was done to it, oldest first.
    history: Vec<TicketLine>,
}

/// A conversation that a ticket stands for.
#[derive(Serialize, ToSchema)]
struct TicketTalk {
    id: String,
    /// Whose it is.
    #[schema(required)]
    name: Option<String>,
    #[schema(inline)]
    state: TalkState,
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
    let search = query.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    if search.as_ref().is_some_and(|q| q.chars().count() > 200 || q.contains('\0')) {
        return Err(Problem::bad("bad-query", "The search is too long or holds a NUL character."));
    }
    let assignee = match query.assignee.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(id) => {
            let id = id.parse().map_err(|_| Problem::bad("bad-query", "\"assignee\" is a user's id."))?;
            Some(Some(id))
        }
    };
    let filter = TicketFilter {
        status: query.status.map(TicketStatus::from),
        conversation: None,
        priority: query.priority.map(Into::into),
        team: query.team,
        assignee,
        mirrored: query.mirror.map(Into::into),
        search,
        cursor: query.cursor,
        limit: within(query.limit, 50, 200)?,
    };
    let page = site.ledger.storage.tickets(&filter).await?;
    let next = page.next;
    Ok(Json(TicketPage { items: shown(&site, page.items).await?, next }))
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
    Ok(Json(one(&site, record.ok_or_else(missing)?).await?))
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
    let conversations = conversations(&site, &record).await?;
    Ok(Json(TicketDetail { ticket: one(&site, record).await?, body, conversations, history }))
}

/// The conversation that it came from, then those that joined the matter.
async fn conversations(site: &Site, record: &TicketRecord) -> Result<Vec<TicketTalk>> {
    let storage = &site.ledger.storage;
    let joined = storage.holders(&record.reference().number).await?;
    let ids = std::iter::once(record.conversation)
        .chain(joined.into_iter().filter(|joined| *joined != record.conversation));
    let mut talks = Vec::new();
    for id in ids {
        let Some(row) = storage.row(id).await? else { continue };
        talks.push(TicketTalk {
            id: id.to_string(),
            name: row.customer.name,
            state: (&row.conversation.state).into(),
        });
    }
    Ok(talks)
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

async fn one(site: &Site, record: TicketRecord) -> Result<Ticket> {
    let ticket = shown(site, vec![record]).await?.pop();
    ticket.ok_or_else(|| Problem::internal("a ticket was lost while it was shown"))
}

/// As they are shown, with where they stand outside.
async fn shown(site: &Site, records: Vec<TicketRecord>) -> Result<Vec<Ticket>> {
    let places: Vec<_> = records.iter().map(|record| (record.number, record.conversation)).collect();
    let untaken = site.ledger.storage.untaken(&places).await?;
    let mut known = HashMap::new();
    let mut tickets = Vec::with_capacity(records.len());
    for record in records {
        let stuck = untaken.iter().find(|untaken| untaken.number == record.number);
        let mirror = Mirror::of(&record, stuck);
        tickets.push(ticket(site, record, mirror, &mut known).await?);
    }
    Ok(tickets)
}

async fn ticket(
    site: &Site,
    record: TicketRecord,
    mirror: Mirror,
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
        mirror,
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
