//! How far polled databases were read.

use super::{Connection, Store};
use crate::domain::Time;
use crate::ports::storage::{PollHealth, PollPlace, Polled, Polls, Unavailable};
use crate::store::values::{from_json, json, micros, plain, time};
use async_trait::async_trait;

type Standing = (Option<String>, Option<String>, i64);
type Columns = (String, Option<i64>, i64, i64, Option<String>);

#[async_trait]
impl Polls for Store {
    async fn claim_poll(
        &self,
        trigger: &str,
        reads: &str,
        now: Time,
        until: Time,
    ) -> Result<Option<PollPlace>, Unavailable> {
        self.engine
            .write(
                (plain(trigger), plain(reads), micros(now), micros(until)),
                |(trigger, reads, now, until), db| {
                    Box::pin(async move { Ok(claim(trigger, reads, *now, *until, db).await?) })
                },
            )
            .await
    }

    async fn polled(&self, polled: Polled) -> Result<usize, Unavailable> {
        self.engine.write(polled, |polled, db| Box::pin(async move { Ok(record(polled, db).await?) })).await
    }

    async fn poll_failed(&self, trigger: &str, trouble: &str, due: Time) -> Result<(), Unavailable> {
        self.engine
            .write((plain(trigger), plain(trouble), micros(due)), |(trigger, trouble, due), db| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE poll SET due = $2, failures = failures + 1, trouble = $3 WHERE trigger_id = $1",
                    )
                    .bind(trigger)
                    .bind(*due)
                    .bind(trouble)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn polls(&self) -> Result<Vec<PollHealth>, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    let rows: Vec<Columns> = sqlx::query_as(
                        "SELECT trigger_id, looked_at, due, failures, trouble FROM poll ORDER BY trigger_id",
                    )
                    .fetch_all(db)
                    .await?;
                    let health = |(trigger, looked_at, due, failures, trouble): Columns| {
                        let looked_at = looked_at.map(time).transpose()?;
                        Ok(PollHealth { trigger, looked_at, due: time(due)?, failures, trouble })
                    };
                    Ok(rows.into_iter().map(health).collect::<Result<_, sqlx::Error>>()?)
                })
            })
            .await
    }
}

async fn claim(
    trigger: &str,
    reads: &str,
    now: i64,
    until: i64,
    db: &mut Connection,
) -> Result<Option<PollPlace>, sqlx::Error> {
    // In Postgres whoever claims it at the same time waits here, and finds it put off.
    let claimed: Option<Standing> = sqlx::query_as(
        "INSERT INTO poll (trigger_id, due, failures) VALUES ($1, $3, 0) \
         ON CONFLICT (trigger_id) DO UPDATE SET due = excluded.due WHERE poll.due <= $2 \
         RETURNING reads, place, failures",
    )
    .bind(trigger)
    .bind(now)
    .bind(until)
    .fetch_optional(db)
    .await?;
    let Some((read, place, failures)) = claimed else { return Ok(None) };
    let first = read.as_deref() != Some(reads);
    let place = place.filter(|_| !first).as_deref().map(from_json).transpose()?;
    Ok(Some(PollPlace { first, place, failures }))
}

async fn record(polled: &Polled, db: &mut Connection) -> Result<usize, sqlx::Error> {
    let mut fresh = 0;
    for row in &polled.rows {
        let put = sqlx::query(
            "INSERT INTO firing (trigger_id, occurrence, state, at, due, attempts, event, outcome) \
             VALUES ($1, $2, $3, $4, $4, 0, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(plain(&polled.trigger))
        .bind(plain(&row.occurrence))
        .bind(if row.outcome.is_some() { "done" } else { "pending" })
        .bind(micros(polled.at))
        .bind(json(&row.event)?)
        .bind(row.outcome.as_deref().map(plain))
        .execute(&mut *db)
        .await?;
        fresh += usize::try_from(put.rows_affected()).unwrap_or_default();
    }
    sqlx::query(
        "UPDATE poll SET due = $2, looked_at = $3, place = CASE WHEN reads = $4 THEN coalesce($5, place) ELSE $5 END, \
         reads = $4, failures = 0, trouble = $6 WHERE trigger_id = $1",
    )
    .bind(plain(&polled.trigger))
    .bind(micros(polled.due))
    .bind(micros(polled.at))
    .bind(plain(&polled.reads))
    .bind(polled.place.as_ref().map(json).transpose()?)
    .bind(polled.trouble.as_deref().map(plain))
    .execute(db)
    .await?;
    Ok(fresh)
}
