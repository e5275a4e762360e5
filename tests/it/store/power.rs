//! A power cut: what is on disk at any moment is a whole database with everything that was acknowledged.
//!
//! A process of its own writes and prints what was acknowledged. It is stopped dead (SIGSTOP) at some moment, its files
//! are copied as they are, and it goes on. Each copy is then opened as if after the cut.

use super::desk::{at, id, notify, opening, received};
use channels::Channel;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::ids::{ConversationId, Seq};
use deskhand::ports::storage::Commit;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const FOLDER: &str = "DESKHAND_TEST_WRITER_FOLDER";
const COPIES: usize = 20;

/// Not a test: the process that is stopped. It does nothing unless it is told where to write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_writes() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = deskhand::store::open(&format!("sqlite:{folder}/desk.db")).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|writer: u128| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let mut begin = opening(Channel::Web, &format!("{writer}-{}", id()), None, "hi");
                    loop {
                        let talk = begin.after.clone();
                        store.commit(begin).await.unwrap();
                        // One write, so that lines of different tasks do not mix.
                        std::io::stdout()
                            .write_all(format!("ack {} {}\n", talk.id, talk.seq).as_bytes())
                            .unwrap();
                        if talk.seq > 20 {
                            break;
                        }
                        begin = Commit::onto(
                            &talk,
                            at(talk.seq),
                            vec![received(&"word ".repeat(200)), notify("x")],
                        );
                    }
                }
            })
        })
        .collect();
    // None of them ends by itself; one that fails ends the process.
    futures::future::select_all(writers).await.0.unwrap();
}

struct Writer {
    child: Child,
    acknowledged: Arc<Mutex<BTreeMap<ConversationId, Seq>>>,
}

impl Writer {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::power::the_process_that_writes", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
        let (heard, lines) = (acknowledged.clone(), BufReader::new(child.stdout.take().unwrap()));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some((id, seq)) = line.strip_prefix("ack ").and_then(|ack| ack.split_once(' ')) {
                    heard.lock().unwrap().insert(id.parse().unwrap(), seq.parse().unwrap());
                }
            }
        });
        Self { child, acknowledged }
    }

    fn acknowledged(&self) -> BTreeMap<ConversationId, Seq> {
        self.acknowledged.lock().unwrap().clone()
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until every thread of it stands still.
    fn stop(&self) {
        self.signal("-STOP");
        let tasks = format!("/proc/{}/task", self.child.id());
        let stands = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
        };
        while !std::fs::read_dir(&tasks).unwrap().flatten().all(stands) {
            std::thread::yield_now();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(ended.is_ok(), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_power_cuts_lose_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let writer = Writer::start(folder.path());
    let mut copies = Vec::new();
    let mut checkpointed = false;
    for cut in 0..COPIES {
        let before = writer.acknowledged().len();
        // Not the same moment in each round: the number of the round decides, and the machine's noise.
        while writer.acknowledged().len() < before + 1 + cut % 3 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        tokio::time::sleep(Duration::from_micros(777 * cut as u64)).await;
        let copy = TempDir::new().unwrap();
        writer.stop();
        for name in ["desk.db", "desk.db-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        checkpointed |= std::fs::metadata(copy.path().join("desk.db")).unwrap().len() > 1_000_000;
        // What was read from its pipe by now was said before it stopped.
        let acknowledged = writer.acknowledged();
        writer.signal("-CONT");
        copies.push((copy, acknowledged));
    }
    drop(writer);
    assert!(checkpointed, "no copy was taken after a checkpoint: the writer wrote too little");
    for (copy, acknowledged) in copies {
        check(copy.path(), &acknowledged).await;
    }
}

async fn check(folder: &Path, acknowledged: &BTreeMap<ConversationId, Seq>) {
    let url = format!("sqlite:{}/desk.db", folder.display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut db).await.unwrap();
    assert_eq!(verdict, "ok");
    let strays: Vec<i64> = sqlx::query_scalar("PRAGMA foreign_key_check").fetch_all(&mut db).await.unwrap();
    assert!(strays.is_empty());
    db.close().await.unwrap();
    let store = deskhand::store::open(&url).await.unwrap();
    assert!(!acknowledged.is_empty());
    for (id, seq) in acknowledged {
        let talk = store.conversation(*id).await.unwrap().expect("an acknowledged conversation");
        assert!(talk.seq >= *seq, "{id} has {}, {seq} was acknowledged", talk.seq);
        let log = store.events(*id, 0, 1000).await.unwrap();
        assert_eq!(Conversation::fold(*id, &log).unwrap(), talk);
    }
    store.close().await;
}
