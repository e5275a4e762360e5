//! One set of stories for both databases.

mod codes;
mod commits;
mod desk;
mod firings;
mod lead;
mod lists;
mod matters;
mod memory;
mod migrations;
mod outage;
mod outbox;
mod overview;
mod people;
mod power;
mod records;
mod snapshots;
mod spending;
mod switches;
mod writer;

/// Makes two tests of each story: one on SQLite, one on Postgres.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(crate::store::desk::Desk::sqlite().await).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    if let Some(desk) = crate::store::desk::Desk::postgres().await {
                        super::$story(desk).await;
                    }
                }
            )*
        }
    };
}
use on_both;
