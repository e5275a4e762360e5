//! Who a customer is, asked of several directories at once; none of them is believed more than it deserves.

use crate::support::outside::FakeDirectory;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use deskhand::domain::customer::Account;
use deskhand::integrations::databases::Databases;
use deskhand::integrations::directories::{Admitted, Directories, HttpDirectory, Source, SqlDirectory};
use deskhand::ports::Directory;
use serde_json::json;
use sqlx::Connection;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

const TIMEOUT: Duration = Duration::from_millis(300);

fn all() -> Admitted {
    let fields = ["name", "company", "tier", "plan", "language", "status", "since", "open_tickets"];
    Admitted::new(fields.map(str::to_owned).to_vec())
}

fn ada(change: impl Fn(&mut Account)) -> Account {
    let mut account =
        Account { id: "c1".to_owned(), email: "ada@example.com".to_owned(), ..Account::default() };
    change(&mut account);
    account
}

fn fake(account: Account) -> Arc<FakeDirectory> {
    let directory = FakeDirectory::default();
    directory.add(account);
    Arc::new(directory)
}

fn source(name: &'static str, directory: &Arc<FakeDirectory>, age_s: u64) -> Source {
    Source::new(name, directory.clone(), Duration::from_secs(age_s))
}

#[tokio::test]
async fn the_first_that_knows_wins_field_by_field_and_is_named() {
    let crm = fake(ada(|account| account.tier = "business".to_owned()));
    let billing = fake(ada(|account| {
        account.tier = "free".to_owned();
        account.status = "active".to_owned();
        account.open_tickets = 2;
    }));
    let both = Directories::new(vec![source("sql", &crm, 0), source("http", &billing, 0)], TIMEOUT, all());
    let found = both.by_email(" ADA@example.com ").await.unwrap().unwrap();
    assert_eq!((found.tier.as_str(), found.status.as_str(), found.open_tickets), ("business", "active", 2));
    let from: Vec<(&str, &str)> =
        found.from.iter().map(|(field, from)| (field.as_str(), from.as_str())).collect();
    assert_eq!(from, [("open_tickets", "http"), ("status", "http"), ("tier", "sql")]);
    assert_eq!(both.by_email("eve@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn only_what_the_desk_lets_in_comes_in() {
    let crm = fake(ada(|account| {
        account.tier = "business".to_owned();
        account.company = "Secret Ltd".to_owned();
        account.more.insert("iban".to_owned(), "DE00".to_owned());
    }));
    let admitted = Admitted::new(vec!["tier".to_owned()]);
    let found = Directories::new(vec![source("sql", &crm, 0)], TIMEOUT, admitted);
    let found = found.by_id("c1").await.unwrap().unwrap();
    assert_eq!(found, ada(|account| account.tier = "business".to_owned()));
}

#[tokio::test]
async fn whoever_is_away_or_slow_is_named_and_the_rest_is_known() {
    let (crm, billing) = (fake(ada(|account| account.tier = "business".to_owned())), fake(ada(|_| {})));
    billing.away.store(true, Ordering::SeqCst);
    let both = Directories::new(vec![source("sql", &crm, 0), source("http", &billing, 0)], TIMEOUT, all());
    let found = both.by_id("c1").await.unwrap().unwrap();
    assert_eq!(
        (found.tier.as_str(), &found.missing[..]),
        ("business", &["http: connection refused".to_owned()][..])
    );
    billing.away.store(false, Ordering::SeqCst);
    billing.slow_ms.store(5000, Ordering::SeqCst);
    let found = both.by_id("c1").await.unwrap().unwrap();
    assert_eq!(found.missing, ["http: no answer within 0.3 s"]);
    let unknown = both.by_id("c2").await.unwrap_err();
    assert!(unknown.to_string().contains("http: no answer"), "whoever was not asked may know them");
}

#[tokio::test]
async fn an_answer_is_good_for_a_while_and_troubles_are_not_remembered() {
    let crm = fake(ada(|_| {}));
    let found = Directories::new(vec![source("sql", &crm, 3600)], TIMEOUT, all());
    crm.away.store(true, Ordering::SeqCst);
    assert!(found.by_id("c1").await.is_err());
    crm.away.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        assert!(found.by_id("c1").await.unwrap().is_some());
    }
    assert_eq!(crm.asked.load(Ordering::SeqCst), 2, "once in vain, once for all");
    let anew = Directories::new(vec![source("sql", &crm, 0)], TIMEOUT, all());
    for _ in 0..2 {
        anew.by_id("c1").await.unwrap();
    }
    assert_eq!(crm.asked.load(Ordering::SeqCst), 4);
}

/// Two systems that name different people under one address are not mixed.
#[tokio::test]
async fn two_people_under_one_address_are_not_mixed() {
    let crm = fake(ada(|account| account.tier = "business".to_owned()));
    let other = fake(ada(|account| {
        account.id = "c9".to_owned();
        account.status = "locked".to_owned();
    }));
    let both = Directories::new(vec![source("sql", &crm, 0), source("http", &other, 0)], TIMEOUT, all());
    let found = both.by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.status.as_str()), ("c1", ""));
    assert_eq!(found.missing, ["http: names another customer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_knows_customers_and_what_is_typed_stays_a_value() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("crm.db").display());
    let mut db = sqlx::SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    let table = "CREATE TABLE customers (id INTEGER, email TEXT, tier TEXT, open_tickets TEXT); \
        INSERT INTO customers VALUES (7, 'Ada@Example.com', 'team', '3'), (8, 'two@example.com', '', ''), (9, 'two@example.com', '', '')";
    sqlx::raw_sql(table).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let databases = Arc::new(Databases::new([(&"crm".to_owned(), &url.into())]).unwrap());
    let select = |column: &str| Some(format!("SELECT * FROM customers WHERE {column} = $1"));
    let open = |by_email: Option<String>| {
        SqlDirectory::new(databases.clone(), "crm".to_owned(), by_email, select("id"), Duration::from_secs(2))
    };
    let directory = open(select("lower(email)")).unwrap();
    let found = directory.by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.email.as_str(), found.open_tickets), ("7", "ada@example.com", 3));
    assert_eq!(directory.by_email("x' OR '1'='1").await.unwrap(), None);
    let two = directory.by_email("two@example.com").await.unwrap_err();
    assert!(two.to_string().contains("more than 1 rows"), "{two}");
    let refused = open(Some("DELETE FROM customers WHERE id = $1".to_owned())).err().unwrap();
    assert_eq!(refused, "directory.sql.by_email: `query` is one SELECT");
    let refused = open(Some("SELECT 1".to_owned())).err().unwrap();
    assert!(refused.starts_with("directory.sql.by_email: `params` has 1"), "{refused}");
}

/// A CRM that answers well to some and badly to others.
async fn crm() -> SocketAddr {
    async fn by_email(
        headers: HeaderMap,
        Query(query): Query<BTreeMap<String, String>>,
    ) -> axum::response::Response {
        if headers.get("authorization").is_none_or(|shown| shown != "Bearer crm-token") {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let person = |email: &str| json!({"id": 7, "email": email, "name": "Ada\u{7}", "subscription": {"tier": "team"}});
        match query["email"].as_str() {
            "ada@example.com" => Json(json!([person("ada@example.com")])).into_response(),
            "two@example.com" => {
                Json(json!([person("two@example.com"), person("two@example.com")])).into_response()
            }
            "other@example.com" => Json(person("mallory@example.com")).into_response(),
            "text@example.com" => "hello".into_response(),
            "large@example.com" => {
                Json(json!({"id": 7, "email": "large@example.com", "name": "x".repeat(100_000)}))
                    .into_response()
            }
            "bare@example.com" => Json(json!({"email": "bare@example.com"})).into_response(),
            "broken@example.com" => (StatusCode::INTERNAL_SERVER_ERROR, "crm-token leaked").into_response(),
            "slow@example.com" => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                StatusCode::OK.into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
    let by_id = |Path(id): Path<String>| async move {
        match id.as_str() {
            "7/../8" => Json(json!({"id": "7/../8", "email": "odd@example.com"})).into_response(),
            _ => Json(json!(null)).into_response(),
        }
    };
    let router = Router::new().route("/customers", get(by_email)).route("/customers/{id}", get(by_id));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn a_system_over_http_knows_customers_and_its_bad_answers_are_sentences() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let address = crm().await;
    let directory = HttpDirectory::new(
        Some(format!("http://{address}/customers?email={{email}}")),
        Some(format!("http://{address}/customers/{{id}}")),
        Some(&"crm-token".into()),
        BTreeMap::from([("tier".to_owned(), "/subscription/tier".to_owned())]),
        TIMEOUT,
    );
    let one = Directories::new(
        vec![Source::new("http", Arc::new(directory.unwrap()), Duration::ZERO)],
        TIMEOUT * 2,
        all(),
    );
    let found = one.by_email("Ada@Example.com").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str(), found.tier.as_str()), ("7", "Ada", "team"));
    assert_eq!(one.by_email("nobody@example.com").await.unwrap(), None);
    assert_eq!(one.by_email("other@example.com").await.unwrap(), None, "somebody else is not believed");
    assert_eq!(
        one.by_id("7/../8").await.unwrap().unwrap().email,
        "odd@example.com",
        "an id stays in its place"
    );
    assert_eq!(one.by_id("9").await.unwrap(), None);
    for (email, why) in [
        ("two@example.com", "names 2 customers instead of one"),
        ("text@example.com", "no JSON"),
        ("large@example.com", "longer than"),
        ("bare@example.com", "holds no id or no email"),
        ("broken@example.com", "500"),
        ("slow@example.com", "did not answer"),
    ] {
        let error = one.by_email(email).await.unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("crm-token"), "{email}: {error}");
    }
}
