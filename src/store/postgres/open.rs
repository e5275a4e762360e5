//! Reaching a Postgres server.

use super::shared::Store;
use super::{Connection, Db, Engine};
use crate::store::{OpenError, migrations};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Pool};
use std::time::Duration;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/postgres");

/// How many connections are open at most.
const CONNECTIONS: u32 = 16;
/// How long a caller waits for one of them.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the first connection may take.
const FIRST: Duration = Duration::from_secs(10);

/// Opens `postgres://user:password@host/database`, bringing its tables up to date.
pub async fn open(url: &str) -> Result<Store, OpenError> {
    let options = options(url)?;
    let place = place(&options);
    bring_up_to_date(&options).await?;
    let pool: Pool<Db> =
        PoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE).connect_lazy_with(options);
    Store::new(Engine::new(pool))
        .await
        .map_err(|error| OpenError::Refused { place, cause: error.to_string() })
}

/// Brings the tables up to date; returns the names of the migrations that were missing.
pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    bring_up_to_date(&options(url)?).await
}

async fn bring_up_to_date(options: &PgConnectOptions) -> Result<Vec<String>, OpenError> {
    let place = place(options);
    // Not from the pool, which would try again and in the end say only that it took too long.
    let connecting = tokio::time::timeout(FIRST, Connection::connect_with(options));
    let mut db = match connecting.await {
        Ok(connected) => connected.map_err(|error| OpenError::refused(&place, &error))?,
        Err(_) => {
            return Err(OpenError::Refused {
                place,
                cause: format!("no answer within {} s; is the server reachable from here?", FIRST.as_secs()),
            });
        }
    };
    let migrated = migrations::run(&MIGRATOR, &mut db).await;
    db.close().await.map_err(|error| OpenError::refused(&place, &error))?;
    migrated
}

fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    url.parse().map_err(|error: sqlx::Error| OpenError::Address(error.to_string()))
}

/// Which database, without the password.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{database} on {}:{}", options.get_host(), options.get_port())
}
