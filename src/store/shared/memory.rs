//! Small values that outlive the process.

use super::Store;
use crate::domain::Time;
use crate::ports::storage::{Memory, Unavailable};
use crate::store::values::{micros, plain};
use async_trait::async_trait;

#[async_trait]
impl Memory for Store {
    async fn remember(&self, key: &str, value: &str, at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((plain(key), plain(value), micros(at)), |(key, value, at), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO memory (key, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) \
                         DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
                    )
                    .bind(key)
                    .bind(value)
                    .bind(*at)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, Unavailable> {
        self.engine
            .read(plain(prefix), |prefix, db| {
                Box::pin(async move {
                    Ok(sqlx::query_as(
                        "SELECT key, value FROM memory WHERE key >= $1 AND substr(key, 1, length($1)) = $1 ORDER BY key",
                    )
                    .bind(prefix)
                    .fetch_all(db)
                    .await?)
                })
            })
            .await
    }

    async fn forget(&self, key: &str) -> Result<(), Unavailable> {
        self.engine
            .write(plain(key), |key, db| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM memory WHERE key = $1").bind(key).execute(db).await?;
                    Ok(())
                })
            })
            .await
    }
}
