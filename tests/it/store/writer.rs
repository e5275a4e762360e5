//! SQLite's one writer: it shares transactions, and a full disk is no end.

use super::desk::{Desk, at, id, notify, opening, received};
use channels::Channel;
use deskhand::domain::ids::{CustomerId, UploadId};
use deskhand::ports::storage::{Commit, CommitError, Conversations, Storage, StoredUpload};
use deskhand::store::sqlite;
use futures::future::join_all;
use sqlx::{Connection as _, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// On one thread, the writer gets its turn when all callers have queued: the number of transactions is certain.
#[tokio::test(flavor = "current_thread")]
async fn writes_that_wait_together_share_a_transaction() {
    let folder = TempDir::new().unwrap();
    let store = sqlite::open(&format!("sqlite:{}/desk.db", folder.path().display())).await.unwrap();
    for (writes, transactions) in [(1, 1), (64, 1), (65, 2), (200, 4)] {
        let before = store.commits();
        let commits = (0..writes).map(|_| opening(Channel::Web, &id().to_string(), None, "hi"));
        let written = join_all(commits.map(|commit| store.commit(commit))).await;
        assert!(written.iter().all(Result::is_ok));
        assert_eq!(store.commits() - before, transactions, "{writes} writes");
    }
    store.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_refused_write_leaves_its_neighbours_alone() {
    let desk = Desk::sqlite().await;
    let talk = desk.talk(Channel::Web, "begin").await;
    // Sixteen on the same old news, each with an effect, each followed by a stranger.
    let mut commits = Vec::new();
    for _ in 0..16 {
        commits.push(Commit::onto(&talk, at(1), vec![received("me"), notify("me")]));
        commits.push(opening(Channel::Web, &id().to_string(), None, "stranger"));
    }
    let results = join_all(commits.into_iter().map(|commit| desk.store.commit(commit))).await;
    let conflicts = results.iter().filter(|result| **result == Err(CommitError::Conflict)).count();
    assert_eq!((conflicts, results.iter().filter(|result| result.is_ok()).count()), (15, 17));
    assert_eq!(desk.log(talk.id).await.len(), 4);
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 1);
}

#[tokio::test]
async fn a_database_in_memory_works_like_any_other() {
    let store = deskhand::store::open("sqlite::memory:").await.unwrap();
    let commit = opening(Channel::Web, "a", None, "hi");
    let talk = commit.after.clone();
    store.commit(commit).await.unwrap();
    let (read, counted, written) =
        tokio::join!(store.conversation(talk.id), store.waiting_effects(), store.ping());
    assert_eq!(read.unwrap(), Some(talk));
    assert_eq!((counted.unwrap(), written), (0, Ok(())));
    store.close().await;
}

#[tokio::test]
async fn while_another_process_holds_the_file_reads_go_on_and_writes_wait() {
    let desk = Desk::sqlite().await;
    let talk = desk.talk(Channel::Web, "begin").await;
    let mut other = SqliteConnection::connect(&desk.url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (store, more) = (desk.store.clone(), Commit::onto(&talk, at(1), vec![received("more")]));
    let writing = tokio::spawn(async move { store.commit(more).await });
    for _ in 0..50 {
        assert_eq!(desk.read(talk.id).await, talk);
    }
    assert!(!writing.is_finished());
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(writing.await.unwrap().unwrap().seq, 3);
}

#[tokio::test]
async fn what_was_asked_for_before_closing_is_written() {
    let desk = Desk::sqlite().await;
    let commits: Vec<_> = (0..100).map(|_| opening(Channel::Web, &id().to_string(), None, "hi")).collect();
    let ids: Vec<_> = commits.iter().map(|commit| commit.after.id).collect();
    let writing: Vec<_> = commits
        .into_iter()
        .map(|commit| {
            let store = desk.store.clone();
            tokio::spawn(async move { store.commit(commit).await })
        })
        .collect();
    tokio::task::yield_now().await;
    desk.store.close().await;
    let mut answers = Vec::new();
    for write in writing {
        answers.push(write.await.unwrap());
    }
    let desk = desk.reopened().await;
    for (id, answer) in ids.into_iter().zip(answers) {
        let there = desk.store.conversation(id).await.unwrap().is_some();
        assert_eq!(there, answer.is_ok(), "what was promised is there, what was refused is not");
    }
}

/// A file system of four megabytes.
struct SmallDisk {
    folder: PathBuf,
    _parent: TempDir,
}

impl SmallDisk {
    /// `None` where we may not mount one.
    fn new() -> Option<Self> {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("disk");
        std::fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(&folder)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must be allowed to mount a tmpfs");
            eprintln!("SKIPPED: no right to mount a small file system");
            return None;
        }
        Some(Self { folder, _parent: parent })
    }

    /// Takes space away until only about this much is left.
    fn ballast(&self, left: u64) -> PathBuf {
        let file = self.folder.join("ballast");
        let free = free(&self.folder);
        std::fs::write(&file, vec![1_u8; usize::try_from(free.saturating_sub(left)).unwrap()]).unwrap();
        file
    }
}

fn free(folder: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1"]).arg(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().nth(1).unwrap().trim().parse().unwrap()
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let status = Command::new("umount").arg("-l").arg(&self.folder).status();
        assert!(status.is_ok_and(|status| status.success()), "the small disk could not be unmounted");
    }
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_written_and_all_goes_on_when_there_is_space() {
    let Some(disk) = SmallDisk::new() else { return };
    let url = format!("sqlite:{}/desk.db", disk.folder.display());
    let store = deskhand::store::open(&url).await.unwrap();
    let ballast = disk.ballast(600_000);
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    while refused.len() < 5 {
        assert!(written.len() < 10_000, "the disk never filled");
        let batch: Vec<_> = (0..8)
            .map(|_| {
                let mut commit = opening(Channel::Telegram, &id().to_string(), None, &"word ".repeat(400));
                commit.once = Some(commit.after.id.to_string());
                commit
            })
            .collect();
        let ids: Vec<_> = batch.iter().map(|commit| commit.after.clone()).collect();
        for (talk, answer) in ids.into_iter().zip(join_all(batch.into_iter().map(|c| store.commit(c))).await)
        {
            match answer {
                Ok(_) => written.push(talk),
                Err(CommitError::Unavailable(cause)) => {
                    assert!(cause.to_string().contains("full"), "{cause}");
                    refused.push(talk);
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    // Small writes may still find room in what the refused ones left; when they don't, they say so.
    let mut pings = 0;
    while store.ping().await.is_ok() {
        pings += 1;
        assert!(pings < 2_000, "the disk never filled");
    }
    for talk in &written {
        assert_eq!(store.conversation(talk.id).await.unwrap().as_ref(), Some(talk));
    }
    for talk in &refused {
        assert_eq!(store.conversation(talk.id).await.unwrap(), None);
        assert_eq!(store.seen(&talk.id.to_string()).await.unwrap(), None);
    }
    std::fs::remove_file(ballast).unwrap();
    store.ping().await.unwrap();
    let again = opening(Channel::Telegram, "again", None, "hello?");
    let talk = again.after.clone();
    store.commit(again).await.unwrap();
    written.push(talk);
    store.close().await;
    let store = deskhand::store::open(&url).await.unwrap();
    for talk in &written {
        assert_eq!(store.conversation(talk.id).await.unwrap().as_ref(), Some(talk));
    }
    store.close().await;
}

#[tokio::test]
async fn one_large_file_that_does_not_fit_spoils_nothing() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = deskhand::store::open(&format!("sqlite:{}/desk.db", disk.folder.display())).await.unwrap();
    let upload = |size: usize| StoredUpload {
        id: UploadId(id()),
        customer: CustomerId(id()),
        name: "film.mp4".into(),
        media_type: "video/mp4".into(),
        content: vec![7; size],
    };
    let large = upload(6_000_000);
    assert!(store.put_upload(large.clone(), at(0)).await.is_err());
    assert_eq!(store.upload(large.id).await.unwrap(), None);
    let small = upload(10_000);
    store.put_upload(small.clone(), at(0)).await.unwrap();
    assert_eq!(store.upload(small.id).await.unwrap(), Some(small));
    store.ping().await.unwrap();
    store.close().await;
}
