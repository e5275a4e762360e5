//! Opening a database: made where it is missing, brought up to date, refused in a sentence.

use super::desk::Desk;
use super::on_both;
use crate::support::postgres;
use deskhand::store::{OpenError, migrate, open, open_beside};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

on_both![
    migrations_run_once,
    a_database_of_a_newer_program_is_refused,
    a_database_of_another_build_is_refused
];

async fn migrations_run_once(desk: Desk) {
    let talk = desk.talk(channels::Channel::Web, "hi").await;
    desk.store.close().await;
    assert_eq!(migrate(&desk.url).await.unwrap(), Vec::<String>::new());
    assert_eq!(migrate(&desk.url).await.unwrap(), Vec::<String>::new());
    let desk = desk.reopened().await;
    assert_eq!(desk.read(talk.id).await, talk);
}

async fn refusal(url: &str) -> OpenError {
    match open(url).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

async fn a_database_of_a_newer_program_is_refused(desk: Desk) {
    desk.store.close().await;
    desk.tamper(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 9999, 'of the future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let error = refusal(&desk.url).await;
    assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error}");
    assert!(error.to_string().contains("newer deskhand"));
    assert!(matches!(migrate(&desk.url).await, Err(OpenError::Newer { .. })));
}

async fn a_database_of_another_build_is_refused(desk: Desk) {
    desk.store.close().await;
    let checksum = if desk.url.starts_with("sqlite:") { "x'00'" } else { "'\\x00'" };
    desk.tamper(&format!("UPDATE _sqlx_migrations SET checksum = {checksum} WHERE version = 1")).await;
    let error = refusal(&desk.url).await;
    assert!(matches!(error, OpenError::Migration(_)), "{error}");
    assert!(error.to_string().contains("another build"), "{error}");
}

#[tokio::test]
async fn a_file_and_its_folder_are_made_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("data/of/desk.db");
    let url = format!("sqlite:{}", file.display());
    assert_eq!(
        migrate(&url).await.unwrap(),
        [
            "begin",
            "platforms",
            "matters",
            "triggers",
            "outbound",
            "codes",
            "model calls",
            "polls",
            "rule days"
        ]
    );
    let store = open(&url).await.unwrap();
    store.ping().await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&folder.path().join("data/of/desk.db-wal")), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    store.close().await;
}

#[tokio::test]
async fn two_processes_cannot_have_one_file() {
    let desk = Desk::sqlite().await;
    let error = refusal(&desk.url).await;
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("deskhand.db is in use by another deskhand"), "{error}");
    desk.reopened().await.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_command_may_run_beside_a_server() {
    let desk = Desk::sqlite().await;
    let talk = desk.talk(channels::Channel::Web, "hi").await;
    let beside = open_beside(&desk.url).await.unwrap();
    let (written, beaten) = tokio::join!(beside.ping(), desk.store.ping());
    assert_eq!((written, beaten), (Ok(()), Ok(())));
    assert_eq!(beside.conversation(talk.id).await.unwrap(), Some(talk));
    beside.close().await;
    // It did not take the server's place, nor free it for another.
    assert!(matches!(refusal(&desk.url).await, OpenError::InUse { .. }));
    desk.tamper("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1").await;
    let error = open_beside(&desk.url).await.err().expect("a refusal");
    assert!(error.to_string().contains("of another version"), "{error}");
    // Where no server runs, it makes what is missing and keeps others out meanwhile.
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}/new.db", folder.path().display());
    let alone = open_beside(&url).await.unwrap();
    assert!(matches!(refusal(&url).await, OpenError::InUse { .. }));
    alone.ping().await.unwrap();
    alone.close().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "dear diary, ".repeat(400)).unwrap();
    let within = |path: &str| format!("sqlite:{}", folder.path().join(path).display());
    for (url, expected) in [
        ("mysql://u:secret@h/d".to_owned(), "must begin with sqlite: or postgres://"),
        ("deskhand.db".to_owned(), "must begin with sqlite: or postgres://"),
        (within("notes.txt"), "not a SQLite database"),
        (within("notes.txt/desk.db"), "notes.txt/desk.db"),
        ("postgres://u:secret@127.0.0.1:1/d".to_owned(), "d on 127.0.0.1:1"),
        ("postgres://u:secret@127.0.0.1:1/d".to_owned(), "is the server running there?"),
        ("postgres://u:secret@127.0.0.1:notaport/d".to_owned(), "database.url is wrong"),
    ] {
        let error = refusal(&url).await.to_string();
        assert!(error.contains(expected), "{url}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_postgres_that_does_not_let_us_in_is_named() {
    let Some(cluster) = postgres::shared() else { return };
    cluster.execute("CREATE ROLE locked LOGIN PASSWORD 'right'").await;
    let wrong = cluster.address("locked:wrong", "postgres");
    let error = refusal(&wrong).await.to_string();
    assert!(error.contains("check user and password") && !error.contains("wrong"), "{error}");
    let missing = cluster.address("deskhand", "nowhere");
    let error = refusal(&missing).await.to_string();
    assert!(error.contains("create the database first"), "{error}");
    // Signed in, but without the right to make tables.
    let bare = cluster.address("locked:right", "postgres");
    let error = refusal(&bare).await.to_string();
    assert!(error.contains("right to create tables"), "{error}");
}

#[tokio::test]
async fn two_that_start_at_once_on_an_empty_postgres_take_turns() {
    let Some(cluster) = postgres::shared() else { return };
    let url = cluster.database().await;
    let (one, two, three) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
    let mut applied = [one.unwrap().len(), two.unwrap().len(), three.unwrap().len()];
    applied.sort_unstable();
    assert_eq!(applied[..2], [0, 0]);
    assert!(applied[2] > 0);
}

/// What each database holds must not drift apart.
#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = |folder: &str| -> BTreeSet<_> {
        std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().file_name()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let Some(postgres) = Desk::postgres().await else { return };
    let sqlite = Desk::sqlite().await;
    let of_sqlite: Vec<String> = sqlx::query_scalar(
        "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&mut SqliteConnection::connect(&sqlite.url).await.unwrap())
    .await
    .unwrap();
    let of_postgres: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&mut PgConnection::connect(&postgres.url).await.unwrap())
    .await
    .unwrap();
    let (of_sqlite, of_postgres): (BTreeSet<_>, BTreeSet<_>) =
        (of_sqlite.into_iter().collect(), of_postgres.into_iter().collect());
    assert!(of_sqlite.contains("conversation.snapshot"));
    assert_eq!(of_sqlite, of_postgres);
}
