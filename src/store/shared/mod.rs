//! The storage port, in SQL that both databases understand: `$1` placeholders, `ON CONFLICT`, `RETURNING`, times as
//! microseconds, ids and JSON as text.

mod budgets;
mod codes;
mod commit;
mod conversations;
mod customers;
mod firings;
mod letters;
mod list;
mod matters;
mod memory;
mod outbox;
mod overview;
mod people;
mod polls;
mod records;
mod spending;
mod switches;
mod tickets;

use super::{Connection, Db, Engine, KIND, RANDOM, SKIP_LOCKED, SWITCH_ALONE, SWITCH_SHARED};
use crate::domain::ids::Place;
use crate::ports::storage::{Lead, Storage, Unavailable};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything kept, in one database.
pub struct Store {
    pub(super) engine: Engine,
    /// Names this process in the outbox, so that what a dead one has claimed is told from what this one has.
    owner: String,
    /// Effects that this process is sending, and at which attempt.
    claimed: Mutex<HashMap<Place, i64>>,
    /// Claims go one after another: see `outbox.rs`.
    claiming: tokio::sync::Mutex<()>,
}

impl Store {
    pub(super) async fn new(engine: Engine) -> Result<Self, Unavailable> {
        let owner = engine
            .read((), |(), db| Box::pin(async move { Ok(sqlx::query_scalar(RANDOM).fetch_one(db).await?) }))
            .await?;
        let store =
            Self { engine, owner, claimed: Mutex::default(), claiming: tokio::sync::Mutex::default() };
        let folded = store.refold().await?;
        if folded > 0 {
            tracing::info!(folded, "conversations were folded again by this version's rules");
        }
        Ok(store)
    }

    fn claimed(&self) -> MutexGuard<'_, HashMap<Place, i64>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for Store {
    async fn ping(&self) -> Result<(), Unavailable> {
        self.engine
            .write((), |(), db| {
                Box::pin(async move {
                    sqlx::query("UPDATE heartbeat SET beats = beats + 1 WHERE id = 1").execute(db).await?;
                    Ok(())
                })
            })
            .await
    }

    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, Unavailable> {
        self.engine.lead().await
    }

    async fn close(&self) {
        self.engine.close().await;
    }

    fn kind(&self) -> &'static str {
        KIND
    }
}
