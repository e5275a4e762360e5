//! What set triggers off.

use super::{Connection, Db, Store};
use crate::domain::Time;
use crate::domain::customer::Customer;
use crate::domain::ids::{ConversationId, CustomerId};
use crate::ports::storage::{Firing, FiringFilter, Firings, Page, Unavailable};
use crate::store::cursor::{Cursor, page, page_size};
use crate::store::values::{from_json, json, micros, parsed, plain, time};
use async_trait::async_trait;
use serde_json::{Value, json as value};
use sqlx::QueryBuilder;

type Columns = (String, String, i64, i64, String, Option<String>);

const LIST: char = 'f';
const COLUMNS: &str = "SELECT trigger_id, occurrence, at, attempts, event, outcome FROM firing ";

#[async_trait]
impl Firings for Store {
    async fn put_firing(
        &self,
        trigger: &str,
        occurrence: &str,
        event: &Value,
        at: Time,
    ) -> Result<bool, Unavailable> {
        let event = event.clone();
        self.engine
            .write(
                (plain(trigger), plain(occurrence), event, micros(at)),
                |(trigger, occurrence, event, at), db| {
                    Box::pin(async move { Ok(put(trigger, occurrence, event, *at, db).await?) })
                },
            )
            .await
    }

    async fn due_firings(&self, now: Time, limit: i64) -> Result<Vec<Firing>, Unavailable> {
        self.engine
            .read((micros(now), limit.max(0)), |(now, limit), db| {
                Box::pin(async move {
                    let sql = format!("{COLUMNS} WHERE state = 'pending' AND due <= $1 ORDER BY due, trigger_id, occurrence LIMIT $2");
                    let rows: Vec<Columns> =
                        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(*now).bind(*limit).fetch_all(db).await?;
                    Ok(rows.into_iter().map(firing).collect::<Result<_, _>>()?)
                })
            })
            .await
    }

    async fn firing_done(&self, trigger: &str, occurrence: &str, outcome: &str) -> Result<(), Unavailable> {
        self.engine
            .write((plain(trigger), plain(occurrence), plain(outcome)), |(trigger, occurrence, outcome), db| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE firing SET state = 'done', outcome = $3 WHERE trigger_id = $1 AND occurrence = $2",
                    )
                    .bind(trigger)
                    .bind(occurrence)
                    .bind(outcome)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn firing_later(&self, trigger: &str, occurrence: &str, due: Time) -> Result<(), Unavailable> {
        self.engine
            .write((plain(trigger), plain(occurrence), micros(due)), |(trigger, occurrence, due), db| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE firing SET due = $3, attempts = attempts + 1 \
                         WHERE trigger_id = $1 AND occurrence = $2 AND state = 'pending'",
                    )
                    .bind(trigger)
                    .bind(occurrence)
                    .bind(*due)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn firings(&self, filter: &FiringFilter) -> Result<Page<Firing>, Unavailable> {
        self.engine
            .read(filter.clone(), |filter, db| Box::pin(async move { Ok(list(filter, db).await?) }))
            .await
    }

    async fn schedule(&self, trigger: &str) -> Result<Option<Time>, Unavailable> {
        self.engine
            .read(plain(trigger), |trigger, db| {
                Box::pin(async move {
                    let found: Option<i64> =
                        sqlx::query_scalar("SELECT looked_at FROM schedule WHERE trigger_id = $1")
                            .bind(trigger)
                            .fetch_optional(db)
                            .await?;
                    Ok(found.map(time).transpose()?)
                })
            })
            .await
    }

    async fn advance_schedule(
        &self,
        trigger: &str,
        until: Time,
        moment: Option<Time>,
    ) -> Result<bool, Unavailable> {
        self.engine
            .write((plain(trigger), micros(until), moment), |(trigger, until, moment), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO schedule (trigger_id, looked_at) VALUES ($1, $2) ON CONFLICT (trigger_id) \
                         DO UPDATE SET looked_at = excluded.looked_at WHERE schedule.looked_at < excluded.looked_at",
                    )
                    .bind(trigger)
                    .bind(*until)
                    .execute(&mut *db)
                    .await?;
                    let Some(moment) = moment else { return Ok(false) };
                    let occurrence = moment.to_rfc3339();
                    let event = value!({"at": occurrence});
                    Ok(put(trigger, &occurrence, &event, *until, db).await?)
                })
            })
            .await
    }

    async fn customer_by_verified_email(&self, email: &str) -> Result<Option<Customer>, Unavailable> {
        self.engine
            .read(plain(email), |email, db| {
                Box::pin(async move {
                    let found: Option<String> = sqlx::query_scalar(
                        "SELECT record FROM customer WHERE verified_email = $1 ORDER BY updated_at DESC, id LIMIT 1",
                    )
                    .bind(email)
                    .fetch_optional(db)
                    .await?;
                    Ok(found.as_deref().map(from_json).transpose()?)
                })
            })
            .await
    }

    async fn conversations_of(
        &self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<ConversationId>, Unavailable> {
        self.engine
            .read((customer, limit.max(0)), |(customer, limit), db| {
                Box::pin(async move {
                    let found: Vec<String> = sqlx::query_scalar(
                        "SELECT id FROM conversation WHERE customer = $1 ORDER BY updated_at DESC, id LIMIT $2",
                    )
                    .bind(customer.to_string())
                    .bind(*limit)
                    .fetch_all(db)
                    .await?;
                    Ok(found.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?)
                })
            })
            .await
    }
}

/// Several may have come in one instant (a poll's rows): the trigger and the occurrence tell their places apart.
async fn list(filter: &FiringFilter, db: &mut Connection) -> Result<Page<Firing>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push(" WHERE TRUE");
    if let Some(trigger) = &filter.trigger {
        query.push(" AND trigger_id = ").push_bind(plain(trigger));
    }
    let from = filter.cursor.as_deref().and_then(|text| Cursor::decode(text, LIST));
    if let Some((key, (trigger, occurrence))) =
        from.as_ref().and_then(|from| Some((from.key, from.id.split_once('/')?)))
    {
        query.push(" AND (at < ").push_bind(key).push(" OR (at = ").push_bind(key);
        query.push(" AND (trigger_id, occurrence) > (").push_bind(trigger.to_owned()).push(", ");
        query.push_bind(occurrence.to_owned()).push(")))");
    }
    query.push(" ORDER BY at DESC, trigger_id, occurrence LIMIT ").push_bind(page_size(filter.limit) + 1);
    let rows: Vec<Columns> = query.build_query_as().fetch_all(db).await?;
    let rows = rows.into_iter().map(|row| {
        // Triggers' ids are kebab-case: the first slash ends them.
        let cursor = Cursor { list: LIST, rank: 0, key: row.2, id: format!("{}/{}", row.0, row.1) };
        Ok((cursor, firing(row)?))
    });
    Ok(page(rows.collect::<Result<_, sqlx::Error>>()?, filter.limit))
}

/// The first record counts; in Postgres another who records the same waits for it.
async fn put(
    trigger: &str,
    occurrence: &str,
    event: &Value,
    at: i64,
    db: &mut Connection,
) -> Result<bool, sqlx::Error> {
    let put = sqlx::query(
        "INSERT INTO firing (trigger_id, occurrence, state, at, due, attempts, event) \
         VALUES ($1, $2, 'pending', $3, $3, 0, $4) ON CONFLICT DO NOTHING",
    )
    .bind(trigger)
    .bind(occurrence)
    .bind(at)
    .bind(json(event)?)
    .execute(db)
    .await?;
    Ok(put.rows_affected() == 1)
}

fn firing((trigger, occurrence, at, attempts, event, outcome): Columns) -> Result<Firing, sqlx::Error> {
    Ok(Firing { trigger, occurrence, at: time(at)?, event: from_json(&event)?, attempts, outcome })
}
