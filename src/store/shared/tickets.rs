//! The built-in tickets.

use super::{Connection, Db, Store};
use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use crate::domain::ticket::{NewTicket, Priority, TicketStatus};
use crate::ports::storage::{Page, TicketFilter, TicketRecord, TicketStore, Unavailable};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::values::{micros, named, parsed, plain, time};
use async_trait::async_trait;
use sqlx::{FromRow, QueryBuilder};

const COLUMNS: &str =
    "number, conversation, customer, title, body, priority, team, status, created_at, updated_at";
const LIST: char = 't';

#[async_trait]
impl TicketStore for Store {
    async fn open_ticket(
        &self,
        key: Place,
        customer: CustomerId,
        ticket: &NewTicket,
        at: Time,
    ) -> Result<TicketRecord, Unavailable> {
        self.engine
            .write((key, customer, ticket.clone(), micros(at)), |(key, customer, ticket, at), db| {
                Box::pin(async move { Ok(open(*key, *customer, ticket, *at, db).await?) })
            })
            .await
    }

    async fn tickets(&self, filter: &TicketFilter) -> Result<Page<TicketRecord>, Unavailable> {
        self.engine
            .read(filter.clone(), |filter, db| Box::pin(async move { Ok(tickets(filter, db).await?) }))
            .await
    }

    async fn change_ticket(
        &self,
        number: i64,
        status: Option<TicketStatus>,
        priority: Option<Priority>,
        at: Time,
    ) -> Result<Option<TicketRecord>, Unavailable> {
        self.engine
            .write((number, status, priority, micros(at)), |(number, status, priority, at), db| {
                Box::pin(async move {
                    let mut change = QueryBuilder::<Db>::new("UPDATE ticket SET updated_at = ");
                    change.push_bind(*at);
                    if let Some(status) = status {
                        change.push(", status = ").push_bind(status.name());
                    }
                    if let Some(priority) = priority {
                        change.push(", priority = ").push_bind(priority.name());
                    }
                    change.push(" WHERE number = ").push_bind(*number).push(" RETURNING ").push(COLUMNS);
                    let row: Option<Columns> = change.build_query_as().fetch_optional(db).await?;
                    Ok(row.map(record).transpose()?)
                })
            })
            .await
    }

    /// Those that are not solved.
    async fn open_tickets_of(&self, customer: CustomerId) -> Result<i64, Unavailable> {
        self.engine
            .read(customer.to_string(), |customer, db| {
                Box::pin(async move {
                    let count = sqlx::query_scalar(
                        "SELECT COUNT(*) FROM ticket WHERE customer = $1 AND status <> 'solved'",
                    )
                    .bind(customer)
                    .fetch_one(db)
                    .await?;
                    Ok(count)
                })
            })
            .await
    }
}

async fn open(
    key: Place,
    customer: CustomerId,
    ticket: &NewTicket,
    at: i64,
    db: &mut Connection,
) -> Result<TicketRecord, sqlx::Error> {
    // Looked for first, because a number is used up by the attempt to insert.
    if let Some(there) = opened_by(key, db).await? {
        return Ok(there);
    }
    sqlx::query(
        "INSERT INTO ticket (conversation, seq, customer, title, body, priority, team, status, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (conversation, seq) DO NOTHING",
    )
    .bind(key.conversation.to_string())
    .bind(key.seq)
    .bind(customer.to_string())
    .bind(plain(&ticket.title))
    .bind(plain(&ticket.body))
    .bind(ticket.priority.name())
    .bind(plain(&ticket.team))
    .bind(TicketStatus::Open.name())
    .bind(at)
    .execute(&mut *db)
    .await?;
    opened_by(key, db).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn opened_by(key: Place, db: &mut Connection) -> Result<Option<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM ticket WHERE conversation = ").push_bind(key.conversation.to_string());
    query.push(" AND seq = ").push_bind(key.seq);
    let row: Option<Columns> = query.build_query_as().fetch_optional(db).await?;
    row.map(record).transpose()
}

async fn tickets(filter: &TicketFilter, db: &mut Connection) -> Result<Page<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM ticket WHERE TRUE");
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.name());
    }
    if let Some(conversation) = filter.conversation {
        query.push(" AND conversation = ").push_bind(conversation.to_string());
    }
    if let Some(from) = filter.cursor.as_deref().and_then(|text| Cursor::decode(text, LIST)) {
        query.push(" AND number < ").push_bind(from.key);
    }
    query.push(" ORDER BY number DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    let rows: Vec<Columns> = query.build_query_as().fetch_all(db).await?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let cursor = Cursor { list: LIST, rank: 0, key: row.number, id: String::new() };
            Ok((cursor, record(row)?))
        })
        .collect::<Result<_, sqlx::Error>>()?;
    Ok(page(rows, filter.limit))
}

#[derive(FromRow)]
struct Columns {
    number: i64,
    conversation: String,
    customer: String,
    title: String,
    body: String,
    priority: String,
    team: String,
    status: String,
    created_at: i64,
    updated_at: i64,
}

fn record(row: Columns) -> Result<TicketRecord, sqlx::Error> {
    Ok(TicketRecord {
        number: row.number,
        ticket: NewTicket {
            title: row.title,
            body: row.body,
            priority: named(&row.priority, Priority::from_name)?,
            team: row.team,
            incident: None,
        },
        status: named(&row.status, TicketStatus::from_name)?,
        conversation: parsed(&row.conversation)?,
        customer: parsed(&row.customer)?,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
    })
}
