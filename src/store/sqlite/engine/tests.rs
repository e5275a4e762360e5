//! Group commit, with work that goes wrong.

use super::*;
use crate::ports::storage::CommitError;
use futures::future::join_all;
use sqlx::sqlite::SqlitePoolOptions;

/// An engine over two empty tables in memory, the second of which refers to the first.
async fn engine() -> Engine {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    sqlx::query("CREATE TABLE a (id INTEGER PRIMARY KEY)").execute(&pool).await.unwrap();
    sqlx::query("CREATE TABLE b (a INTEGER REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)")
        .execute(&pool)
        .await
        .unwrap();
    Engine::new(pool.clone(), pool, None, true)
}

/// Inserts a row; a negative number panics half way, one above 100 refuses, 0 breaks the reference.
async fn insert(engine: &Engine, id: i64) -> Result<(), CommitError> {
    engine
        .write(id, |id, db| {
            Box::pin(async move {
                sqlx::query("INSERT INTO a (id) VALUES ($1)").bind(*id).execute(&mut *db).await?;
                match *id {
                    ..0 => panic!("a bug"),
                    0 => sqlx::query("INSERT INTO b (a) VALUES (77)").execute(db).await.map(|_| ())?,
                    101.. => return Err(Abort::Refused(CommitError::Conflict)),
                    _ => {}
                }
                Ok(())
            })
        })
        .await
}

async fn ids(engine: &Engine) -> Vec<i64> {
    engine
        .read((), |(), db| {
            Box::pin(
                async move { Ok(sqlx::query_scalar("SELECT id FROM a ORDER BY id").fetch_all(db).await?) },
            )
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_write_that_panics_or_refuses_or_fails_undoes_only_itself() {
    let engine = engine().await;
    let results = join_all([1, -5, 2, 200, 3, 3, 4].map(|id| insert(&engine, id))).await;
    assert_eq!(engine.commits(), 1);
    assert_eq!(ids(&engine).await, [1, 2, 3, 4]);
    assert!(matches!(&results[1], Err(CommitError::Unavailable(_))));
    assert_eq!(results[3], Err(CommitError::Conflict));
    assert!(
        matches!(&results[5], Err(CommitError::Unavailable(cause)) if cause.to_string().contains("UNIQUE"))
    );
    assert!([0, 2, 4, 6].iter().all(|index| results[*index].is_ok()));
}

#[tokio::test]
async fn when_the_transaction_fails_nobody_is_told_anything_else() {
    let engine = engine().await;
    // The refusal, too, was found out in a transaction that never was.
    let results = join_all([1, 0, 200].map(|id| insert(&engine, id))).await;
    assert!(results.iter().all(|result| matches!(result, Err(CommitError::Unavailable(_)))), "{results:?}");
    assert_eq!((ids(&engine).await, engine.commits()), (vec![], 0));
    insert(&engine, 1).await.unwrap();
    assert_eq!(ids(&engine).await, [1]);
}

#[tokio::test]
async fn a_caller_that_goes_away_before_its_turn_writes_nothing() {
    let engine = engine().await;
    {
        let mut gone = Box::pin(insert(&engine, 1));
        assert!(futures::poll!(gone.as_mut()).is_pending());
    }
    insert(&engine, 2).await.unwrap();
    assert_eq!(ids(&engine).await, [2]);
}

#[tokio::test]
async fn what_waits_when_the_engine_closes_is_written_and_what_comes_later_is_not() {
    let engine = engine().await;
    let (first, second, ()) = tokio::join!(insert(&engine, 1), insert(&engine, 2), engine.close());
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert!(matches!(insert(&engine, 3).await, Err(CommitError::Unavailable(_))));
}
