//! Writing to a conversation.

use super::{Connection, budgets, letters, switches};
use crate::ports::storage::{CommitError, Committed, Seen};
use crate::store::prepared::{EffectRow, EventRow, ListRow, Opens, Prepared};
use crate::store::values::parsed;
use crate::store::work::Abort;
use sqlx::QueryBuilder;

/// Rows in one statement; both databases limit the number of values.
const CHUNK: usize = 1000;

pub(super) type Outcome<T> = Result<T, Abort<CommitError>>;

pub(super) const CONFLICT: Abort<CommitError> = Abort::Refused(CommitError::Conflict);

/// The order matters: a key that was used before is reported as such even where the conversation has moved on, and in
/// Postgres the insertion of the key waits for another that is inserting the same.
pub(super) async fn commit(commit: &Prepared, db: &mut Connection) -> Outcome<Committed> {
    if let Some(version) = commit.switches {
        // First of all: a change of the switches that waits for this lock holds nothing that a commit could wait for.
        if !switches::still(version, db).await? {
            return Err(CONFLICT);
        }
    }
    if let Some(key) = &commit.once {
        use_once(key, &commit.row, db).await?;
    }
    if commit.expected == 0 {
        insert(&commit.row, db).await?;
    } else {
        update(&commit.row, commit.expected, db).await?;
    }
    if let Some(opens) = &commit.opens {
        take_thread(opens, &commit.row, db).await?;
    }
    if let Some(address) = &commit.moves_to {
        move_thread(address, &commit.row, db).await?;
    }
    for events in commit.events.chunks(CHUNK) {
        append(&commit.row.id, events, db).await?;
    }
    for effects in commit.effects.chunks(CHUNK) {
        request(&commit.row.id, effects, db).await?;
    }
    if let Some(awaits) = &commit.awaits {
        await_events(&commit.row.id, awaits, db).await?;
    }
    if let Some(approvals) = &commit.approvals {
        budgets::ask(&commit.row.id, approvals, db).await?;
    }
    budgets::mark(&commit.row.id, &commit.marks, db).await?;
    for call in &commit.calls {
        super::spending::enter(call, db).await?;
    }
    for number in &commit.holds {
        sqlx::query("INSERT INTO holder (number, conversation) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(number)
            .bind(&commit.row.id)
            .execute(&mut *db)
            .await?;
    }
    if let Some(place) = &commit.finishes {
        let done =
            sqlx::query("DELETE FROM outbox WHERE conversation = $1 AND seq = $2 AND state = 'sending'")
                .bind(place.conversation.to_string())
                .bind(place.seq)
                .execute(&mut *db)
                .await?;
        if done.rows_affected() == 0 {
            return Err(CONFLICT);
        }
    }
    if let Some((place, cause)) = &commit.buries {
        letters::bury(*place, cause, commit.row.updated_at, db).await?;
    }
    for (seq, again) in &commit.redrives {
        letters::redrive(&commit.row.id, *seq, *again, commit.row.updated_at, db).await?;
    }
    Ok(Committed { seq: commit.row.last_seq })
}

/// Binds `$1` to `$13`.
macro_rules! bind {
    ($query:expr, $row:expr) => {
        $query
            .bind(&$row.id)
            .bind($row.last_seq)
            .bind($row.state)
            .bind(&$row.team)
            .bind(&$row.assignee)
            .bind($row.priority_rank)
            .bind($row.waiting_since)
            .bind($row.due)
            .bind($row.unanswered_since)
            .bind($row.updated_at)
            .bind($row.fold_version)
            .bind(&$row.search)
            .bind(&$row.snapshot)
    };
}

async fn use_once(key: &str, row: &ListRow, db: &mut Connection) -> Outcome<()> {
    let used = sqlx::query(
        "INSERT INTO once (key, conversation, seq, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(key)
    .bind(&row.id)
    .bind(row.last_seq)
    .bind(row.updated_at)
    .execute(&mut *db)
    .await?;
    if used.rows_affected() == 1 {
        return Ok(());
    }
    let seen = seen(key, db).await?.ok_or(sqlx::Error::RowNotFound)?;
    Err(Abort::Refused(CommitError::Already(seen)))
}

pub(super) async fn seen(key: &str, db: &mut Connection) -> Result<Option<Seen>, sqlx::Error> {
    let found: Option<(String, i64)> = sqlx::query_as("SELECT conversation, seq FROM once WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await?;
    found.map(|(conversation, seq)| Ok(Seen { conversation: parsed(&conversation)?, seq })).transpose()
}

async fn insert(row: &ListRow, db: &mut Connection) -> Outcome<()> {
    let inserted = sqlx::query(
        "INSERT INTO conversation (id, last_seq, state, team, assignee, priority_rank, waiting_since, due, \
         unanswered_since, updated_at, fold_version, search, snapshot, channel, customer) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (id) DO NOTHING",
    );
    let inserted = bind!(inserted, row).bind(row.channel).bind(&row.customer).execute(db).await?;
    if inserted.rows_affected() == 0 { Err(CONFLICT) } else { Ok(()) }
}

async fn update(row: &ListRow, expected: i64, db: &mut Connection) -> Outcome<()> {
    if rewrite(row, expected, db).await? { Ok(()) } else { Err(CONFLICT) }
}

/// Writes the derived columns, if the log ends at `expected`.
pub(super) async fn rewrite(row: &ListRow, expected: i64, db: &mut Connection) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "UPDATE conversation SET last_seq = $2, state = $3, team = $4, assignee = $5, priority_rank = $6, \
         waiting_since = $7, due = $8, unanswered_since = $9, updated_at = $10, fold_version = $11, search = $12, \
         snapshot = $13, customer = $15 WHERE id = $1 AND last_seq = $14",
    );
    let updated = bind!(updated, row).bind(expected).bind(&row.customer).execute(db).await?;
    Ok(updated.rows_affected() == 1)
}

/// Makes the new conversation the one at its address, unless another was faster.
async fn take_thread(opens: &Opens, row: &ListRow, db: &mut Connection) -> Outcome<()> {
    let taken = sqlx::query(
        "INSERT INTO thread (channel, address, conversation) VALUES ($1, $2, $3) ON CONFLICT (channel, address) \
         DO UPDATE SET conversation = excluded.conversation WHERE thread.conversation = $4",
    )
    .bind(row.channel)
    .bind(&opens.address)
    .bind(&row.id)
    .bind(&opens.follows)
    .execute(db)
    .await?;
    if taken.rows_affected() == 0 { Err(CONFLICT) } else { Ok(()) }
}

/// Makes the conversation be found at its new address, unless another is there already.
async fn move_thread(address: &str, row: &ListRow, db: &mut Connection) -> Outcome<()> {
    sqlx::query("DELETE FROM thread WHERE channel = $1 AND conversation = $2")
        .bind(row.channel)
        .bind(&row.id)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO thread (channel, address, conversation) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(row.channel)
    .bind(address)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}

async fn append(id: &str, events: &[EventRow], db: &mut Connection) -> Outcome<()> {
    let mut insert = QueryBuilder::new("INSERT INTO event (conversation, seq, at, kind, body) ");
    insert.push_values(events, |mut row, event| {
        row.push_bind(id)
            .push_bind(event.seq)
            .push_bind(event.at)
            .push_bind(&event.kind)
            .push_bind(&event.body);
    });
    insert.build().execute(db).await?;
    Ok(())
}

/// Only what this conversation waits for now is kept.
async fn await_events(id: &str, awaits: &[(String, String)], db: &mut Connection) -> Outcome<()> {
    sqlx::query("DELETE FROM awaited WHERE conversation = $1").bind(id).execute(&mut *db).await?;
    for (name, about) in awaits {
        sqlx::query("INSERT INTO awaited (conversation, name, about) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(name)
            .bind(about)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// An effect is due at once.
async fn request(id: &str, effects: &[EffectRow], db: &mut Connection) -> Outcome<()> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO outbox (conversation, seq, state, attempts, due, created_at, lane, effect) ",
    );
    insert.push_values(effects, |mut row, effect| {
        row.push_bind(id)
            .push_bind(effect.seq)
            .push("'pending'")
            .push("0")
            .push_bind(effect.at)
            .push_bind(effect.at)
            .push_bind(&effect.lane)
            .push_bind(&effect.effect);
    });
    insert.build().execute(db).await?;
    Ok(())
}
