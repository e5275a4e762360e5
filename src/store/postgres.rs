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
/// How a commit keeps the switches from changing until it has ended; the number only has to be ours alone.
const SWITCH_SHARED: Option<&str> = Some("SELECT pg_advisory_xact_lock_shared(6871490224013)");
/// How a change of the switches waits for the commits under way.
const SWITCH_ALONE: Option<&str> = Some("SELECT pg_advisory_xact_lock(6871490224013)");
/// An expression that draws a random text.
const RANDOM: &str = "SELECT gen_random_uuid()::text";
/// The name in reports.
const KIND: &str = "postgres";
