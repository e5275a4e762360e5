//! What goes wrong, in sentences.

use crate::ports::storage::Unavailable;
use sqlx::migrate::MigrateError;
use std::fmt::Write as _;

/// Why a database could not be opened. The text says what to do; it never holds a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address makes no sense.
    #[error("database.url is wrong: {0}")]
    Address(String),
    /// Another process has it.
    #[error(
        "{file} is in use by another deskhand; stop that one first, or give this one a database of its own"
    )]
    InUse {
        /// The database.
        file: String,
    },
    /// A newer program wrote it.
    #[error(
        "the database was written by a newer deskhand (its schema is {found}, this program knows {known}); start the \
         newer program, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The newest migration in the database.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// Its tables are not what this program made.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
    /// It is not there, or does not let us in.
    #[error("cannot open the database {place}: {cause}")]
    Refused {
        /// The file, or the server and the database's name.
        place: String,
        /// Why, and what to do.
        cause: String,
    },
}

impl OpenError {
    pub(crate) fn refused(place: &str, error: &sqlx::Error) -> Self {
        Self::Refused { place: place.to_owned(), cause: explain(error) }
    }

    pub(crate) fn migration(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMismatch(version) => Self::Migration(format!(
                "migration {version} is not the one that was applied; this database belongs to another build of deskhand"
            )),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::Migration(explain(&error))
            }
            other => Self::Migration(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        Self(explain(&error))
    }
}

/// The cause as a sentence, with what to do where that is known.
fn explain(error: &sqlx::Error) -> String {
    let advice = match error {
        sqlx::Error::PoolTimedOut => return "no connection could be had in time".into(),
        sqlx::Error::PoolClosed => return "the database was closed".into(),
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28P01" | "28000") => "check user and password in database.url",
            Some("3D000") => "create the database first, or correct its name in database.url",
            Some("42501") => "the user needs the right to create tables",
            Some("53300") => "raise max_connections of the server",
            Some("13") => "free some space on its disk",
            Some("26") => "the file is not a SQLite database",
            Some("8" | "1032") => "the file system or the file is read-only",
            Some("14") => "the folder must exist and be writable",
            _ => "",
        },
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "is the server running there?"
        }
        sqlx::Error::Tls(_) => "check sslmode and sslrootcert in database.url",
        _ => "",
    };
    let mut text = error.to_string();
    if !advice.is_empty() {
        // Writing to a String cannot fail.
        write!(text, "; {advice}").unwrap_or_default();
    }
    text
}
