//! The list of tickets, by what is looked for.

use super::super::{Connection, Db};
use super::{COLUMNS, Columns, record};
use crate::domain::effect::MIRROR_LANE;
use crate::ports::storage::{Mirrored, Page, TicketFilter, TicketRecord};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::values::{patterns, plain};
use sqlx::QueryBuilder;

const LIST: char = 't';

pub(super) async fn of(
    filter: &TicketFilter,
    db: &mut Connection,
) -> Result<Page<TicketRecord>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM ticket WHERE TRUE");
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.name());
    }
    if let Some(conversation) = filter.conversation {
        query.push(" AND conversation = ").push_bind(conversation.to_string());
    }
    if let Some(priority) = filter.priority {
        query.push(" AND priority = ").push_bind(priority.name());
    }
    if let Some(team) = &filter.team {
        query.push(" AND team = ").push_bind(plain(team));
    }
    match filter.assignee {
        None => {}
        Some(None) => {
            query.push(" AND assignee IS NULL");
        }
        Some(Some(user)) => {
            query.push(" AND assignee = ").push_bind(user.to_string());
        }
    }
    if let Some(mirrored) = filter.mirrored {
        standing(mirrored, &mut query);
    }
    for pattern in filter.search.iter().flat_map(|search| patterns(search)) {
        // SQLite folds ASCII only: there a capital umlaut in a title is not found by its small one.
        query.push(" AND (LOWER(title) LIKE ").push_bind(pattern.clone()).push(" ESCAPE '!'");
        query.push(" OR 't-' || number LIKE ").push_bind(pattern.clone()).push(" ESCAPE '!'");
        query.push(" OR LOWER(remote_number) LIKE ").push_bind(pattern.clone()).push(" ESCAPE '!'");
        query.push(" OR EXISTS (SELECT 1 FROM customer u WHERE u.id = ticket.customer AND u.search LIKE ");
        query.push_bind(pattern).push(" ESCAPE '!'))");
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

/// A dead letter counts more than what waits, and what waits more than what is there.
fn standing(mirrored: Mirrored, query: &mut QueryBuilder<Db>) {
    let mut lane = |exists: &str, condition: &str| {
        query
            .push(" AND ")
            .push(exists)
            .push(" (SELECT 1 FROM outbox o WHERE o.conversation = ticket.conversation AND o.lane = ");
        query.push_bind(format!("{MIRROR_LANE}T-")).push(" || ticket.number").push(condition).push(")");
    };
    match mirrored {
        Mirrored::No => {
            lane("NOT EXISTS", "");
            query.push(" AND remote IS NULL");
        }
        Mirrored::Waiting => {
            lane("EXISTS", "");
            lane("NOT EXISTS", " AND o.state = 'dead'");
        }
        Mirrored::Yes => {
            lane("NOT EXISTS", "");
            query.push(" AND remote IS NOT NULL");
        }
        Mirrored::Failed => lane("EXISTS", " AND o.state = 'dead'"),
    }
}
