//! A shop's database is read by actions, on SQLite and on Postgres: with parameters only, and nothing can be changed.

use crate::support::postgres;
use crate::support::world::library_with;
use deskhand::integrations::actions::HttpActions;
use deskhand::integrations::databases::Databases;
use deskhand::integrations::programs::Programs;
use deskhand::integrations::systems::Systems;
use deskhand::integrations::tools::Tools;
use deskhand::playbook::actions::Action;
use deskhand::ports::{Actions, CallError, Queries, Query, QueryError};
use serde_json::{Value, json};
use sqlx::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const TABLE: &str =
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT, status TEXT, total REAL, note TEXT);
    INSERT INTO orders (id, number, status, total, note) VALUES
    (1, 'HB-1', 'shipped', 80.5, NULL), (2, 'HB-2', 'open', 12, 'x''); DROP TABLE orders; --')";

/// A shop with a database, and what it is read through.
struct Shop {
    url: String,
    databases: Arc<Databases>,
    _folder: Option<TempDir>,
}

impl Shop {
    fn at(url: String, folder: Option<TempDir>) -> Self {
        let secret = url.clone().into();
        let databases = Arc::new(Databases::new([(&"shop".to_owned(), &secret)]).unwrap());
        Self { url, databases, _folder: folder }
    }

    async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("shop.db");
        let mut db =
            sqlx::SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", file.display())).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
        Self::at(format!("sqlite:{}", file.display()), Some(folder))
    }

    async fn on_postgres() -> Option<Self> {
        let url = postgres::shared()?.database().await;
        let mut db = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
        Some(Self::at(url, None))
    }

    async fn both() -> Vec<Self> {
        [Some(Self::on_sqlite().await), Self::on_postgres().await].into_iter().flatten().collect()
    }

    async fn select(&self, text: &str, params: &[Value], ms: u64) -> Result<Vec<Value>, QueryError> {
        let query =
            Query { database: "shop", text, params, max_rows: 20, timeout: Duration::from_millis(ms) };
        self.databases.select(query).await.map(|rows| rows.into_iter().map(Value::Object).collect())
    }

    fn systems(&self) -> Systems {
        drop(rustls::crypto::ring::default_provider().install_default());
        Systems {
            http: HttpActions::new(&[], BTreeMap::new()).unwrap(),
            databases: self.databases.clone(),
            programs: Programs::default(),
            tools: Tools::default(),
        }
    }

    fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }
}

fn find() -> Action {
    let text = r#"
id: depot.find
name: Find an order
description: Looks an order up.
kind: read
sql:
  database: shop
  query: SELECT number, status, total FROM orders WHERE number = $1 AND id >= $2;
  params: ["{{ input.number }}", "{{ input.from }}"]
input: {type: object, required: [number], properties: {number: {type: string}, from: {type: integer}}}
output:
  type: object
  required: [found]
  properties:
    found: {type: boolean}
    row: {type: object, required: [status], properties: {status: {type: string, enum: [open, shipped]}, total: {type: number}}}
"#;
    library_with(&[("policies/actions/depot.find.yaml", text)]).current().actions["depot.find"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_and_what_a_customer_types_stays_a_value() {
    let find = find();
    for shop in Shop::both().await {
        let systems = shop.systems();
        let found = systems.run("k", &find, &json!({"number": "HB-1", "from": 0})).await.unwrap();
        let found = find.gives(found).unwrap();
        assert_eq!(
            (&found["row"]["status"], &found["row"]["total"]),
            (&json!("shipped"), &json!(80.5)),
            "{}",
            shop.url
        );
        let typed = "x' OR '1'='1'; DROP TABLE orders; --";
        let none = systems.run("k", &find, &json!({"number": typed, "from": 0})).await.unwrap();
        let none = find.gives(none).unwrap();
        assert_eq!((&none["found"], &none["row"]["status"]), (&json!(false), &json!("")));
        assert_eq!(
            shop.select("SELECT count(*) AS n FROM orders", &[], 2000).await.unwrap(),
            [json!({"n": 2})]
        );
    }
}

/// The author's check is for the author; the database itself lets nothing be changed.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_changed_whatever_the_query_says() {
    for shop in Shop::both().await {
        let mut tries = vec![
            "DELETE FROM orders",
            "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
            "SELECT 1) AS t; DELETE FROM orders; SELECT * FROM (SELECT 1",
            "SELECT 1); DELETE FROM orders; --",
        ];
        if shop.is_postgres() {
            tries.push("SELECT * FROM orders FOR UPDATE");
            tries.push("SELECT set_config('transaction_read_only', 'off', false)");
        }
        for text in tries {
            let refused = shop.select(text, &[], 2000).await;
            assert!(
                matches!(refused, Err(QueryError::Refused(_) | QueryError::Away(_))),
                "{text}: {refused:?}"
            );
        }
        let left = shop.select("SELECT count(*) AS n FROM orders", &[], 2000).await.unwrap();
        assert_eq!(left, [json!({"n": 2})], "{}", shop.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_query_is_ended_by_the_database_and_the_next_is_answered() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n";
    for shop in Shop::both().await {
        // More at once than there are connections: none of them may be left busy.
        for _ in 0..2 {
            let slow = (0..4).map(|_| shop.select(endless, &[], 300));
            for answer in futures::future::join_all(slow).await {
                let Err(QueryError::Away(why)) = answer else { panic!("{answer:?}") };
                assert!(why.contains("has not answered within 0.3 s"), "{why}");
            }
        }
        assert_eq!(shop.select("SELECT 1 AS one", &[], 2000).await.unwrap(), [json!({"one": 1})]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_rows_and_too_much_text_are_failures_and_not_cut_off() {
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21) SELECT i FROM n";
    for shop in Shop::both().await {
        let why = shop.select(many, &[], 2000).await.unwrap_err().to_string();
        assert_eq!(why, "the database shop gave more than 20 rows");
        let large = if shop.is_postgres() {
            "SELECT repeat('x', 5000000) AS x"
        } else {
            "SELECT hex(zeroblob(2500000)) AS x"
        };
        let why = shop.select(large, &[], 2000).await.unwrap_err().to_string();
        assert!(why.contains("is longer than"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keep_their_kinds_and_a_wrong_one_is_told() {
    for shop in Shop::both().await {
        let all = "SELECT id, note, total > 20 AS dear FROM orders ORDER BY id";
        let rows = shop.select(all, &[], 2000).await.unwrap();
        assert_eq!(rows[0]["id"], 1);
        assert_eq!(rows[0]["note"], Value::Null);
        assert_eq!(rows[1]["note"], "x'); DROP TABLE orders; --");
        let one = shop.select("SELECT number FROM orders WHERE id = $1", &[json!("2")], 2000).await;
        if shop.is_postgres() {
            assert_eq!(one.unwrap(), [json!({"number": "HB-2"})], "a text becomes what the column is");
            let typed = "SELECT number FROM orders WHERE id = $1";
            let why = shop.select(typed, &[json!("two")], 2000).await.unwrap_err().to_string();
            assert_eq!(why, "the parameter $1 of the database shop: INT4 wants a whole number");
            let moment = "SELECT now() > $1::text::timestamptz AS past, '{\"a\": [1]}'::jsonb AS j, 12.50::numeric AS n";
            let rows = shop.select(moment, &[json!("2020-01-01")], 2000).await.unwrap();
            assert_eq!(rows, [json!({"past": true, "j": {"a": [1]}, "n": 12.50})]);
        } else {
            let why = shop.select("SELECT zeroblob(3) AS b", &[], 2000).await.unwrap_err().to_string();
            assert!(why.contains("holds no text"), "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_away_is_a_sentence_without_a_password() {
    let shop = Shop::on_sqlite().await;
    let query = Query {
        database: "depot",
        text: "SELECT 1",
        params: &[],
        max_rows: 1,
        timeout: Duration::from_secs(1),
    };
    assert_eq!(
        shop.databases.select(query).await.unwrap_err().to_string(),
        "the setting databases.depot.url is missing"
    );
    let away = Shop::at("postgres://reader:hunter2@127.0.0.1:9/shop".to_owned(), None);
    let find = find();
    let error = away.systems().run("k", &find, &json!({"number": "HB-1", "from": 0})).await.unwrap_err();
    assert!(matches!(error, CallError::Retry(_)), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let wrong =
        Databases::new([(&"shop".to_owned(), &"mysql://u:hunter2@h/d".to_owned().into())]).err().unwrap();
    assert!(wrong.starts_with("databases.shop.url") && !wrong.contains("hunter2"), "{wrong}");
}
