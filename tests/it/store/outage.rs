//! A Postgres that goes away in the middle, and comes back.

use super::desk::{Desk, at, id, next, opening, received};
use crate::support::postgres::Cluster;
use channels::Channel;
use deskhand::domain::ids::{ConversationId, Seq};
use deskhand::ports::storage::{Commit, CommitError, Storage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinHandle;

/// What callers were told.
#[derive(Default)]
struct Told {
    written: BTreeMap<ConversationId, Seq>,
    refusals: u64,
}

/// Writes to conversations of its own until told to stop, each message under a key of its own, again and again until
/// it is known to be written.
async fn write(store: Arc<dyn Storage>, stop: Arc<AtomicBool>, done: Arc<AtomicU64>) -> Told {
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) {
        let begin = opening(Channel::Web, &id().to_string(), None, "hi").once(format!("k{}", next()));
        let mut talk = begin.after.clone();
        let mut commit = begin;
        for line in 0..5 {
            loop {
                match store.commit(commit.clone()).await {
                    Ok(_) | Err(CommitError::Already(_)) => break,
                    Err(CommitError::Unavailable(_)) => told.refusals += 1,
                    // A commit whose answer was lost would be `Already`.
                    Err(CommitError::Conflict) => panic!("nobody else writes here"),
                }
            }
            talk = commit.after.clone();
            told.written.insert(talk.id, talk.seq);
            done.fetch_add(1, Ordering::Relaxed);
            commit = Commit::onto(&talk, at(line), vec![received("more")]).once(format!("k{}", next()));
        }
        assert_eq!(told.written.get(&talk.id), Some(&talk.seq));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_three_times_loses_nothing_and_needs_no_restart_of_ours() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database().await;
    let store = deskhand::store::open(&url).await.unwrap();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> =
        (0..6).map(|_| tokio::spawn(write(store.clone(), stop.clone(), done.clone()))).collect();
    for crash in 1..=3 {
        progress(&done, 100).await;
        cluster.crash().await;
        assert!(store.ping().await.is_err(), "crash {crash}");
        assert!(store.counts(deskhand::domain::ids::UserId(id())).await.is_err(), "crash {crash}");
        cluster.restart().await;
        progress(&done, 50).await;
        store.ping().await.unwrap();
    }
    let refusals = check(store, stop, writers).await;
    assert!(refusals >= 3, "the writers never noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_not_waited_for_forever() {
    let Some(cluster) = Cluster::start() else { return };
    let store = deskhand::store::open(&cluster.database().await).await.unwrap();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> =
        (0..6).map(|_| tokio::spawn(write(store.clone(), stop.clone(), done.clone()))).collect();
    for _ in 0..2 {
        progress(&done, 50).await;
        cluster.freeze();
        // More callers than the pool has connections, all of which get an answer.
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.ping().await })
            })
            .collect();
        for caller in callers {
            assert!(caller.await.unwrap().is_err());
        }
        cluster.thaw();
        progress(&done, 50).await;
    }
    check(store, stop, writers).await;
}

#[tokio::test]
async fn a_write_that_loses_a_race_inside_the_server_is_done_again_a_few_times() {
    let Some(desk) = Desk::postgres().await else { return };
    // A counter that no rollback turns back, and a trigger that fails until it has been asked often enough.
    desk.tamper("CREATE SEQUENCE asked").await;
    for code in ["40001", "40P01"] {
        desk.tamper("ALTER SEQUENCE asked RESTART").await;
        desk.tamper(&failing(3, code)).await;
        desk.tamper(
            "CREATE OR REPLACE TRIGGER fails BEFORE UPDATE ON heartbeat FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await;
        desk.store.ping().await.unwrap();
        assert!(desk.store.ping().await.is_ok());
    }
    desk.tamper("ALTER SEQUENCE asked RESTART").await;
    desk.tamper(&failing(1_000_000, "40001")).await;
    assert!(desk.store.ping().await.is_err());
    // Any other failure is not tried again.
    desk.tamper("ALTER SEQUENCE asked RESTART").await;
    desk.tamper(&failing(1, "23514")).await;
    assert!(desk.store.ping().await.is_err());
    desk.store.ping().await.unwrap();
}

fn failing(times: u32, code: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('asked') <= {times} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '{code}'; END IF; \
         RETURN NEW; END $$"
    )
}

/// Lets the writers end; what they were told was written must be there, once. Returns how often they were refused.
async fn check(store: Arc<dyn Storage>, stop: Arc<AtomicBool>, writers: Vec<JoinHandle<Told>>) -> u64 {
    stop.store(true, Ordering::Relaxed);
    let mut refusals = 0;
    let mut written = BTreeMap::new();
    for writer in writers {
        let told = writer.await.unwrap();
        refusals += told.refusals;
        written.extend(told.written);
    }
    for (conversation, seq) in written {
        let log = store.events(conversation, 0, 100).await.unwrap();
        let seqs: Vec<_> = log.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=seq).collect::<Vec<_>>());
    }
    store.close().await;
    refusals
}

/// Waits until so many more commits are done.
async fn progress(done: &AtomicU64, more: u64) {
    let goal = done.load(Ordering::Relaxed) + more;
    while done.load(Ordering::Relaxed) < goal {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
