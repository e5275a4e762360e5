//! A shop's database is looked at for new rows: each sets the desk off once, whatever ends in between.

use super::calls::ada;
use crate::support::postgres;
use crate::support::world::{World, library_with};
use async_trait::async_trait;
use deskhand::domain::switch::SwitchedOff;
use deskhand::integrations::databases::Databases;
use deskhand::ports::storage::{Firing, FiringFilter, PollHealth};
use deskhand::ports::{Part, Queries, Query, QueryError};
use deskhand::triggers::Triggers;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Connection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const TABLE: &str =
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT, email TEXT, late INTEGER, changed TEXT)";

/// With a cursor, and what is done about a row.
const LATE: &str = r#"
id: order-late
name: An order is late
description: The shop's database says so.
on:
  poll: {database: shop, query: "SELECT id, number, email, late FROM orders WHERE late > 0", every: 5m, key: id, cursor: id, max_rows: 3}
event: order.late
payload:
  type: object
  required: [number, email]
  properties: {number: {type: string, maxLength: 20}, email: {type: string}, late: {type: integer}}
find:
  - email: "{{ event.email }}"
about: "{{ event.number }}"
then:
  tags: [late-order]
  say:
    en: "Your order {{ event.number }} is {{ event.late }} days late."
    de: "Ihre Bestellung {{ event.number }} ist {{ event.late }} Tage zu spät."
    fr: "Votre commande {{ event.number }} a {{ event.late }} jours de retard."
    es: "Su pedido {{ event.number }} lleva {{ event.late }} días de retraso."
"#;

const FILE: &str = "policies/triggers/order-late.yaml";

struct Shop {
    url: String,
    databases: Arc<Databases>,
    _folder: Option<TempDir>,
}

impl Shop {
    async fn both() -> Vec<Self> {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("shop.db");
        let mut urls = vec![(format!("sqlite:{}", file.display()), Some(folder))];
        if let Some(cluster) = postgres::shared() {
            urls.push((cluster.database().await, None));
        }
        let mut shops = Vec::new();
        for (url, folder) in urls {
            let secret = url.clone().into();
            let databases = Arc::new(Databases::new([(&"shop".to_owned(), &secret)]).unwrap());
            let shop = Self { url, databases, _folder: folder };
            shop.does(TABLE).await;
            shops.push(shop);
        }
        shops
    }

    async fn on_sqlite() -> Self {
        Self::both().await.remove(0)
    }

    /// Something happens over there.
    async fn does(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if self.url.starts_with("sqlite") {
            let mut db = sqlx::SqliteConnection::connect(&format!("{}?mode=rwc", self.url)).await.unwrap();
            sql.execute(&mut db).await.unwrap();
            db.close().await.unwrap();
        } else {
            let mut db = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sql.execute(&mut db).await.unwrap();
            db.close().await.unwrap();
        }
    }

    async fn orders(&self, ids: std::ops::RangeInclusive<i64>) {
        let rows: Vec<String> =
            ids.map(|id| format!("({id}, 'HB-{id}', 'ada@example.com', 4, NULL)")).collect();
        self.does(&format!("INSERT INTO orders VALUES {}", rows.join(", "))).await;
    }
}

/// Looks until there is nothing left, and lets the desk do what follows.
async fn looks(world: &World, triggers: &Triggers) -> usize {
    let mut fresh = 0;
    loop {
        match triggers.poll_round().await.unwrap() {
            0 => break,
            more => fresh += more,
        }
    }
    world.ledger.hub.triggers.notify_one();
    world.settles().await;
    fresh
}

async fn firings(world: &World) -> Vec<Firing> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let filter = FiringFilter { trigger: None, cursor, limit: 200 };
        let page = world.ledger.storage.firings(&filter).await.unwrap();
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn occurrences(world: &World) -> Vec<String> {
    let mut all: Vec<String> = firings(world).await.into_iter().map(|firing| firing.occurrence).collect();
    all.sort_by_key(|occurrence| occurrence.parse::<i64>().unwrap_or(i64::MAX));
    all
}

async fn health(world: &World) -> PollHealth {
    world.ledger.storage.polls().await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_row_is_told_to_whom_it_concerns_and_old_ones_are_not() {
    for shop in Shop::both().await {
        shop.orders(1..=2).await;
        let world = World::with(&[(FILE, LATE)]).await;
        let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
        let ada = ada(&world).await;
        ada.says("How do I export a project to CSV?").await;
        ada.hears().await;
        // The first look: what is there already concerns nobody any more.
        looks(&world, &triggers).await;
        assert_eq!(ada.hears().await, "", "{}", shop.url);
        shop.orders(3..=3).await;
        assert_eq!(looks(&world, &triggers).await, 0, "it is looked every five minutes");
        world.wait(5);
        assert_eq!(looks(&world, &triggers).await, 1);
        assert_eq!(ada.hears().await, "bot: Your order HB-3 is 4 days late.");
        assert!(ada.talk().await.tags.contains(&"late-order".to_owned()));
        // The same rows again, over a restart too: nothing.
        let next = world.restarts(library_with(&[(FILE, LATE)])).await;
        let triggers = next.desk.triggers.clone().reading(shop.databases.clone());
        next.wait(5);
        assert_eq!(looks(&next, &triggers).await, 0);
        // Many at once come page by page, in their order, each once.
        shop.orders(4..=20).await;
        next.wait(5);
        assert_eq!(looks(&next, &triggers).await, 17);
        assert_eq!(health(&next).await.trouble, None);
        let all = occurrences(&next).await;
        assert_eq!(all, (2..=20).map(|id| id.to_string()).collect::<Vec<_>>(), "{}", shop.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_from_the_beginning_takes_every_row_by_a_time_too_and_ties_are_not_lost() {
    for shop in Shop::both().await {
        let time = if shop.url.starts_with("sqlite") { "changed" } else { "changed::timestamptz AS changed" };
        let text = LATE
            .replace("SELECT id, number, email, late", &format!("SELECT id, number, email, late, {time}"))
            .replace("cursor: id", "cursor: changed, from: beginning");
        let stamp = |id: i64, minute: i64| {
            format!("({id}, 'HB-{id}', 'nobody@example.com', 1, '2026-03-04T09:{minute:02}:00.123456+00:00')")
        };
        let rows: Vec<String> = (1..=7).map(|id| stamp(id, id / 2)).collect();
        shop.does(&format!("INSERT INTO orders VALUES {}", rows.join(", "))).await;
        let world = World::with(&[(FILE, &text)]).await;
        let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
        assert_eq!(looks(&world, &triggers).await, 7, "{}", shop.url);
        // One more of the same moment as the last, with a lower number.
        shop.does(&format!("INSERT INTO orders VALUES {}", stamp(0, 3))).await;
        world.wait(5);
        assert_eq!(looks(&world, &triggers).await, 1, "{}", shop.url);
        assert_eq!(occurrences(&world).await.len(), 8);
        // More of one moment than are read at once can't be told apart by it: somebody must look.
        let same: Vec<String> = (20..=26).map(|id| stamp(id, 9)).collect();
        shop.does(&format!("INSERT INTO orders VALUES {}", same.join(", "))).await;
        world.wait(5);
        looks(&world, &triggers).await;
        let trouble = health(&world).await.trouble.unwrap();
        assert!(trouble.contains("raise `max_rows`"), "{trouble}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cursor_every_row_is_read_each_time_and_its_key_tells_it_apart() {
    for shop in Shop::both().await {
        let text =
            LATE.replace("key: id, cursor: id, max_rows: 3", "key: number, from: beginning, max_rows: 5");
        shop.orders(1..=4).await;
        let world = World::with(&[(FILE, &text)]).await;
        let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
        assert_eq!(looks(&world, &triggers).await, 4);
        shop.does("DELETE FROM orders WHERE id < 3").await;
        shop.orders(5..=5).await;
        world.wait(5);
        assert_eq!(looks(&world, &triggers).await, 1, "{}", shop.url);
        // It comes back: it has been told of already.
        shop.orders(1..=1).await;
        world.wait(5);
        assert_eq!(looks(&world, &triggers).await, 0);
        shop.orders(6..=9).await;
        world.wait(5);
        assert_eq!(looks(&world, &triggers).await, 0);
        assert!(health(&world).await.trouble.unwrap().contains("more than 5 rows"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_not_as_declared_is_shown_and_holds_up_no_other() {
    for shop in Shop::both().await {
        let text = LATE.replace("cursor: id, max_rows: 3", "cursor: id, from: beginning");
        shop.does(
            "INSERT INTO orders VALUES (1, 'HB-1', NULL, 4, NULL), (2, '{{ 7 * 7 }}', 'x', 1, NULL), (3, 'a number that is far too long', 'x', 1, NULL)",
        )
        .await;
        let world = World::with(&[(FILE, &text)]).await;
        let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
        assert_eq!(looks(&world, &triggers).await, 3);
        let mut all = firings(&world).await;
        all.sort_by(|a, b| a.occurrence.cmp(&b.occurrence));
        let outcomes: Vec<&str> = all.iter().map(|firing| firing.outcome.as_deref().unwrap()).collect();
        assert!(
            outcomes[0].starts_with("The row was left out") && outcomes[0].contains("email"),
            "{outcomes:?}"
        );
        assert_eq!(outcomes[1], "Nobody was found whose matter it is.", "it stays a text");
        assert!(outcomes[2].starts_with("The row was left out"), "{outcomes:?}");
        assert!(health(&world).await.trouble.unwrap().starts_with("2 of the rows"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_shown_and_asked_again_soon() {
    let shop = Shop::on_sqlite().await;
    let world = World::with(&[(FILE, LATE)]).await;
    let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
    looks(&world, &triggers).await;
    shop.does("ALTER TABLE orders RENAME TO hidden").await;
    world.wait(5);
    looks(&world, &triggers).await;
    let ill = health(&world).await;
    assert_eq!(ill.failures, 1);
    assert!(ill.trouble.unwrap().contains("refuses the query"), "{:?}", ill.due);
    shop.does("ALTER TABLE hidden RENAME TO orders").await;
    shop.orders(1..=1).await;
    world.wait(5);
    assert_eq!(looks(&world, &triggers).await, 1);
    let well = health(&world).await;
    assert_eq!((well.failures, well.trouble), (0, None));
    // No such database at all: said in a sentence.
    let nowhere = world.desk.triggers.clone().reading(Arc::new(Databases::default()));
    world.wait(5);
    nowhere.poll_round().await.unwrap();
    assert!(health(&world).await.trouble.unwrap().contains("databases.shop.url is missing"));
}

/// A database, and a process that ends after it has read and before it has said so.
struct Fatal {
    inner: Arc<Databases>,
    dies: AtomicBool,
}

#[async_trait]
impl Queries for Fatal {
    async fn select(&self, query: Query<'_>) -> Result<Vec<Map<String, Value>>, QueryError> {
        self.inner.select(query).await
    }

    async fn part(
        &self,
        query: Query<'_>,
        column: &str,
        key: &str,
        part: Part<'_>,
    ) -> Result<Vec<Map<String, Value>>, QueryError> {
        let rows = self.inner.part(query, column, key, part).await;
        if self.dies.swap(false, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        rows
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_in_the_middle_loses_nothing_and_doubles_nothing() {
    for shop in Shop::both().await {
        let text = LATE.replace("cursor: id, max_rows: 3", "cursor: id, from: beginning, max_rows: 3");
        shop.orders(1..=10).await;
        let world = World::with(&[(FILE, &text)]).await;
        let fatal = Arc::new(Fatal { inner: shop.databases.clone(), dies: AtomicBool::new(true) });
        let dying = world.desk.triggers.clone().reading(fatal.clone());
        for _ in 0..3 {
            fatal.dies.store(true, Ordering::SeqCst);
            let died = tokio::time::timeout(Duration::from_secs(2), dying.poll_round()).await;
            assert!(died.is_err(), "it was in the middle of its look");
            assert_eq!(dying.poll_round().await.unwrap(), 0, "another waits until the dead one is given up");
            world.wait(1);
            // What follows lives for one page.
            assert_eq!(dying.poll_round().await.unwrap(), 3);
        }
        // Two processes at once.
        world.wait(5);
        let others = (0..4).map(|_| {
            let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
            async move { triggers.poll_round().await.unwrap() }
        });
        let fresh: usize = futures::future::join_all(others).await.into_iter().sum();
        assert_eq!(fresh, 1, "{}", shop.url);
        world.settles().await;
        assert_eq!(occurrences(&world).await, (1..=10).map(|id| id.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bot_is_off_a_row_is_noted_and_nothing_is_said() {
    let shop = Shop::on_sqlite().await;
    let world = World::with(&[(FILE, LATE)]).await;
    let triggers = world.desk.triggers.clone().reading(shop.databases.clone());
    let ada = ada(&world).await;
    ada.says("How do I export a project to CSV?").await;
    ada.hears().await;
    looks(&world, &triggers).await;
    let off = SwitchedOff {
        switch: "all".parse().unwrap(),
        because: "it says nonsense".to_owned(),
        by: "Maria".to_owned(),
        at: world.ledger.now(),
    };
    assert!(world.ledger.storage.switch_off(&off).await.unwrap());
    shop.orders(1..=1).await;
    world.wait(5);
    assert_eq!(looks(&world, &triggers).await, 1);
    assert!(!ada.hears().await.contains("HB-1"));
    assert!(ada.talk().await.tags.contains(&"late-order".to_owned()), "the event itself is noted");
}
