//! What people who answer for the desk look at.

use super::Store;
use super::budgets::day;
use crate::domain::Time;
use crate::domain::effect::{Effect, MIRROR_LANE};
use crate::domain::event::Entry;
use crate::domain::ids::{ConversationId, Place};
use crate::ports::storage::{FiringCount, Overview, StepSpending, Unavailable, Untaken};
use crate::store::values::{from_json, micros, parsed, plain, time};
use crate::triggers::{BEFORE, FAILED, GIVEN_UP, LEFT_OUT};
use async_trait::async_trait;

/// The kinds of events that say what the desk did or was kept from doing.
const DEEDS: &str = "'decided', 'approval_asked', 'approved', 'rejected', 'finished', 'delayed', 'redriven', 'occurred', \
     'handed_off', 'went_overdue'";

#[async_trait]
impl Overview for Store {
    async fn deeds(&self, conversation: ConversationId, limit: i64) -> Result<Vec<Entry>, Unavailable> {
        self.engine
            .read((conversation, limit.clamp(1, 200)), |(conversation, limit), db| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT seq, at, body FROM event WHERE conversation = $1 AND kind IN ({DEEDS}) \
                         ORDER BY seq DESC LIMIT $2"
                    );
                    let rows: Vec<(i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                        .bind(conversation.to_string())
                        .bind(*limit)
                        .fetch_all(db)
                        .await?;
                    let deeds = rows
                        .into_iter()
                        .map(|(seq, at, body)| Ok(Entry { seq, at: time(at)?, event: from_json(&body)? }));
                    Ok(deeds.collect::<Result<_, sqlx::Error>>()?)
                })
            })
            .await
    }

    async fn firing_counts(&self, since: Time) -> Result<Vec<FiringCount>, Unavailable> {
        self.engine
            .read(micros(since), |since, db| {
                Box::pin(async move {
                    let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
                        "SELECT trigger_id, COUNT(*), MAX(at), \
                         CAST(SUM(CASE WHEN outcome LIKE $2 OR outcome LIKE $3 OR outcome LIKE $4 THEN 1 ELSE 0 END) AS BIGINT), \
                         CAST(SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) AS BIGINT) \
                         FROM firing WHERE at >= $1 AND COALESCE(outcome, '') <> $5 GROUP BY trigger_id ORDER BY trigger_id",
                    )
                    .bind(since)
                    .bind(format!("{GIVEN_UP}%"))
                    .bind(format!("{FAILED}%"))
                    .bind(format!("{LEFT_OUT}%"))
                    .bind(BEFORE)
                    .fetch_all(db)
                    .await?;
                    let counts = rows.into_iter().map(|(trigger, fired, at, failed, waiting)| {
                        Ok(FiringCount { trigger, fired, last_at: time(at)?, failed, waiting })
                    });
                    Ok(counts.collect::<Result<_, sqlx::Error>>()?)
                })
            })
            .await
    }

    async fn rules_lately(&self, since: Time) -> Result<Vec<(String, i64)>, Unavailable> {
        self.engine
            .read(day(since), |since, db| {
                Box::pin(async move {
                    let sql = "SELECT rule_id, CAST(SUM(hits) AS BIGINT) FROM rule_day WHERE day >= $1 \
                               GROUP BY rule_id ORDER BY rule_id";
                    Ok(sqlx::query_as(sql).bind(since).fetch_all(db).await?)
                })
            })
            .await
    }

    async fn spent_by_step(&self, since: Time) -> Result<Vec<StepSpending>, Unavailable> {
        self.engine
            .read(micros(since), |since, db| {
                Box::pin(async move {
                    let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
                        "SELECT step, COUNT(*), CAST(COALESCE(SUM(micros), 0) AS BIGINT), \
                         CAST(COALESCE(SUM(tokens), 0) AS BIGINT), \
                         CAST(SUM(CASE WHEN micros IS NULL THEN 1 ELSE 0 END) AS BIGINT) \
                         FROM model_call WHERE at >= $1 GROUP BY step ORDER BY step",
                    )
                    .bind(since)
                    .fetch_all(db)
                    .await?;
                    let steps = rows.into_iter().map(|(step, calls, micros, tokens, unknown)| StepSpending {
                        step,
                        calls,
                        micros,
                        tokens,
                        unknown,
                    });
                    Ok(steps.collect())
                })
            })
            .await
    }

    async fn untaken(&self, tickets: &[(i64, ConversationId)]) -> Result<Vec<Untaken>, Unavailable> {
        self.engine
            .read(tickets.to_vec(), |tickets, db| {
                Box::pin(async move {
                    let mut untaken = Vec::new();
                    for (number, conversation) in tickets {
                        let row: Option<(i64, String, Option<String>, String, i64)> = sqlx::query_as(
                            "SELECT seq, state, cause, effect, due FROM outbox WHERE conversation = $1 AND lane = $2 \
                             ORDER BY seq LIMIT 1",
                        )
                        .bind(conversation.to_string())
                        .bind(format!("{MIRROR_LANE}T-{number}"))
                        .fetch_optional(&mut *db)
                        .await?;
                        let Some((seq, state, cause, effect, due)) = row else { continue };
                        untaken.push(Untaken {
                            number: *number,
                            place: Place { conversation: *conversation, seq },
                            dead: state == "dead",
                            cause: cause.map_or_else(|| at_first(&effect), Ok)?,
                            due: time(due)?,
                        });
                    }
                    Ok(untaken)
                })
            })
            .await
    }

    async fn holders(&self, number: &str) -> Result<Vec<ConversationId>, Unavailable> {
        self.engine
            .read(plain(number), |number, db| {
                Box::pin(async move {
                    let rows: Vec<String> = sqlx::query_scalar(
                        "SELECT conversation FROM holder WHERE number = $1 ORDER BY conversation LIMIT 100",
                    )
                    .bind(number)
                    .fetch_all(db)
                    .await?;
                    Ok(rows.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?)
                })
            })
            .await
    }
}

/// Why it did not come about at once, before the first of its own tries has come to nothing.
fn at_first(effect: &str) -> Result<String, sqlx::Error> {
    Ok(match from_json(effect)? {
        Effect::Mirror(mirror) => mirror.cause,
        _ => String::new(),
    })
}
