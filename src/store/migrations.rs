//! Bringing tables up to date.

use super::OpenError;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use std::collections::BTreeSet;

/// Applies what is missing and returns its names. Each migration is a transaction: a crash between two leaves a
/// database that the next start goes on with.
pub(super) async fn run<C: Migrate>(migrator: &Migrator, db: &mut C) -> Result<Vec<String>, OpenError> {
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    let before = applied(migrator, db).await.map_err(OpenError::migration)?;
    if let Some(found) = before.last().copied().filter(|newest| *newest > known) {
        return Err(OpenError::Newer { found, known });
    }
    migrator.run_direct(None, db, false).await.map_err(OpenError::migration)?;
    db.unlock().await.map_err(OpenError::migration)?;
    Ok(migrator
        .iter()
        .filter(|migration| !before.contains(&migration.version))
        .map(|migration| migration.description.to_string())
        .collect())
}

/// Refuses a database whose tables are not exactly those of this program, and changes nothing.
pub(super) async fn check<C: Migrate>(migrator: &Migrator, db: &mut C) -> Result<(), OpenError> {
    let rows = db.list_applied_migrations(&migrator.table_name).await.map_err(OpenError::migration)?;
    let known: Vec<_> = migrator.iter().map(|known| (known.version, known.checksum.clone())).collect();
    let found: Vec<_> = rows.into_iter().map(|row| (row.version, row.checksum)).collect();
    if known == found {
        Ok(())
    } else {
        Err(OpenError::Migration("the running deskhand is of another version".into()))
    }
}

/// What was applied before. The lock is kept: two processes that start at once take turns.
async fn applied<C: Migrate>(migrator: &Migrator, db: &mut C) -> Result<BTreeSet<i64>, MigrateError> {
    db.lock().await?;
    db.ensure_migrations_table(&migrator.table_name).await?;
    let rows = db.list_applied_migrations(&migrator.table_name).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}
