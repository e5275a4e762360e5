//! SQLite files, opened read-only.

use super::{CONNECTIONS, PATIENCE, Row, Slice, Taken, asked_rows, failed, too_slow};
use crate::ports::{Query, QueryError};
use futures::TryStreamExt as _;
use serde_json::Value;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, SqlitePool, TypeInfo as _, ValueRef as _};
use std::str::FromStr as _;
use tokio::time::Instant;

/// Steps of SQLite's own machine between two looks at the clock.
const STEPS: i32 = 10_000;

pub(super) fn pool(url: &str) -> Result<SqlitePool, String> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| error.to_string())?;
    let options = options
        .read_only(true)
        .create_if_missing(false)
        .pragma("query_only", "on")
        .pragma("trusted_schema", "off")
        .busy_timeout(PATIENCE / 3);
    let pool =
        SqlitePoolOptions::new().min_connections(0).max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(pool.connect_lazy_with(options))
}

pub(super) async fn select(pool: &SqlitePool, query: &Query<'_>) -> Result<Vec<Row>, QueryError> {
    let text = format!("SELECT * FROM (\n{}\n) LIMIT {}", bare(query.text), asked_rows(query));
    fetch(pool, query, text, query.params.iter()).await
}

pub(super) async fn part(
    pool: &SqlitePool,
    query: &Query<'_>,
    slice: &Slice<'_>,
) -> Result<Vec<Row>, QueryError> {
    fetch(pool, query, slice.sql("$1"), slice.from.into_iter()).await
}

async fn fetch(
    pool: &SqlitePool,
    query: &Query<'_>,
    text: String,
    params: impl Iterator<Item = &Value>,
) -> Result<Vec<Row>, QueryError> {
    let mut db = pool.acquire().await.map_err(|error| failed(query, error))?;
    let deadline = Instant::now() + query.timeout;
    db.lock_handle()
        .await
        .map_err(|error| failed(query, error))?
        .set_progress_handler(STEPS, move || Instant::now() < deadline);
    let mut asked = sqlx::query(AssertSqlSafe(text));
    for param in params {
        asked = bind(asked, param);
    }
    let mut taken = Taken::new(query);
    let mut rows = asked.fetch(&mut *db);
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => {
                let row = object(&row, query)?;
                let bytes = serde_json::to_string(&row).map_or(0, |text| text.len());
                taken.take(row, bytes)?;
            }
            Ok(None) => return Ok(taken.rows),
            Err(_) if Instant::now() >= deadline => return Err(too_slow(query)),
            Err(error) => return Err(failed(query, error)),
        }
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_end_matches(';')
}

type Asked<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(asked: Asked<'q>, param: &Value) -> Asked<'q> {
    match param {
        Value::Null => asked.bind(None::<String>),
        Value::Bool(yes) => asked.bind(*yes),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => asked.bind(whole),
            None => asked.bind(number.as_f64()),
        },
        Value::String(text) => asked.bind(text.clone()),
        other => asked.bind(other.to_string()),
    }
}

fn object(row: &SqliteRow, query: &Query<'_>) -> Result<Row, QueryError> {
    let mut object = Row::new();
    for (place, column) in row.columns().iter().enumerate() {
        let value = row.try_get_raw(place).map_err(|error| failed(query, error))?;
        let kind = value.type_info().name().to_owned();
        let read = match (value.is_null(), kind.as_str()) {
            (true, _) => Ok(Value::Null),
            (_, "BLOB") => {
                let text =
                    format!("the column {} of the database {} holds no text", column.name(), query.database);
                return Err(QueryError::Refused(text));
            }
            (_, "INTEGER") => row.try_get_unchecked::<i64, _>(place).map(Value::from),
            (_, "REAL") => row.try_get_unchecked::<f64, _>(place).map(Value::from),
            _ => row.try_get_unchecked::<String, _>(place).map(Value::from),
        };
        object.insert(column.name().to_owned(), read.map_err(|error| failed(query, error))?);
    }
    Ok(object)
}
