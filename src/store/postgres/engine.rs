//! Transactions in Postgres. Each runs in a task of its own with a limit of time, so that neither a caller that goes
//! away nor a server that falls silent leaves a connection of the pool in the middle of something.

use super::{Connection, Db};
use crate::ports::storage::{Lead, Unavailable};
use crate::store::work::{Abort, Work};
use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Pool};
use std::time::Duration;

/// How long one attempt may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The lock of the one process that acts; any number, the same for all.
const LEAD_LOCK: i64 = 0x6465_736b_6861_6e64;
/// A connection that does not answer by then holds nothing any more.
const LEAD_PATIENCE: Duration = Duration::from_secs(2);
/// How often a write is done again that lost a race inside the server.
const REPEATS: u32 = 5;

/// The pool.
pub(super) struct Engine {
    pool: Pool<Db>,
}

impl Engine {
    pub(super) fn new(pool: Pool<Db>) -> Self {
        Self { pool }
    }

    /// Reads what has been committed.
    pub(super) async fn read<I, T>(
        &self,
        input: I,
        work: Work<Connection, I, T, Unavailable>,
    ) -> Result<T, Unavailable>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let pool = self.pool.clone();
        settle(async move {
            let mut db = pool.acquire().await?;
            let found = within_limit(work(&input, &mut db)).await;
            let_go(db, &found);
            found
        })
        .await
    }

    /// Writes all of it or nothing, and answers when it is on disk.
    pub(super) async fn write<I, T, R>(&self, input: I, work: Work<Connection, I, T, R>) -> Result<T, R>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        R: From<Unavailable> + Send + 'static,
    {
        let pool = self.pool.clone();
        settle(async move {
            let mut repeats = 0;
            loop {
                let mut db = pool.acquire().await?;
                let done = within_limit(transaction(&mut db, &input, work)).await;
                let_go(db, &done);
                match &done {
                    Err(Abort::Database(error)) if lost_a_race(error) && repeats < REPEATS => {
                        repeats += 1;
                        tokio::time::sleep(Duration::from_millis(2 << repeats)).await;
                    }
                    _ => return done,
                }
            }
        })
        .await
    }

    /// Takes the lock of the one process that acts, on a connection of its own: the server lets it go when the
    /// connection ends, however the process ended.
    pub(super) async fn lead(&self) -> Result<Option<Box<dyn Lead>>, Unavailable> {
        let options = self.pool.connect_options();
        let leading = async {
            let mut db = Connection::connect_with(&options).await?;
            // A machine that is gone says nothing: the server asks after it and lets its lock go.
            for setting in
                ["tcp_keepalives_idle = 4", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 2"]
            {
                sqlx::query(sqlx::AssertSqlSafe(format!("SET {setting}"))).execute(&mut db).await?;
            }
            let got: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                .bind(LEAD_LOCK)
                .fetch_one(&mut db)
                .await?;
            Ok::<_, sqlx::Error>(got.then_some(db))
        };
        match tokio::time::timeout(LIMIT, leading).await {
            Ok(Ok(Some(db))) => Ok(Some(Box::new(Leading(db)))),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unavailable("the database did not answer in time".to_owned())),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// The connection that holds the lock.
struct Leading(Connection);

#[async_trait]
impl Lead for Leading {
    async fn stands(&mut self) -> bool {
        let held = sqlx::query("SELECT 1").execute(&mut self.0);
        matches!(tokio::time::timeout(LEAD_PATIENCE, held).await, Ok(Ok(_)))
    }
}

async fn transaction<I, T, R>(
    db: &mut Connection,
    input: &I,
    work: Work<Connection, I, T, R>,
) -> Result<T, Abort<R>> {
    let mut transaction = db.begin().await?;
    match work(input, &mut transaction).await {
        Ok(done) => {
            transaction.commit().await?;
            Ok(done)
        }
        Err(abort) => {
            // Without a rollback the connection is of no use to anybody.
            transaction.rollback().await?;
            Err(abort)
        }
    }
}

async fn within_limit<T, R>(doing: impl Future<Output = Result<T, Abort<R>>>) -> Result<T, Abort<R>> {
    match tokio::time::timeout(LIMIT, doing).await {
        Ok(done) => done,
        Err(_) => Err(Abort::Database(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    }
}

/// Gives a connection back to the pool, unless it may be broken: the pool would wait for it.
fn let_go<T, R>(mut db: PoolConnection<Db>, done: &Result<T, Abort<R>>) {
    if let Err(Abort::Database(error)) = done
        && !matches!(error, sqlx::Error::Database(_) | sqlx::Error::Decode(_) | sqlx::Error::Encode(_))
    {
        db.close_on_drop();
    }
}

/// Runs it to its end whether or not the caller stays.
async fn settle<T, R>(doing: impl Future<Output = Result<T, Abort<R>>> + Send + 'static) -> Result<T, R>
where
    T: Send + 'static,
    R: From<Unavailable> + Send + 'static,
{
    match tokio::spawn(doing).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Abort::Refused(refusal))) => Err(refusal),
        Ok(Err(Abort::Database(error))) => Err(Unavailable::from(error).into()),
        Err(_) => Err(Unavailable("the work broke off".into()).into()),
    }
}

/// Serialisation failures and deadlocks: the server took back one side so that the other could go on.
fn lost_a_race(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("40001" | "40P01")))
}
