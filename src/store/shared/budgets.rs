//! Figures that decisions are made on.

use super::{Connection, Store, list};
use crate::domain::Time;
use crate::domain::ids::Seq;
use crate::ports::storage::{Budgets, Marks, Page, Row, RuleHits, Unavailable};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::prepared::Mark;
use crate::store::values::{micros, parsed, plain, time};
use async_trait::async_trait;

const APPROVALS: char = 'a';

#[async_trait]
impl Budgets for Store {
    async fn approvals(&self, cursor: Option<&str>, limit: i64) -> Result<Page<(Row, Seq)>, Unavailable> {
        let from = cursor.and_then(|cursor| Cursor::decode(cursor, APPROVALS));
        let from = from.unwrap_or(Cursor { list: APPROVALS, rank: 0, key: i64::MIN, id: String::new() });
        self.engine
            .read((from, limit), |(from, limit), db| {
                Box::pin(async move {
                    let found: Vec<(String, i64, i64)> = sqlx::query_as(
                        "SELECT conversation, seq, asked_at FROM approval \
                         WHERE (asked_at, conversation, seq) > ($1, $2, $3) \
                         ORDER BY asked_at, conversation, seq LIMIT $4",
                    )
                    .bind(from.key)
                    .bind(&from.id)
                    .bind(from.rank)
                    .bind(page_size(*limit) + 1)
                    .fetch_all(&mut *db)
                    .await?;
                    let mut rows = Vec::with_capacity(found.len());
                    for (conversation, seq, at) in found {
                        if let Some(row) = list::row(parsed(&conversation)?, db).await? {
                            let cursor = Cursor { list: APPROVALS, rank: seq, key: at, id: conversation };
                            rows.push((cursor, (row, seq)));
                        }
                    }
                    Ok(page(rows, *limit))
                })
            })
            .await
    }

    async fn marks(&self, intent: &str, since: Time) -> Result<Marks, Unavailable> {
        self.engine
            .read((plain(intent), micros(since)), |(intent, since), db| {
                Box::pin(async move {
                    let lifted: Option<i64> = sqlx::query_scalar("SELECT at FROM lifted WHERE intent = $1")
                        .bind(intent)
                        .fetch_optional(&mut *db)
                        .await?;
                    let since = lifted.map_or(*since, |lifted| lifted.max(*since));
                    let counted: Vec<(i64, i64)> = sqlx::query_as(
                        "SELECT failed, COUNT(*) FROM mark WHERE intent = $1 AND at >= $2 GROUP BY failed",
                    )
                    .bind(intent)
                    .bind(since)
                    .fetch_all(db)
                    .await?;
                    let of = |wanted: i64| {
                        counted.iter().find(|(failed, _)| *failed == wanted).map_or(0, |(_, count)| *count)
                    };
                    Ok(Marks { answers: of(0), failures: of(1) })
                })
            })
            .await
    }

    async fn count_rules(&self, fired: &[RuleHits]) -> Result<(), Unavailable> {
        let mut fired = fired.to_vec();
        // In one order everywhere: two processes that count at once wait for each other and not in a circle.
        fired.sort_by(|one, other| one.rule.cmp(&other.rule));
        self.engine
            .write(fired, |fired, db| {
                Box::pin(async move {
                    for one in fired {
                        sqlx::query(
                            "INSERT INTO rule_hit (rule_id, hits, last_at) VALUES ($1, $2, $3) ON CONFLICT (rule_id) \
                             DO UPDATE SET hits = rule_hit.hits + excluded.hits, last_at = excluded.last_at",
                        )
                        .bind(plain(&one.rule))
                        .bind(one.hits)
                        .bind(micros(one.last_at))
                        .execute(&mut *db)
                        .await?;
                        count_day(one, db).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn rule_hits(&self) -> Result<Vec<RuleHits>, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    let rows: Vec<(String, i64, i64)> =
                        sqlx::query_as("SELECT rule_id, hits, last_at FROM rule_hit ORDER BY rule_id")
                            .fetch_all(db)
                            .await?;
                    let hits = rows
                        .into_iter()
                        .map(|(rule, hits, at)| Ok(RuleHits { rule, hits, last_at: time(at)? }))
                        .collect::<Result<_, sqlx::Error>>()?;
                    Ok(hits)
                })
            })
            .await
    }
}

/// How many days back rules are counted by day.
const DAYS_KEPT: i64 = 90;

/// What is older than anybody looks back goes with the next that is counted.
async fn count_day(one: &RuleHits, db: &mut Connection) -> Result<(), sqlx::Error> {
    let today = day(one.last_at);
    sqlx::query(
        "INSERT INTO rule_day (rule_id, day, hits) VALUES ($1, $2, $3) ON CONFLICT (rule_id, day) \
         DO UPDATE SET hits = rule_day.hits + excluded.hits",
    )
    .bind(plain(&one.rule))
    .bind(today)
    .bind(one.hits)
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM rule_day WHERE rule_id = $1 AND day < $2")
        .bind(plain(&one.rule))
        .bind(today - DAYS_KEPT)
        .execute(db)
        .await?;
    Ok(())
}

/// The day (UTC) of an instant, counted from 1970.
pub(super) fn day(at: Time) -> i64 {
    at.timestamp().div_euclid(86_400)
}

/// Writes the marks of a commit.
pub(super) async fn mark(id: &str, marks: &[Mark], db: &mut Connection) -> Result<(), sqlx::Error> {
    for mark in marks {
        sqlx::query("INSERT INTO mark (conversation, seq, intent, failed, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(mark.seq)
            .bind(&mark.intent)
            .bind(i64::from(mark.failed))
            .bind(mark.at)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Only what waits for a word now is kept.
pub(super) async fn ask(id: &str, approvals: &[(Seq, i64)], db: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM approval WHERE conversation = $1").bind(id).execute(&mut *db).await?;
    for (seq, at) in approvals {
        sqlx::query("INSERT INTO approval (conversation, seq, asked_at) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(seq)
            .bind(at)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
