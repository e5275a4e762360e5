//! A store to tell stories about, and the words to tell them in.

use crate::support::postgres;
use channels::Channel;
use chrono::{DateTime, TimeDelta};
use deskhand::domain::Time;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::customer::Customer;
use deskhand::domain::effect::Effect;
use deskhand::domain::event::{Author, Event};
use deskhand::domain::ids::{ConversationId, CustomerId, UserId};
use deskhand::domain::person::PersonRef;
use deskhand::domain::ticket::Priority;
use deskhand::ports::storage::{Commit, Storage};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

/// An empty database.
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn Storage>,
    pub(crate) url: String,
    pub(crate) folder: Option<TempDir>,
}

impl Desk {
    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        let store = deskhand::store::open(&url).await.expect("a SQLite file to open");
        Self { store, url, folder: Some(folder) }
    }

    /// `None` where Postgres is not installed.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = postgres::shared()?.database().await;
        let store = deskhand::store::open(&url).await.expect("a Postgres database to open");
        Some(Self { store, url, folder: None })
    }

    /// The process ends and another begins.
    pub(crate) async fn reopened(self) -> Self {
        self.store.close().await;
        let store = deskhand::store::open(&self.url).await.expect("the database to open again");
        Self { store, ..self }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        if self.folder.is_some() {
            let mut db = SqliteConnection::connect(&self.url).await.expect("the file");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await.expect("the statement to run");
            db.close().await.expect("a farewell");
        } else {
            let mut db = PgConnection::connect(&self.url).await.expect("the server");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await.expect("the statement to run");
            db.close().await.expect("a farewell");
        }
    }

    /// A conversation that has just begun with these words.
    pub(crate) async fn talk(&self, channel: Channel, words: &str) -> Conversation {
        self.put(opening(channel, &format!("address-{}", next()), None, words)).await
    }

    /// Writes what must be written.
    pub(crate) async fn put(&self, commit: Commit) -> Conversation {
        let after = commit.after.clone();
        self.store.commit(commit).await.expect("the commit to be written");
        after
    }

    /// The conversation as the store has it.
    pub(crate) async fn read(&self, id: ConversationId) -> Conversation {
        self.store.conversation(id).await.expect("an answer").expect("the conversation")
    }

    /// What happened in it.
    pub(crate) async fn log(&self, id: ConversationId) -> Vec<deskhand::domain::event::Entry> {
        self.store.events(id, 0, 10_000).await.expect("an answer")
    }
}

/// A number that no other story has.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn id() -> Uuid {
    Uuid::from_u128(u128::from(next()))
}

/// So many seconds after the story began.
pub(crate) fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_767_600_000, 0).expect("a time") + TimeDelta::seconds(seconds)
}

pub(crate) fn opening(
    channel: Channel,
    address: &str,
    follows: Option<ConversationId>,
    words: &str,
) -> Commit {
    opening_of(CustomerId(id()), channel, address, follows, words)
}

pub(crate) fn opening_of(
    customer: CustomerId,
    channel: Channel,
    address: &str,
    follows: Option<ConversationId>,
    words: &str,
) -> Commit {
    let opened =
        Event::Opened { channel, customer, address: address.to_owned(), locale: None, page: None, follows };
    Commit::opening(ConversationId(id()), at(0), vec![opened, received(words)]).expect("an opening")
}

pub(crate) fn received(words: &str) -> Event {
    Event::Received {
        external_id: format!("m-{}", next()),
        text: words.to_owned(),
        choice: None,
        attachments: Vec::new(),
        quoted: None,
        edits: None,
    }
}

pub(crate) fn said(author: Author, words: &str) -> Event {
    Event::Said {
        author,
        text: words.to_owned(),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
        client_id: None,
    }
}

pub(crate) fn notify(words: &str) -> Event {
    Event::Requested {
        effect: Effect::Notify { team: "billing".into(), text: words.into(), priority: Priority::High },
    }
}

pub(crate) fn handed_off(priority: Priority) -> Event {
    Event::HandedOff {
        team: "billing".into(),
        priority,
        reasons: Vec::new(),
        summary: "Charged twice.".into(),
        overdue_at: at(600),
        by: None,
    }
}

pub(crate) fn agent(name: &str) -> PersonRef {
    PersonRef { id: UserId(id()), name: name.to_owned() }
}

pub(crate) fn customer(name: Option<&str>, email: Option<&str>) -> Customer {
    Customer {
        id: CustomerId(id()),
        name: name.map(Into::into),
        email: email.map(Into::into),
        verified: false,
        external: None,
        locale: None,
    }
}
