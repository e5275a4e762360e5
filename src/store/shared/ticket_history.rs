//! What was done to a ticket, and by whom.

use super::Connection;
use crate::ports::storage::TicketEntry;
use crate::store::values::{plain, time};

/// One more line; the same `once` again is none.
pub(super) async fn add(
    number: i64,
    at: i64,
    who: &str,
    what: &str,
    once: Option<&str>,
    db: &mut Connection,
) -> Result<(), sqlx::Error> {
    // The ticket is the lock: two lines at once would take the same place.
    sqlx::query("UPDATE ticket SET asked_at = asked_at WHERE number = $1")
        .bind(number)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO ticket_entry (number, seq, at, who, what, once) \
         SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5 FROM ticket_entry WHERE number = $1 \
         ON CONFLICT (number, once) DO NOTHING",
    )
    .bind(number)
    .bind(at)
    .bind(plain(who))
    .bind(plain(what))
    .bind(once.map(plain))
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there is a line with that `once`.
pub(super) async fn has(number: i64, once: &str, db: &mut Connection) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT seq FROM ticket_entry WHERE number = $1 AND once = $2")
            .bind(number)
            .bind(once)
            .fetch_optional(db)
            .await?;
    Ok(found.is_some())
}

/// The last 200, oldest first.
pub(super) async fn of(number: i64, db: &mut Connection) -> Result<Vec<TicketEntry>, sqlx::Error> {
    let rows: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT at, who, what FROM ticket_entry WHERE number = $1 ORDER BY seq DESC LIMIT 200",
    )
    .bind(number)
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().rev().map(|(at, who, what)| Ok(TicketEntry { at: time(at)?, who, what }));
    entries.collect()
}
