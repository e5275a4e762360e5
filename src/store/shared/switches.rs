//! The kill switch.

use super::{Connection, SWITCH_ALONE, SWITCH_SHARED, Store};
use crate::domain::Time;
use crate::domain::switch::{Switch, Switchboard, SwitchedOff};
use crate::ports::storage::{DeskEvent, Page, Switches, Unavailable};
use crate::store::values::{micros, plain, time};
use async_trait::async_trait;

#[async_trait]
impl Switches for Store {
    async fn switchboard(&self) -> Result<Switchboard, Unavailable> {
        self.engine.read((), |(), db| Box::pin(async move { Ok(read(db).await?) })).await
    }

    async fn switch_off(&self, off: &SwitchedOff) -> Result<bool, Unavailable> {
        self.engine
            .write(off.clone(), |off, db| {
                Box::pin(async move {
                    alone(db).await?;
                    let added = sqlx::query(
                        "INSERT INTO switch (scope, because, by_whom, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                    )
                    .bind(plain(&off.switch.to_string()))
                    .bind(plain(&off.because))
                    .bind(plain(&off.by))
                    .bind(micros(off.at))
                    .execute(&mut *db)
                    .await?;
                    if added.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let subject = off.switch.to_string();
                    changed(Change { kind: "switched-off", subject: &subject, because: &off.because, by: &off.by, at: off.at }, db).await?;
                    Ok(true)
                })
            })
            .await
    }

    async fn switch_on(
        &self,
        switch: &Switch,
        because: &str,
        by: &str,
        at: Time,
    ) -> Result<bool, Unavailable> {
        self.engine
            .write(
                (switch.to_string(), because.to_owned(), by.to_owned(), at),
                |(switch, because, by, at), db| {
                    Box::pin(async move {
                        alone(db).await?;
                        let taken = sqlx::query("DELETE FROM switch WHERE scope = $1")
                            .bind(plain(switch))
                            .execute(&mut *db)
                            .await?;
                        if taken.rows_affected() == 0 {
                            return Ok(false);
                        }
                        changed(Change { kind: "switched-on", subject: switch, because, by, at: *at }, db)
                            .await?;
                        Ok(true)
                    })
                },
            )
            .await
    }

    async fn desk_events(&self, cursor: Option<i64>, limit: i64) -> Result<Page<DeskEvent>, Unavailable> {
        let limit = limit.clamp(1, 200);
        self.engine
            .read((cursor.unwrap_or(i64::MAX), limit), |(before, limit), db| {
                Box::pin(async move {
                    let rows: Vec<(i64, i64, String, String, String, String)> = sqlx::query_as(
                        "SELECT number, at, kind, subject, because, by_whom FROM desk_event WHERE number < $1 \
                         ORDER BY number DESC LIMIT $2",
                    )
                    .bind(*before)
                    .bind(*limit + 1)
                    .fetch_all(db)
                    .await?;
                    let more = rows.len() as i64 > *limit;
                    let items = rows
                        .into_iter()
                        .take(usize::try_from(*limit).unwrap_or(0))
                        .map(|(number, at, kind, subject, because, by)| {
                            Ok(DeskEvent { number, at: time(at)?, kind, subject, because, by })
                        })
                        .collect::<Result<Vec<_>, sqlx::Error>>()?;
                    let next = items.last().filter(|_| more).map(|last| last.number.to_string());
                    Ok(Page { items, next })
                })
            })
            .await
    }
}

/// The version; what is off, why, by whom and since when.
type Columns = (i64, Option<String>, Option<String>, Option<String>, Option<i64>);

/// Whether the switchboard is at this version, and stays there until the transaction has ended.
pub(super) async fn still(version: i64, db: &mut Connection) -> Result<bool, sqlx::Error> {
    // A statement of its own: what is read must be read after the lock was had.
    if let Some(lock) = SWITCH_SHARED {
        sqlx::query(lock).execute(&mut *db).await?;
    }
    let now: i64 =
        sqlx::query_scalar("SELECT version FROM switchboard WHERE id = 1").fetch_one(&mut *db).await?;
    Ok(now == version)
}

async fn alone(db: &mut Connection) -> Result<(), sqlx::Error> {
    if let Some(lock) = SWITCH_ALONE {
        sqlx::query(lock).execute(&mut *db).await?;
    }
    Ok(())
}

async fn read(db: &mut Connection) -> Result<Switchboard, sqlx::Error> {
    // One statement is one snapshot: the version and the list are of the same moment.
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT b.version, s.scope, s.because, s.by_whom, s.at FROM switchboard b LEFT JOIN switch s ON b.id = 1 \
         WHERE b.id = 1 ORDER BY s.scope",
    )
    .fetch_all(db)
    .await?;
    let version = rows.first().map_or(0, |row| row.0);
    let mut off = Vec::new();
    for (_, scope, because, by, at) in rows {
        let (Some(scope), Some(because), Some(by), Some(at)) = (scope, because, by, at) else { continue };
        match scope.parse::<Switch>() {
            Ok(switch) => off.push(SwitchedOff { switch, because, by, at: time(at)? }),
            // A newer program knows more switches; what this one does not know it cannot honour in part.
            Err(error) => {
                tracing::error!(%error, "a switch is unknown to this version: everything is taken as off");
                off.push(SwitchedOff { switch: Switch::All, because, by, at: time(at)? });
            }
        }
    }
    Ok(Switchboard { version, off })
}

/// Something that changes for the whole desk.
pub(super) struct Change<'a> {
    pub(super) kind: &'a str,
    pub(super) subject: &'a str,
    pub(super) because: &'a str,
    pub(super) by: &'a str,
    pub(super) at: Time,
}

async fn changed(change: Change<'_>, db: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE switchboard SET version = version + 1 WHERE id = 1").execute(&mut *db).await?;
    note(change, db).await
}

/// Notes what was changed.
pub(super) async fn note(change: Change<'_>, db: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO desk_event (at, kind, subject, because, by_whom) VALUES ($1, $2, $3, $4, $5)")
        .bind(micros(change.at))
        .bind(change.kind)
        .bind(plain(change.subject))
        .bind(plain(change.because))
        .bind(plain(change.by))
        .execute(db)
        .await?;
    Ok(())
}
