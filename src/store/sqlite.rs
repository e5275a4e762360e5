//! SQLite: one file, one writer with group commit, a few readers.

// The files in `shared/` are compiled once for each database.
#![allow(clippy::duplicate_mod)]

mod engine;
mod open;
#[path = "shared/mod.rs"]
mod shared;

pub use open::{migrate, open, open_beside};
pub use shared::Store;

use engine::Engine;

/// The database.
type Db = sqlx::Sqlite;
/// What a piece of work is done with.
type Connection = sqlx::SqliteConnection;
/// How rows are chosen that others may be choosing from: nobody else is writing.
const SKIP_LOCKED: &str = "";
/// How a commit keeps the switches from changing until it has ended: nobody else is writing.
const SWITCH_SHARED: Option<&str> = None;
/// How a change of the switches waits for the commits under way: there are none.
const SWITCH_ALONE: Option<&str> = None;
/// An expression that draws a random text.
const RANDOM: &str = "SELECT lower(hex(randomblob(16)))";
/// The name in reports.
const KIND: &str = "sqlite";

impl Store {
    /// How many transactions the writer has committed; writes that waited together share one.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.engine.commits()
    }
}
