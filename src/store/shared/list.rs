//! The console's list.

use super::conversations::restore;
use super::{Connection, Db};
use crate::domain::customer::Customer;
use crate::domain::ids::{ConversationId, CustomerId, UserId};
use crate::ports::storage::{Counts, Page, Row, RowFilter, View};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::values::{from_json, parsed, patterns};
use sqlx::QueryBuilder;

/// Id, customer, version and text of the snapshot, the customer's record, and the sort key.
type Columns = (String, String, i64, String, Option<String>, i64, i64);

const COLUMNS: &str = "SELECT c.id, c.customer, c.fold_version, c.snapshot, u.record, ";
const TABLES: &str = " FROM conversation c LEFT JOIN customer u ON u.id = c.customer WHERE ";

pub(super) async fn rows(filter: &RowFilter, db: &mut Connection) -> Result<Page<Row>, sqlx::Error> {
    let order = Order::of(filter.view);
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push(order.rank).push(", ").push(order.key).push(TABLES).push(condition(filter.view));
    if let View::Mine(user) = filter.view {
        query.push(" AND c.assignee = ").push_bind(user.0.to_string());
    }
    for pattern in filter.search.iter().flat_map(|search| patterns(search)) {
        query.push(" AND (c.search LIKE ").push_bind(pattern.clone()).push(" ESCAPE '!' OR u.search LIKE ");
        query.push_bind(pattern).push(" ESCAPE '!')");
    }
    if let Some(from) = filter.cursor.as_deref().and_then(|text| Cursor::decode(text, order.list)) {
        query.push(" AND (").push(order.columns).push(") ").push(order.after).push(" (");
        if order.list == QUEUE {
            query.push_bind(from.rank).push(", ");
        }
        query.push_bind(from.key).push(", ").push_bind(from.id).push(")");
    }
    query.push(" ORDER BY ").push(order.by).push(" LIMIT ").push_bind(page_size(filter.limit) + 1);
    let found: Vec<Columns> = query.build_query_as().fetch_all(&mut *db).await?;
    let mut rows = Vec::with_capacity(found.len());
    for columns in found {
        let cursor = Cursor { list: order.list, rank: columns.5, key: columns.6, id: columns.0.clone() };
        rows.push((cursor, row_of(columns, db).await?));
    }
    Ok(page(rows, filter.limit))
}

pub(super) async fn row(id: ConversationId, db: &mut Connection) -> Result<Option<Row>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push("c.priority_rank, c.updated_at").push(TABLES).push("c.id = ").push_bind(id.to_string());
    match query.build_query_as().fetch_optional(&mut *db).await? {
        Some(columns) => row_of(columns, db).await.map(Some),
        None => Ok(None),
    }
}

async fn row_of(columns: Columns, db: &mut Connection) -> Result<Row, sqlx::Error> {
    let (id, customer, version, snapshot, record, ..) = columns;
    let conversation = restore(parsed(&id)?, version, &snapshot, db).await?;
    let customer = match record {
        Some(record) => from_json(&record)?,
        None => unknown(parsed(&customer)?),
    };
    Ok(Row { conversation, customer })
}

/// A customer without a record is shown without a name, not hidden.
fn unknown(id: CustomerId) -> Customer {
    Customer { id, name: None, email: None, verified: false, external: None, locale: None }
}

fn condition(view: View) -> &'static str {
    match view {
        View::Queue => "c.state = 'queued'",
        View::Mine(_) | View::Human => "c.state = 'human'",
        View::Bot => "c.state = 'bot'",
        View::Resolved => "c.state = 'resolved'",
        View::All => "TRUE",
    }
}

const QUEUE: char = 'q';
const NEWEST: char = 'n';

/// How a view is sorted; the id makes every place in it a different one.
struct Order {
    list: char,
    rank: &'static str,
    key: &'static str,
    columns: &'static str,
    after: &'static str,
    by: &'static str,
}

impl Order {
    fn of(view: View) -> Self {
        match view {
            View::Queue => Self {
                list: QUEUE,
                rank: "c.priority_rank",
                key: "c.waiting_since",
                columns: "c.priority_rank, c.waiting_since, c.id",
                after: ">",
                by: "c.priority_rank, c.waiting_since, c.id",
            },
            _ => Self {
                list: NEWEST,
                rank: "c.priority_rank",
                key: "c.updated_at",
                columns: "c.updated_at, c.id",
                after: "<",
                by: "c.updated_at DESC, c.id DESC",
            },
        }
    }
}

pub(super) async fn counts(user: UserId, db: &mut Connection) -> Result<Counts, sqlx::Error> {
    let (queue, mine, human, bot, resolved) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM conversation WHERE state = 'queued'), \
         (SELECT COUNT(*) FROM conversation WHERE state = 'human' AND assignee = $1), \
         (SELECT COUNT(*) FROM conversation WHERE state = 'human'), \
         (SELECT COUNT(*) FROM conversation WHERE state = 'bot'), \
         (SELECT COUNT(*) FROM conversation WHERE state = 'resolved')",
    )
    .bind(user.to_string())
    .fetch_one(db)
    .await?;
    Ok(Counts { queue, mine, human, bot, resolved })
}
