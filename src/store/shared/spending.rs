//! What calls to language models have cost.

use super::{Connection, Store};
use crate::domain::Time;
use crate::ports::storage::{Spending, SpendingBooks, Spent, Unavailable};
use crate::store::prepared::CallRow;
use crate::store::values::{micros, plain};
use async_trait::async_trait;

#[async_trait]
impl SpendingBooks for Store {
    async fn spend(&self, spent: &Spent) -> Result<(), Unavailable> {
        let row = CallRow {
            id: plain(&spent.id),
            conversation: spent.conversation.to_string(),
            customer: spent.customer.to_string(),
            step: spent.step.name(),
            at: micros(spent.at),
            took: Some((whole(spent.micros), whole(spent.tokens))),
        };
        self.engine.write(row, |row, db| Box::pin(async move { Ok(enter(row, db).await?) })).await
    }

    async fn spending(&self, since: Time, today: Time) -> Result<Vec<Spending>, Unavailable> {
        self.engine
            .read((micros(since), micros(today)), |(since, today), db| {
                Box::pin(async move {
                    let rows: Vec<(String, String, i64, i64, i64, i64)> = sqlx::query_as(
                        "SELECT conversation, customer, CAST(CASE WHEN at >= $2 THEN 1 ELSE 0 END AS BIGINT), \
                         CAST(COALESCE(SUM(micros), 0) AS BIGINT), CAST(COALESCE(SUM(tokens), 0) AS BIGINT), \
                         CAST(SUM(CASE WHEN micros IS NULL THEN 1 ELSE 0 END) AS BIGINT) \
                         FROM model_call WHERE at >= $1 GROUP BY conversation, customer, CASE WHEN at >= $2 THEN 1 ELSE 0 END \
                         ORDER BY 1, 2, 3",
                    )
                    .bind(since)
                    .bind(today)
                    .fetch_all(db)
                    .await?;
                    let count = |number: i64| u64::try_from(number).unwrap_or(0);
                    let rows = rows.into_iter().map(|(conversation, customer, today, micros, tokens, unknown)| {
                        Spending {
                            conversation,
                            customer,
                            today: today == 1,
                            micros: count(micros),
                            tokens: count(tokens),
                            unknown: count(unknown),
                        }
                    });
                    Ok(rows.collect())
                })
            })
            .await
    }
}

/// Enters a call, or what came of one that was entered before.
pub(super) async fn enter(row: &CallRow, db: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO model_call (id, conversation, customer, step, at, micros, tokens) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE \
         SET micros = COALESCE(excluded.micros, model_call.micros), tokens = COALESCE(excluded.tokens, model_call.tokens)",
    )
    .bind(&row.id)
    .bind(&row.conversation)
    .bind(&row.customer)
    .bind(row.step)
    .bind(row.at)
    .bind(row.took.map(|(micros, _)| micros))
    .bind(row.took.map(|(_, tokens)| tokens))
    .execute(db)
    .await?;
    Ok(())
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
