//! Group commit. A commit that survives a power cut costs an `fsync`, of which a disk does a few hundred a second;
//! so writes queue for one task that puts all that wait into one transaction, each inside a savepoint of its own, and
//! answers them when the transaction is on disk.

use super::{Connection, Db};
use crate::ports::storage::{Lead, Unavailable};
use crate::store::work::{Abort, Work};
use async_trait::async_trait;
use futures::FutureExt;
use sqlx::Pool;
use sqlx::pool::PoolConnection;
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// The most writes that share a transaction.
const BATCH: usize = 64;
/// How many writes may wait; further callers wait to be let in.
const QUEUE: usize = 1024;
/// How long a read may take.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// Readers, and the queue to the writer.
pub(super) struct Engine {
    readers: Pool<Db>,
    queue: mpsc::Sender<Box<dyn Job>>,
    closing: Arc<Notify>,
    writer: Mutex<Option<JoinHandle<()>>>,
    commits: Arc<AtomicU64>,
}

/// Whoever has the file is the only one.
struct Alone;

#[async_trait]
impl Lead for Alone {
    async fn stands(&mut self) -> bool {
        true
    }
}

impl Engine {
    /// `lock` is let go when the last write is done.
    pub(super) fn new(readers: Pool<Db>, writers: Pool<Db>, lock: Option<File>, in_memory: bool) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let closing = Arc::new(Notify::new());
        let commits = Arc::new(AtomicU64::new(0));
        let writer = Writer { writers, jobs, closing: closing.clone(), commits: commits.clone(), in_memory };
        let writer = tokio::spawn(async move {
            writer.run().await;
            drop(lock);
        });
        Self { readers, queue, closing, writer: Mutex::new(Some(writer)), commits }
    }

    /// Reads, beside whatever is being written.
    pub(super) async fn read<I, T>(
        &self,
        input: I,
        work: Work<Connection, I, T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let reading = async {
            let mut db = self.readers.acquire().await?;
            work(&input, &mut db).await
        };
        match tokio::time::timeout(READ_LIMIT, reading).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Abort::Database(error))) => Err(error.into()),
            Ok(Err(Abort::Refused(refusal))) => Err(refusal),
            Err(_) => Err(Unavailable("reading took too long".into())),
        }
    }

    /// The file's lock has let in one process only.
    pub(super) async fn lead(&self) -> Result<Option<Box<dyn Lead>>, Unavailable> {
        Ok(Some(Box::new(Alone)))
    }

    /// Writes, and answers when it is on disk. A caller that goes away before its turn writes nothing; one that goes
    /// away later has written all.
    pub(super) async fn write<I, T, R>(&self, input: I, work: Work<Connection, I, T, R>) -> Result<T, R>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        R: From<Unavailable> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Write { input, work, result: None, caller };
        if self.queue.send(Box::new(job)).await.is_err() {
            return Err(Unavailable("the database was closed".into()).into());
        }
        answer.await.unwrap_or_else(|_| Err(Unavailable("the writer has ended".into()).into()))
    }

    /// How many transactions have been committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) async fn close(&self) {
        self.closing.notify_one();
        let writer = self.writer.lock().await.take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer of the database ended badly");
        }
        self.readers.close().await;
    }
}

/// One write that waits for its turn.
#[async_trait]
trait Job: Send {
    /// Whether nobody waits for it any more.
    fn abandoned(&self) -> bool;
    /// Does it; false to undo it.
    async fn run(&mut self, db: &mut Connection) -> bool;
    /// Tells the caller, now that the transaction has or has not been committed.
    fn answer(self: Box<Self>, committed: Result<(), Unavailable>);
}

struct Write<I, T, R> {
    input: I,
    work: Work<Connection, I, T, R>,
    result: Option<Result<T, R>>,
    caller: oneshot::Sender<Result<T, R>>,
}

#[async_trait]
impl<I: Send + Sync, T: Send, R: From<Unavailable> + Send> Job for Write<I, T, R> {
    fn abandoned(&self) -> bool {
        self.caller.is_closed()
    }

    async fn run(&mut self, db: &mut Connection) -> bool {
        let result = match AssertUnwindSafe((self.work)(&self.input, db)).catch_unwind().await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Abort::Database(error))) => Err(Unavailable::from(error).into()),
            Ok(Err(Abort::Refused(refusal))) => Err(refusal),
            Err(_) => Err(Unavailable("the write broke off".into()).into()),
        };
        self.result.insert(result).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), Unavailable>) {
        // Whatever was found out inside a transaction that then failed may not be true: not even a refusal.
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(Unavailable("nobody waited for it".into()).into()),
            (Err(error), _) => Err(error.into()),
        };
        if self.caller.send(answer).is_err() {
            tracing::debug!("the caller of a write has gone");
        }
    }
}

struct Writer {
    writers: Pool<Db>,
    jobs: mpsc::Receiver<Box<dyn Job>>,
    closing: Arc<Notify>,
    commits: Arc<AtomicU64>,
    in_memory: bool,
}

impl Writer {
    async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                found = self.jobs.recv_many(&mut batch, BATCH) => if found == 0 { break },
                () = self.closing.notified() => self.jobs.close(),
            }
            batch.retain(|job| !job.abandoned());
            if batch.is_empty() {
                continue;
            }
            let committed = self.commit(&mut batch).await;
            for job in batch.drain(..) {
                job.answer(committed.clone());
            }
        }
        self.writers.close().await;
    }

    async fn commit(&self, batch: &mut [Box<dyn Job>]) -> Result<(), Unavailable> {
        let mut db = self.writers.acquire().await?;
        let committed = transaction(&mut db, batch).await;
        match committed {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, writes = batch.len(), "a transaction failed");
                self.clean_up(db).await;
                Err(error.into())
            }
        }
    }

    /// After a failure nobody knows whether the transaction is still open; a fresh connection has none.
    async fn clean_up(&self, mut db: PoolConnection<Db>) {
        let rolled_back = execute(&mut db, "ROLLBACK").await;
        if self.in_memory {
            if let Err(error) = rolled_back {
                tracing::debug!(%error, "the transaction had ended already");
            }
        } else if let Err(error) = db.close().await {
            tracing::warn!(%error, "a connection did not close");
        }
    }
}

async fn transaction(db: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
    execute(db, "BEGIN IMMEDIATE").await?;
    for job in batch {
        execute(db, "SAVEPOINT job").await?;
        if !job.run(db).await {
            execute(db, "ROLLBACK TO job").await?;
        }
        execute(db, "RELEASE job").await?;
    }
    execute(db, "COMMIT").await
}

async fn execute(db: &mut Connection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}

#[cfg(test)]
mod tests;
