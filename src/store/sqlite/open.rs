//! Opening a SQLite file: its folder, its lock, its settings, its tables.

use super::shared::Store;
use super::{Connection, Db, Engine};
use crate::store::{OpenError, migrations};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Pool};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// How many connections read beside the one that writes.
const READERS: u32 = 4;
/// How long a connection waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(5);
/// The write-ahead log is cut back to this size once it has grown beyond it.
const LOG_BYTES: &str = "67108864";

/// Opens `sqlite:FILE` or `sqlite::memory:`. A second process on the same file is refused.
pub async fn open(url: &str) -> Result<Store, OpenError> {
    let (pools, lock, place) = prepare(url).await?;
    let engine = Engine::new(pools.readers, pools.writers, lock);
    Store::new(engine).await.map_err(|error| OpenError::Refused { place, cause: error.to_string() })
}

/// Brings the tables up to date; returns the names of the migrations that were missing.
pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    let (pools, lock, _) = prepare(url).await?;
    pools.readers.close().await;
    pools.writers.close().await;
    drop(lock);
    Ok(pools.migrated)
}

struct Pools {
    readers: Pool<Db>,
    writers: Pool<Db>,
    migrated: Vec<String>,
}

/// Makes the file, locks it, and brings its tables up to date.
async fn prepare(url: &str) -> Result<(Pools, Option<File>, String), OpenError> {
    let address: SqliteConnectOptions =
        url.parse().map_err(|error: sqlx::Error| OpenError::Address(error.to_string()))?;
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let file = address.get_filename().to_path_buf();
    let place = file.display().to_string();
    let lock = if in_memory {
        None
    } else {
        make(&file).map_err(|error| OpenError::Refused { place: place.clone(), cause: error.to_string() })?;
        Some(lock(&file)?)
    };
    let options = address.foreign_keys(true).busy_timeout(BUSY);
    let writing = options
        .clone()
        .journal_mode(if in_memory { SqliteJournalMode::Memory } else { SqliteJournalMode::Wal })
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", LOG_BYTES);
    // A connection that stays: the writer's is never idle for long, and that of a database in memory is the database.
    let pool = || PoolOptions::<Db>::new().idle_timeout(None).max_lifetime(None).acquire_timeout(BUSY);
    let mut first =
        Connection::connect_with(&writing).await.map_err(|error| OpenError::refused(&place, &error))?;
    if in_memory {
        first.close().await.map_err(|error| OpenError::refused(&place, &error))?;
        let writers = pool().max_connections(1).connect_with(writing).await;
        let writers = writers.map_err(|error| OpenError::refused(&place, &error))?;
        let mut db = writers.acquire().await.map_err(|error| OpenError::refused(&place, &error))?;
        let migrated = up_to_date(&mut db).await?;
        drop(db);
        return Ok((Pools { readers: writers.clone(), writers, migrated }, None, place));
    }
    let migrated = up_to_date(&mut first).await?;
    first.close().await.map_err(|error| OpenError::refused(&place, &error))?;
    let writers = pool().max_connections(1).connect_lazy_with(writing);
    let readers = pool().max_connections(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok((Pools { readers, writers, migrated }, lock, place))
}

async fn up_to_date(db: &mut Connection) -> Result<Vec<String>, OpenError> {
    migrations::run(&MIGRATOR, db).await
}

/// Makes the file and its folder, for nobody but us to read.
fn make(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    private().create(true).open(file).map(|_| ())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Locks a file beside the database: SQLite itself would let two processes take turns, and both would answer the
/// same customers.
fn lock(file: &Path) -> Result<File, OpenError> {
    let place = file.display().to_string();
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let refused =
        |cause: std::io::Error| OpenError::Refused { place: place.clone(), cause: cause.to_string() };
    let lock = private().create(true).truncate(false).open(PathBuf::from(name)).map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { file: place }),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}
