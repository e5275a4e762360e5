//! The built-in tickets.

#[path = "ticket_history.rs"]
mod history;
#[path = "ticket_list.rs"]
mod list;

use super::{Connection, Db, SKIP_LOCKED, Store};
use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use crate::domain::ticket::{NewTicket, Outside, Priority, TicketStatus};
use crate::ports::storage::{
    Page, TicketChange, TicketEntry, TicketFilter, TicketRecord, TicketStore, Unavailable,
};
use crate::store::values::{json, micros, named, parsed, plain, time};
use async_trait::async_trait;
use sqlx::{FromRow, QueryBuilder};

const COLUMNS: &str = "number, conversation, customer, title, body, priority, team, status, created_at, updated_at, assignee, system, \
     remote, remote_number, remote_url, remote_status";
/// Who did what nobody told it to.
const DESK: &str = "Deskhand";

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
            .read(filter.clone(), |filter, db| Box::pin(async move { Ok(list::of(filter, db).await?) }))
            .await
    }

    async fn ticket(&self, number: i64) -> Result<Option<TicketRecord>, Unavailable> {
        self.engine
            .read(number, |number, db| Box::pin(async move { Ok(by_number(*number, db).await?) }))
            .await
    }

    async fn change_ticket(
        &self,
        number: i64,
        change: &TicketChange,
        at: Time,
    ) -> Result<Option<TicketRecord>, Unavailable> {
        self.engine
            .write((number, change.clone(), micros(at)), |(number, change, at), db| {
                Box::pin(async move { Ok(changed(*number, change, *at, db).await?) })
            })
            .await
    }

    async fn note_ticket(&self, number: i64, entry: &TicketEntry, once: &str) -> Result<(), Unavailable> {
        self.engine
            .write((number, entry.clone(), once.to_owned()), |(number, entry, once), db| {
                Box::pin(async move {
                    let TicketEntry { at, who, what } = entry;
                    Ok(history::add(*number, micros(*at), who, what, Some(once), db).await?)
                })
            })
            .await
    }

    async fn is_noted(&self, number: i64, once: &str) -> Result<bool, Unavailable> {
        self.engine
            .read((number, plain(once)), |(number, once), db| {
                Box::pin(async move { Ok(history::has(*number, once, db).await?) })
            })
            .await
    }

    async fn ticket_history(&self, number: i64) -> Result<Vec<TicketEntry>, Unavailable> {
        self.engine
            .read(number, |number, db| Box::pin(async move { Ok(history::of(*number, db).await?) }))
            .await
    }

    async fn mirror_ticket(&self, number: i64, outside: &Outside, at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((number, outside.clone(), micros(at)), |(number, outside, at), db| {
                Box::pin(async move { Ok(mirror(*number, outside, *at, db).await?) })
            })
            .await
    }

    async fn ticket_outside(&self, system: &str, id: &str) -> Result<Option<TicketRecord>, Unavailable> {
        self.engine
            .read((plain(system), plain(id)), |(system, id), db| {
                Box::pin(async move {
                    let mut query = QueryBuilder::<Db>::new("SELECT ");
                    query.push(COLUMNS).push(" FROM ticket WHERE system = ").push_bind(system);
                    query.push(" AND remote = ").push_bind(id).push(" ORDER BY number LIMIT 1");
                    let row: Option<Columns> = query.build_query_as().fetch_optional(db).await?;
                    Ok(row.map(record).transpose()?)
                })
            })
            .await
    }

    async fn tickets_to_ask(
        &self,
        system: &str,
        before: Time,
        now: Time,
        limit: i64,
    ) -> Result<Vec<TicketRecord>, Unavailable> {
        self.engine
            .write((plain(system), micros(before), micros(now), limit), |(system, before, now, limit), db| {
                Box::pin(async move {
                    let mut query = QueryBuilder::<Db>::new("UPDATE ticket SET asked_at = ");
                    query.push_bind(*now).push(
                        " WHERE number IN (SELECT number FROM ticket WHERE remote IS NOT NULL \
                         AND status <> 'solved' AND system = ",
                    );
                    query.push_bind(system).push(" AND (asked_at IS NULL OR asked_at <= ").push_bind(*before);
                    query.push(") ORDER BY COALESCE(asked_at, 0), number LIMIT ").push_bind(*limit);
                    query.push(SKIP_LOCKED).push(") RETURNING ").push(COLUMNS);
                    let rows: Vec<Columns> = query.build_query_as().fetch_all(db).await?;
                    Ok(rows.into_iter().map(record).collect::<Result<_, _>>()?)
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
    let opened = opened_by(key, db).await?.ok_or(sqlx::Error::RowNotFound)?;
    history::add(opened.number, at, DESK, &format!("Opened: {}", opened.ticket.title), None, db).await?;
    Ok(opened)
}

async fn by_number(number: i64, db: &mut Connection) -> Result<Option<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM ticket WHERE number = ").push_bind(number);
    let row: Option<Columns> = query.build_query_as().fetch_optional(db).await?;
    row.map(record).transpose()
}

async fn changed(
    number: i64,
    change: &TicketChange,
    at: i64,
    db: &mut Connection,
) -> Result<Option<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("UPDATE ticket SET updated_at = ");
    query.push_bind(at);
    let mut lines = Vec::new();
    if let Some(status) = change.status {
        query.push(", status = ").push_bind(status.name());
        lines.push(format!("Status: {}", status.name()));
    }
    if let Some(priority) = change.priority {
        query.push(", priority = ").push_bind(priority.name());
        lines.push(format!("Priority: {}", priority.name()));
    }
    if let Some(assignee) = change.assignee {
        query.push(", assignee = ").push_bind(assignee.map(|user| user.to_string()));
        lines.push(if assignee.is_some() { "Assigned" } else { "Assigned to nobody" }.to_owned());
    }
    if let Some(there) = change.there {
        query.push(", remote_status = ").push_bind(there.name());
    }
    query.push(" WHERE number = ").push_bind(number).push(" RETURNING ").push(COLUMNS);
    let row: Option<Columns> = query.build_query_as().fetch_optional(&mut *db).await?;
    let Some(row) = row else { return Ok(None) };
    for line in lines {
        history::add(number, at, &change.by, &line, None, db).await?;
    }
    record(row).map(Some)
}

async fn mirror(number: i64, outside: &Outside, at: i64, db: &mut Connection) -> Result<(), sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE ticket SET system = $2, remote = $3, remote_number = $4, remote_url = $5, updated_at = $6, \
         asked_at = $6 WHERE number = $1 AND (remote IS NULL OR remote <> $3 OR system <> $2)",
    )
    .bind(number)
    .bind(plain(&outside.system))
    .bind(plain(&outside.id))
    .bind(plain(&outside.number))
    .bind(outside.url.as_deref().map(plain))
    .bind(at)
    .execute(&mut *db)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let line = format!("Stands in {} as {}", outside.system, outside.number);
    history::add(number, at, DESK, &line, None, db).await?;
    let Some(record) = by_number(number, db).await? else { return Ok(()) };
    let reference = record.reference();
    // Whoever joins the matter from now on hears of the number over there.
    sqlx::query("UPDATE incident SET ticket = $2 WHERE number = $1 AND ticket IS NOT NULL")
        .bind(&reference.number)
        .bind(json(&reference)?)
        .execute(db)
        .await?;
    Ok(())
}

async fn opened_by(key: Place, db: &mut Connection) -> Result<Option<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM ticket WHERE conversation = ").push_bind(key.conversation.to_string());
    query.push(" AND seq = ").push_bind(key.seq);
    let row: Option<Columns> = query.build_query_as().fetch_optional(db).await?;
    row.map(record).transpose()
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
    assignee: Option<String>,
    system: Option<String>,
    remote: Option<String>,
    remote_number: Option<String>,
    remote_url: Option<String>,
    remote_status: Option<String>,
}

fn record(row: Columns) -> Result<TicketRecord, sqlx::Error> {
    let outside = row.system.zip(row.remote).map(|(system, id)| Outside {
        number: row.remote_number.unwrap_or_else(|| id.clone()),
        url: row.remote_url,
        system,
        id,
    });
    Ok(TicketRecord {
        number: row.number,
        assignee: row.assignee.as_deref().map(parsed).transpose()?,
        outside,
        there: row.remote_status.as_deref().map(|name| named(name, TicketStatus::from_name)).transpose()?,
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
