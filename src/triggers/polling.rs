//! Databases of the desk's owner that are looked at for new rows. A row is recorded as a firing in the transaction that
//! notes how far was read; so it fires once, whatever ends in between and however many processes look.

use super::{BEFORE, LEFT_OUT, POLL, Triggers, pause_after};
use crate::playbook::policy::trigger::{Beginning, On, Poll};
use crate::playbook::triggers::CheckedTrigger;
use crate::ports::storage::{PollPlace, Polled, PolledRow, Unavailable};
use crate::ports::{Part, Queries, Query, QueryError};
use chrono::TimeDelta;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a query may take where the file says nothing.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Rows at once where the file says nothing.
const ROWS: u32 = 100;
/// A process that has not said what came of its look by then, beside the time of its queries, has ended.
const ENDED: TimeDelta = TimeDelta::seconds(20);
/// The longest key that is kept as it is.
const KEY: usize = 200;

type Row = Map<String, Value>;

/// What one look brought.
struct Read {
    rows: Vec<PolledRow>,
    place: Option<Value>,
    /// Whether there may be more right now.
    more: bool,
}

impl Triggers {
    /// Looks at databases until `stop` says so; not at all where none is open.
    pub async fn poll(self, mut stop: watch::Receiver<bool>) {
        if self.databases.is_none() {
            return;
        }
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            match self.due_polls().await {
                Ok(due) => {
                    for trigger in due {
                        let engine = self.clone();
                        under_way.spawn(async move { engine.look(&trigger).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "polls could not be looked at; trying again"),
            }
            while let Some(done) = under_way.try_join_next() {
                match done {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "a poll could not be recorded; trying again"),
                    Err(error) => tracing::error!(%error, "a poll ended unexpectedly"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Looks at all that is due, one after another. Returns how many rows were new.
    pub async fn poll_round(&self) -> Result<usize, Unavailable> {
        let mut fresh = 0;
        for trigger in self.due_polls().await? {
            fresh += self.look(&trigger).await?;
        }
        Ok(fresh)
    }

    async fn due_polls(&self) -> Result<Vec<String>, Unavailable> {
        let book = self.library.current();
        let polled = |trigger: &&CheckedTrigger| matches!(trigger.on, On::Poll(_));
        let mut due: Vec<String> =
            book.triggers.values().filter(polled).map(|trigger| trigger.id.clone()).collect();
        if !due.is_empty() {
            let now = self.ledger.now();
            let known = self.ledger.storage.polls().await?;
            due.retain(|id| known.iter().all(|poll| poll.trigger != *id || poll.due <= now));
        }
        Ok(due)
    }

    async fn look(&self, id: &str) -> Result<usize, Unavailable> {
        let book = self.library.current();
        let Some(trigger) = book.triggers.get(id) else { return Ok(0) };
        let On::Poll(poll) = &trigger.on else { return Ok(0) };
        let storage = &self.ledger.storage;
        let now = self.ledger.now();
        let timeout = poll.timeout.map_or(TIMEOUT, |timeout| timeout.0);
        let until = now + ENDED + TimeDelta::from_std(timeout * 2).unwrap_or(ENDED);
        let reads = format!("{} {} {}", poll.database, poll.key, poll.cursor.as_deref().unwrap_or("-"));
        let Some(place) = storage.claim_poll(id, &reads, now, until).await? else { return Ok(0) };
        match self.read(trigger, poll, &place, timeout).await {
            Ok(Read { rows, place, more }) => {
                let unfit = rows.iter().filter(|row| row.outcome.as_deref().is_some_and(is_unfit)).count();
                let trouble = (unfit > 0).then(|| {
                    format!("{unfit} of the rows of the last look are not as the trigger declares them")
                });
                let now = self.ledger.now();
                let due = if more { now } else { now + poll.every.delta() };
                let trigger = id.to_owned();
                let fresh =
                    storage.polled(Polled { trigger, reads, at: now, due, place, rows, trouble }).await?;
                if fresh > 0 {
                    self.ledger.hub.triggers.notify_one();
                }
                Ok(fresh)
            }
            Err(error) => {
                tracing::warn!(trigger = id, %error, "a database could not be polled; trying again");
                metrics::counter!("deskhand_polls_failed_total", "trigger" => id.to_owned()).increment(1);
                let every = poll.every.delta();
                let pause = match error {
                    QueryError::Away(_) => pause_after(place.failures + 1).min(every),
                    QueryError::Refused(_) => every,
                };
                storage.poll_failed(id, &error.to_string(), self.ledger.now() + pause).await?;
                Ok(0)
            }
        }
    }

    async fn read(
        &self,
        trigger: &CheckedTrigger,
        poll: &Poll,
        place: &PollPlace,
        timeout: Duration,
    ) -> Result<Read, QueryError> {
        let Some(databases) = &self.databases else {
            return Err(QueryError::Refused("no database is open here".to_owned()));
        };
        let max_rows = poll.max_rows.unwrap_or(ROWS);
        let query = Query { database: &poll.database, text: &poll.query, params: &[], max_rows, timeout };
        let silent = place.first && poll.from == Beginning::Now;
        let mut more = false;
        let (rows, reached) = match &poll.cursor {
            None => (databases.select(query).await?, None),
            Some(column) => {
                let from = match silent {
                    true => {
                        match databases.part(query.clone(), column, &poll.key, Part::Newest).await?.first() {
                            Some(newest) => Some(value_of(newest, column)?),
                            None => return Ok(Read { rows: Vec::new(), place: None, more: false }),
                        }
                    }
                    false => place.place.clone(),
                };
                // The row that was read last comes again, to tell whether there are others of the same value.
                let at_once = max_rows + u32::from(from.is_some());
                let query = Query { max_rows: at_once, ..query.clone() };
                let rows = databases.part(query, column, &poll.key, Part::From(from.as_ref())).await?;
                more = rows.len() >= at_once as usize;
                let reached = rows.last().map(|row| value_of(row, column)).transpose()?;
                if more && reached == from {
                    return Err(QueryError::Refused(format!(
                        "{max_rows} rows or more have the same value in {column}, so that it can't be read on: raise `max_rows`, or take a column that tells rows apart"
                    )));
                }
                (rows, reached)
            }
        };
        let rows = rows.into_iter().map(|row| taken(trigger, &poll.key, row, silent)).collect();
        Ok(Read { rows, place: reached, more })
    }

    /// The same, reading these databases.
    #[must_use]
    pub fn reading(mut self, databases: std::sync::Arc<dyn Queries>) -> Self {
        self.databases = Some(databases);
        self
    }
}

/// A value that comes back from our storage as it went in.
fn value_of(row: &Row, column: &str) -> Result<Value, QueryError> {
    match row.get(column) {
        Some(value @ Value::String(_)) => Ok(value.clone()),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Value::Number(number.clone())),
        Some(_) => Err(QueryError::Refused(format!(
            "the column {column} holds something else than a whole number or a text: it is no cursor"
        ))),
        None => Err(QueryError::Refused(format!("the query gives no column {column}"))),
    }
}

/// A row as an event; columns without a value are absent.
fn taken(trigger: &CheckedTrigger, key: &str, mut row: Row, silent: bool) -> PolledRow {
    row.retain(|_, value| !value.is_null());
    let whole = || hex::encode(Sha256::digest(Value::Object(row.clone()).to_string().as_bytes()));
    let named = match row.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let Some(occurrence) = named else {
        let outcome = Some(unfit(&format!("it has no {key}, by which it would be known")));
        return PolledRow { occurrence: format!("row {}", whole()), event: Value::Object(row), outcome };
    };
    let occurrence = match occurrence.chars().count() <= KEY && !occurrence.contains('\0') {
        true => occurrence,
        false => hex::encode(Sha256::digest(occurrence.as_bytes())),
    };
    match trigger.takes(Value::Object(row.clone())) {
        Ok(event) => PolledRow { occurrence, event, outcome: silent.then(|| BEFORE.to_owned()) },
        Err(error) => {
            PolledRow { occurrence, event: Value::Object(row), outcome: Some(unfit(&error.to_string())) }
        }
    }
}

fn unfit(why: &str) -> String {
    format!("{LEFT_OUT}: {why}")
}

fn is_unfit(outcome: &str) -> bool {
    outcome.starts_with(LEFT_OUT)
}
