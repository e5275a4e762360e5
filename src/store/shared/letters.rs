//! Dead letters: rows of the outbox that nobody takes until somebody decides about them.

use super::commit::{CONFLICT, Outcome};
use super::{Connection, Db};
use crate::domain::ids::Place;
use crate::ports::storage::{Letter, Page};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::values::{from_json, parsed, time};
use sqlx::{FromRow, QueryBuilder};

const LIST: char = 'l';
const SELECT: &str = "SELECT o.conversation, o.seq, o.effect, o.cause, o.attempts, o.created_at, o.died_at, \
    (SELECT COUNT(*) FROM outbox w WHERE w.conversation = o.conversation AND w.lane = o.lane AND w.seq > o.seq \
     AND w.lane LIKE 'mirror/%' AND w.state <> 'dead') AS behind FROM outbox o WHERE o.state = 'dead'";

#[derive(FromRow)]
struct Columns {
    conversation: String,
    seq: i64,
    effect: String,
    cause: Option<String>,
    attempts: i64,
    created_at: i64,
    died_at: Option<i64>,
    behind: i64,
}

fn letter(row: Columns) -> Result<Letter, sqlx::Error> {
    Ok(Letter {
        place: Place { conversation: parsed(&row.conversation)?, seq: row.seq },
        effect: from_json(&row.effect)?,
        cause: row.cause.unwrap_or_default(),
        attempts: row.attempts,
        asked_at: time(row.created_at)?,
        died_at: time(row.died_at.unwrap_or(row.created_at))?,
        behind: row.behind,
    })
}

/// A claimed row becomes a dead letter. Its last try may have done it, so it is looked for before the next one.
pub(super) async fn bury(place: Place, cause: &str, at: i64, db: &mut Connection) -> Outcome<()> {
    let buried = sqlx::query(
        "UPDATE outbox SET state = 'dead', owner = NULL, cause = $3, died_at = $4, tried = began \
         WHERE conversation = $1 AND seq = $2 AND state = 'sending'",
    )
    .bind(place.conversation.to_string())
    .bind(place.seq)
    .bind(cause)
    .bind(at)
    .execute(db)
    .await?;
    if buried.rows_affected() == 0 { Err(CONFLICT) } else { Ok(()) }
}

/// A dead letter is due again, with all its tries before it, or goes. What is known of a doubtful try stays known.
pub(super) async fn redrive(
    conversation: &str,
    seq: i64,
    again: bool,
    at: i64,
    db: &mut Connection,
) -> Outcome<()> {
    let changed = if again {
        let revive = "UPDATE outbox SET state = 'pending', attempts = 0, due = $3, died_at = NULL, redriven = 1 \
             WHERE conversation = $1 AND seq = $2 AND state = 'dead'";
        sqlx::query(revive).bind(conversation).bind(seq).bind(at).execute(db).await?
    } else {
        let drop = "DELETE FROM outbox WHERE conversation = $1 AND seq = $2 AND state = 'dead'";
        sqlx::query(drop).bind(conversation).bind(seq).execute(db).await?
    };
    if changed.rows_affected() == 0 { Err(CONFLICT) } else { Ok(()) }
}

pub(super) async fn letters(
    cursor: Option<&str>,
    limit: i64,
    db: &mut Connection,
) -> Result<Page<Letter>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    if let Some(from) = cursor.and_then(|text| Cursor::decode(text, LIST)) {
        query.push(" AND (o.died_at, o.conversation, o.seq) < (").push_bind(from.key);
        query.push(", ").push_bind(from.id).push(", ").push_bind(from.rank).push(")");
    }
    query.push(" ORDER BY o.died_at DESC, o.conversation DESC, o.seq DESC LIMIT ");
    query.push_bind(page_size(limit) + 1);
    let rows: Vec<Columns> = query.build_query_as().fetch_all(db).await?;
    let rows = rows.into_iter().map(|row| {
        let key = row.died_at.unwrap_or(row.created_at);
        let cursor = Cursor { list: LIST, rank: row.seq, key, id: row.conversation.clone() };
        Ok((cursor, letter(row)?))
    });
    Ok(page(rows.collect::<Result<_, sqlx::Error>>()?, limit))
}

pub(super) async fn one(place: Place, db: &mut Connection) -> Result<Option<Letter>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push(" AND o.conversation = ").push_bind(place.conversation.to_string());
    query.push(" AND o.seq = ").push_bind(place.seq);
    let row: Option<Columns> = query.build_query_as().fetch_optional(db).await?;
    row.map(letter).transpose()
}
