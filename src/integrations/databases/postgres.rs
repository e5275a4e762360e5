//! Postgres, in transactions that only read.

use super::{CONNECTIONS, LARGEST, PATIENCE, Row, Slice, Taken, asked_rows, failed, too_large, too_slow};
use crate::ports::{Query, QueryError};
use futures::TryStreamExt as _;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::{
    AssertSqlSafe, Column as _, Either, Executor as _, PgConnection, PgPool, Postgres, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};
use std::str::FromStr as _;

/// What Postgres calls a statement that took too long.
const CANCELLED: &str = "57014";

pub(super) fn pool(url: &str) -> Result<PgPool, String> {
    let options = PgConnectOptions::from_str(url).map_err(|_| "it can't be read".to_owned())?;
    let options = options.application_name("deskhand-reading");
    let pool = PgPoolOptions::new().min_connections(0).max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(pool.connect_lazy_with(options))
}

pub(super) async fn select(pool: &PgPool, query: &Query<'_>) -> Result<Vec<Row>, QueryError> {
    let mut reading = begin(pool, query).await?;
    let text = format!(
        "SELECT * FROM (\n{}\n) AS t LIMIT {}",
        query.text.trim().trim_end_matches(';'),
        asked_rows(query)
    );
    fetch(&mut reading, query, &text, query.params).await
}

/// Kinds of columns whose values come back from JSON as they were.
const EXACT: &[&str] = &[
    "INT2",
    "INT4",
    "INT8",
    "TEXT",
    "VARCHAR",
    "BPCHAR",
    "NAME",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "UUID",
];

pub(super) async fn part(
    pool: &PgPool,
    query: &Query<'_>,
    slice: &Slice<'_>,
) -> Result<Vec<Row>, QueryError> {
    let mut reading = begin(pool, query).await?;
    let Some(from) = slice.from else { return fetch(&mut reading, query, &slice.sql(""), &[]).await };
    // Its value is a text here, so the column's own kind is asked for first.
    let asked = format!("SELECT {} FROM (\n{}\n) AS t", slice.column, slice.of);
    let prepared = reading.prepare(AssertSqlSafe(asked).into_sql_str()).await;
    let prepared = prepared.map_err(|error| trouble(query, error))?;
    let kind = prepared.columns().first().map_or("", |column| column.type_info().name()).to_owned();
    if !EXACT.contains(&kind.as_str()) {
        return Err(QueryError::Refused(format!(
            "the column {} is of the kind {kind}: rows are read on from a whole number, a time or a text",
            slice.column
        )));
    }
    let from = from.as_str().map_or_else(|| from.to_string(), str::to_owned);
    fetch(&mut reading, query, &slice.sql(&format!("$1::text::{kind}")), &[Value::String(from)]).await
}

fn trouble(query: &Query<'_>, error: sqlx::Error) -> QueryError {
    match &error {
        sqlx::Error::Database(says) if says.code().as_deref() == Some(CANCELLED) => too_slow(query),
        _ => failed(query, error),
    }
}

/// The server keeps both promises, whatever stands in the query: nothing is written, and it ends in time.
async fn begin<'p>(
    pool: &'p PgPool,
    query: &Query<'_>,
) -> Result<sqlx::Transaction<'p, Postgres>, QueryError> {
    let mut reading = pool.begin_with("BEGIN READ ONLY").await.map_err(|error| trouble(query, error))?;
    let limit = format!("SET LOCAL statement_timeout = {}", query.timeout.as_millis().max(1));
    reading.execute(AssertSqlSafe(limit)).await.map_err(|error| trouble(query, error))?;
    Ok(reading)
}

async fn fetch(
    reading: &mut PgConnection,
    query: &Query<'_>,
    rows: &str,
    params: &[Value],
) -> Result<Vec<Row>, QueryError> {
    let failed = |error: sqlx::Error| trouble(query, error);
    // As JSON, made over there: all types of Postgres come as people would write them. Cut, so that no row is too large
    // to be fetched at all.
    let text = format!("SELECT left(row_to_json(t)::text, {}) FROM (\n{rows}\n) AS t", LARGEST + 1);
    let prepared = reading.prepare(AssertSqlSafe(text).into_sql_str()).await.map_err(failed)?;
    let kinds: Vec<String> = match prepared.parameters() {
        Some(Either::Left(kinds)) => kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        _ => Vec::new(),
    };
    let mut asked = prepared.query();
    for (place, param) in params.iter().enumerate() {
        let kind = kinds.get(place).map_or("TEXT", String::as_str);
        asked = bind(asked, param, kind).map_err(|why| {
            let text = format!("the parameter ${} of the database {}: {why}", place + 1, query.database);
            QueryError::Refused(text)
        })?;
    }
    let mut taken = Taken::new(query);
    let mut rows = asked.fetch(reading);
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let text: String = sqlx::Row::try_get(&row, 0).map_err(failed)?;
        if text.len() > LARGEST {
            return Err(too_large(query));
        }
        let row: Row = serde_json::from_str(&text)
            .map_err(|error| QueryError::Refused(format!("a row can't be read as JSON: {error}")))?;
        taken.take(row, text.len())?;
    }
    Ok(taken.rows)
}

type Asked<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// A value as the type that the query wants there.
fn bind<'q>(asked: Asked<'q>, param: &Value, kind: &str) -> Result<Asked<'q>, String> {
    let text = || match param {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let whole = || match text() {
        None => Ok(None),
        Some(text) => {
            text.trim().parse::<i64>().map(Some).map_err(|_| format!("{kind} wants a whole number"))
        }
    };
    let fits = |number: i64, fits: bool| if fits { Ok(number) } else { Err(format!("too large for {kind}")) };
    Ok(match kind {
        "TEXT" | "VARCHAR" | "CHAR" | "BPCHAR" | "NAME" | "CITEXT" | "UNKNOWN" => asked.bind(text()),
        "INT8" => asked.bind(whole()?),
        "INT4" => {
            let number = whole()?.map(|number| fits(number, i32::try_from(number).is_ok())).transpose()?;
            asked.bind(number.map(|number| number as i32))
        }
        "INT2" => {
            let number = whole()?.map(|number| fits(number, i16::try_from(number).is_ok())).transpose()?;
            asked.bind(number.map(|number| number as i16))
        }
        "FLOAT4" | "FLOAT8" => {
            let number = text().map(|text| text.trim().parse::<f64>()).transpose();
            let number = number.map_err(|_| format!("{kind} wants a number"))?;
            match kind {
                "FLOAT4" => asked.bind(number.map(|number| number as f32)),
                _ => asked.bind(number),
            }
        }
        "BOOL" => match param {
            Value::Null => asked.bind(None::<bool>),
            Value::Bool(yes) => asked.bind(*yes),
            _ => return Err("BOOL wants true or false".to_owned()),
        },
        other => {
            return Err(format!(
                "{other} can't be given; write $1::text::{} in the query",
                other.to_lowercase()
            ));
        }
    })
}
