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
    let address = Address::of(url)?;
    let lock = address.claim()?;
    let opened = address.open().await?;
    address.store(opened, lock).await
}

/// Opens it although another process may have it; that one must be of the same version.
pub async fn open_beside(url: &str) -> Result<Store, OpenError> {
    let address = Address::of(url)?;
    match address.claim() {
        Ok(lock) => {
            let opened = address.open().await?;
            address.store(opened, lock).await
        }
        Err(OpenError::InUse { .. }) => {
            let mut db = address.connect().await?;
            migrations::check(&MIGRATOR, &mut db).await?;
            address.store(db, None).await
        }
        Err(other) => Err(other),
    }
}

/// Brings the tables up to date; returns the names of the migrations that were missing.
pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    let address = Address::of(url)?;
    let _lock = address.claim()?;
    let mut db = address.connect().await?;
    let migrated = migrations::run(&MIGRATOR, &mut db).await?;
    db.close().await.map_err(|error| address.refused(&error))?;
    Ok(migrated)
}

/// Where the database is, and how it is to be used.
struct Address {
    file: PathBuf,
    in_memory: bool,
    reading: SqliteConnectOptions,
    writing: SqliteConnectOptions,
}

impl Address {
    fn of(url: &str) -> Result<Self, OpenError> {
        let options: SqliteConnectOptions =
            url.parse().map_err(|error: sqlx::Error| OpenError::Address(error.to_string()))?;
        let options = options.foreign_keys(true).busy_timeout(BUSY);
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let journal = if in_memory { SqliteJournalMode::Memory } else { SqliteJournalMode::Wal };
        let writing = options.clone().journal_mode(journal).synchronous(SqliteSynchronous::Full);
        Ok(Self {
            file: options.get_filename().to_path_buf(),
            in_memory,
            writing: writing.pragma("journal_size_limit", LOG_BYTES),
            reading: options.pragma("query_only", "ON"),
        })
    }

    /// Makes the file where it is missing, and locks it against a second process.
    fn claim(&self) -> Result<Option<File>, OpenError> {
        if self.in_memory {
            return Ok(None);
        }
        make(&self.file)
            .map_err(|error| OpenError::Refused { place: self.place(), cause: error.to_string() })?;
        lock(&self.file).map(Some)
    }

    /// A connection that writes.
    async fn connect(&self) -> Result<Connection, OpenError> {
        Connection::connect_with(&self.writing).await.map_err(|error| self.refused(&error))
    }

    /// A connection that writes, to tables that are up to date.
    async fn open(&self) -> Result<Connection, OpenError> {
        let mut db = self.connect().await?;
        migrations::run(&MIGRATOR, &mut db).await?;
        Ok(db)
    }

    /// `first` is held until the pools have connections of their own: what is in memory lives as long as one of them.
    async fn store(&self, first: Connection, lock: Option<File>) -> Result<Store, OpenError> {
        // Connections that stay: the writer's is never idle for long.
        let pool = || PoolOptions::<Db>::new().idle_timeout(None).max_lifetime(None).acquire_timeout(BUSY);
        let writers = pool().max_connections(1).connect_with(self.writing.clone()).await;
        let writers: Pool<Db> = writers.map_err(|error| self.refused(&error))?;
        first.close().await.map_err(|error| self.refused(&error))?;
        let readers = if self.in_memory {
            writers.clone()
        } else {
            pool().max_connections(READERS).connect_lazy_with(self.reading.clone())
        };
        let engine = Engine::new(readers, writers, lock, self.in_memory);
        Store::new(engine)
            .await
            .map_err(|error| OpenError::Refused { place: self.place(), cause: error.to_string() })
    }

    fn place(&self) -> String {
        self.file.display().to_string()
    }

    fn refused(&self, error: &sqlx::Error) -> OpenError {
        OpenError::refused(&self.place(), error)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Durability stands on these, and nothing else would notice their loss before a power cut does.
    #[tokio::test]
    async fn what_writes_is_fully_durable_and_what_reads_cannot_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let address = Address::of(&format!("sqlite:{}/desk.db", folder.path().display())).unwrap();
        let _lock = address.claim().unwrap();
        let mut writing = address.open().await.unwrap();
        let settings: (String, i64, i64) = sqlx::query_as(
            "SELECT journal_mode, synchronous, foreign_keys \
             FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys",
        )
        .fetch_one(&mut writing)
        .await
        .unwrap();
        let full = 2;
        assert_eq!(settings, ("wal".into(), full, 1));
        let mut reading = Connection::connect_with(&address.reading).await.unwrap();
        let written = sqlx::query("UPDATE heartbeat SET beats = 7").execute(&mut reading).await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
    }
}
