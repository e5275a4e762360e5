//! Named databases of the desk's owner, opened for reading only: a read-only transaction on Postgres, a file opened
//! read-only on SQLite; each query with a time limit that the database itself keeps, and with limits of rows and size.

mod postgres;
mod sqlite;

use crate::ports::{Part, Queries, Query, QueryError};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Connections to one database at most.
const CONNECTIONS: u32 = 4;
/// How long a free connection is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest that all rows of one answer may be as JSON, in bytes.
const LARGEST: usize = 256 * 1024;
/// How much longer than the database's own limit an answer is waited for.
const GRACE: Duration = Duration::from_millis(500);

type Row = Map<String, Value>;

enum Pool {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

/// All of them, by name. They are connected to when they are first asked.
#[derive(Default)]
pub struct Databases {
    named: BTreeMap<String, Pool>,
}

impl Databases {
    /// By the settings. An address that is none is named without being shown: it may hold a password.
    pub fn new<'a>(urls: impl IntoIterator<Item = (&'a String, &'a SecretString)>) -> Result<Self, String> {
        let mut named = BTreeMap::new();
        for (name, url) in urls {
            let url = url.expose_secret();
            let kind = url.split(':').next().unwrap_or_default();
            let pool = match kind {
                "sqlite" => sqlite::pool(url).map(Pool::Sqlite),
                "postgres" | "postgresql" => postgres::pool(url).map(Pool::Postgres),
                _ => Err("expected sqlite:PATH or postgres://user:password@host/database".to_owned()),
            };
            let pool =
                pool.map_err(|why| format!("databases.{name}.url is no address of a database: {why}"))?;
            named.insert(name.clone(), pool);
        }
        Ok(Self { named })
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }
}

#[async_trait]
impl Queries for Databases {
    async fn select(&self, query: Query<'_>) -> Result<Vec<Row>, QueryError> {
        let asked = async {
            match self.pool(&query)? {
                Pool::Sqlite(pool) => sqlite::select(pool, &query).await,
                Pool::Postgres(pool) => postgres::select(pool, &query).await,
            }
        };
        in_time(&query, asked).await
    }

    async fn part(
        &self,
        query: Query<'_>,
        column: &str,
        key: &str,
        part: Part<'_>,
    ) -> Result<Vec<Row>, QueryError> {
        let slice = Slice::new(&query, column, key, part)?;
        let asked = async {
            match self.pool(&query)? {
                Pool::Sqlite(pool) => sqlite::part(pool, &query, &slice).await,
                Pool::Postgres(pool) => postgres::part(pool, &query, &slice).await,
            }
        };
        in_time(&query, asked).await
    }
}

impl Databases {
    fn pool(&self, query: &Query<'_>) -> Result<&Pool, QueryError> {
        self.named.get(query.database).ok_or_else(|| {
            QueryError::Refused(format!("the setting databases.{}.url is missing", query.database))
        })
    }
}

async fn in_time(
    query: &Query<'_>,
    asked: impl Future<Output = Result<Vec<Row>, QueryError>>,
) -> Result<Vec<Row>, QueryError> {
    match tokio::time::timeout(query.timeout + GRACE, asked).await {
        Ok(rows) => rows,
        Err(_) => Err(too_slow(query)),
    }
}

/// A part of a query's rows as SQL says it.
struct Slice<'a> {
    /// The query without its semicolon.
    of: &'a str,
    /// The column, in quotes.
    column: String,
    /// What stands before the rows' limit: the order.
    order: String,
    rows: u32,
    from: Option<&'a Value>,
}

impl<'a> Slice<'a> {
    fn new(query: &'a Query<'_>, column: &str, key: &str, part: Part<'a>) -> Result<Self, QueryError> {
        let plain = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if !plain(column) || !plain(key) {
            return Err(QueryError::Refused("a column's name has letters, digits and _".to_owned()));
        }
        // With the table before it, so that SQLite does not take an unknown column for a text.
        let (column, key) = (format!("t.\"{column}\""), format!("t.\"{key}\""));
        let (order, rows, from) = match part {
            Part::Newest => (format!("{column} DESC"), 1, None),
            Part::From(from) => (format!("{column}, {key}"), query.max_rows, from),
        };
        Ok(Self { of: query.text.trim().trim_end_matches(';'), column, order, rows, from })
    }

    /// The rows; `value` is how the first one's value is written.
    fn sql(&self, value: &str) -> String {
        let Self { of, column, order, rows, from } = self;
        let whose = match from {
            Some(_) => format!("{column} >= {value}"),
            None => format!("{column} IS NOT NULL"),
        };
        format!("SELECT t.* FROM (\n{of}\n) AS t WHERE {whose} ORDER BY {order} LIMIT {rows}")
    }
}

/// Rows as they come in, within the limits.
struct Taken<'a> {
    query: &'a Query<'a>,
    rows: Vec<Row>,
    bytes: usize,
}

impl<'a> Taken<'a> {
    fn new(query: &'a Query<'a>) -> Self {
        Self { query, rows: Vec::new(), bytes: 0 }
    }

    /// Takes a row in; `bytes` is its length as JSON.
    fn take(&mut self, row: Row, bytes: usize) -> Result<(), QueryError> {
        self.bytes += bytes;
        if self.bytes > LARGEST {
            return Err(too_large(self.query));
        }
        if self.rows.len() >= self.query.max_rows as usize {
            let text =
                format!("the database {} gave more than {} rows", self.query.database, self.query.max_rows);
            return Err(QueryError::Refused(text));
        }
        self.rows.push(row);
        Ok(())
    }
}

/// One more row than allowed is asked for, to tell "all" from "too many".
fn asked_rows(query: &Query<'_>) -> u64 {
    u64::from(query.max_rows) + 1
}

fn too_large(query: &Query<'_>) -> QueryError {
    QueryError::Refused(format!(
        "the answer of the database {} is longer than {LARGEST} bytes",
        query.database
    ))
}

fn too_slow(query: &Query<'_>) -> QueryError {
    let text =
        format!("the database {} has not answered within {} s", query.database, query.timeout.as_secs_f32());
    QueryError::Away(text)
}

/// What a database says is for agents and may quote what is in it: one line, and not all of it.
fn words(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    line.trim().chars().take(200).collect()
}

fn failed(query: &Query<'_>, error: sqlx::Error) -> QueryError {
    let name = query.database;
    match error {
        sqlx::Error::Database(error) => {
            QueryError::Refused(format!("the database {name} refuses the query: {}", words(error.message())))
        }
        sqlx::Error::PoolTimedOut => QueryError::Away(format!("the database {name} has no free connection")),
        // What the driver says of a connection names hosts and users, never passwords; still, it is shortened.
        other => {
            QueryError::Away(format!("the database {name} does not answer: {}", words(&other.to_string())))
        }
    }
}
