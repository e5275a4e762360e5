//! The storage port, kept in a SQLite file or in Postgres. The SQL and the implementation of the port are written
//! once, in `shared/`, and compiled into `sqlite.rs` and into `postgres.rs`, which say what differs: the type of the
//! connection and how a write becomes a transaction.

mod cursor;
mod error;
mod migrations;
pub mod postgres;
mod prepared;
pub mod sqlite;
mod values;
mod work;

pub use error::OpenError;

use crate::ports::storage::Storage;
use std::sync::Arc;

/// Opens the database that `url` names, bringing its tables up to date: `sqlite:FILE`, `sqlite::memory:` or
/// `postgres://…`. A SQLite file and its folder are made where they are missing.
pub async fn open(url: &str) -> Result<Arc<dyn Storage>, OpenError> {
    if is_sqlite(url)? {
        Ok(Arc::new(sqlite::open(url).await?))
    } else {
        Ok(Arc::new(postgres::open(url).await?))
    }
}

/// Opens the database for a command that may run beside a server, such as adding a user: a SQLite file that is in use
/// is not refused. Such a command must leave conversations and the outbox alone.
pub async fn open_beside(url: &str) -> Result<Arc<dyn Storage>, OpenError> {
    if is_sqlite(url)? { Ok(Arc::new(sqlite::open_beside(url).await?)) } else { open(url).await }
}

/// Brings the tables up to date; returns the names of the migrations that were missing.
pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    if is_sqlite(url)? { sqlite::migrate(url).await } else { postgres::migrate(url).await }
}

fn is_sqlite(url: &str) -> Result<bool, OpenError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(true),
        Some("postgres" | "postgresql") => Ok(false),
        // The address may hold a password: it is not repeated.
        _ => Err(OpenError::Address("it must begin with sqlite: or postgres://".into())),
    }
}
