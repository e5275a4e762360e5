//! Postgres: a pool, every write a transaction of its own.

// The files in `shared/` are compiled once for each database.
#![allow(clippy::duplicate_mod)]

mod engine;
mod open;
#[path = "shared/mod.rs"]
mod shared;

pub use open::{migrate, open};
pub use shared::Store;

use engine::Engine;

/// The database.
type Db = sqlx::Postgres;
/// What a piece of work is done with.
type Connection = sqlx::PgConnection;
/// How rows are chosen that others may be choosing from.
const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";
/// An expression that draws a random text.
const RANDOM: &str = "SELECT gen_random_uuid()::text";
/// The name in reports.
const KIND: &str = "postgres";
