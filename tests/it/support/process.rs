//! The real binary in a place of its own.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SIGABRT: i32 = 6;
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A process that does not outlive its story, however that ends.
pub(crate) struct Running(Child);

impl Running {
    /// Whether it has ended by itself, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child process")
    }

    /// `kill -9`, unless it was dead already.
    pub(crate) fn killed(mut self) -> ExitStatus {
        self.0.kill().expect("a child process");
        self.0.wait().expect("a child process")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both succeed for a process that has ended before.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Folder, port and settings of one.
pub(crate) struct Place {
    folder: TempDir,
    port: u16,
    pub(crate) database: String,
    /// Further settings.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Where its log goes; to ours where absent.
    pub(crate) log: Option<File>,
}

impl Place {
    pub(crate) fn new(database: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let own = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        Self { folder, port, database: database.unwrap_or(own), env: Vec::new(), log: None }
    }

    pub(crate) fn start(&self, crash_at: Option<&str>) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskhand"));
        command
            .arg("serve")
            .env("DESKHAND_HTTP__ADDR", format!("127.0.0.1:{}", self.port))
            .env("DESKHAND_DATA_DIR", self.folder.path())
            .env("DESKHAND_DATABASE__URL", &self.database)
            .env("DESKHAND_LOG__FILTER", "error")
            .env("DESKHAND_LIMITS__SESSIONS_PER_MINUTE", "1000")
            .env("DESKHAND_LIMITS__MESSAGES_PER_MINUTE", "1000")
            .envs(self.env.iter().cloned())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(at) = crash_at {
            command.env("DESKHAND_CRASH_AT", at);
        }
        if let Some(log) = &self.log {
            command.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap());
        }
        Running(command.spawn().unwrap())
    }

    /// Somebody who may look at the tickets.
    pub(crate) fn agent(&self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskhand"))
            .args(["user", "add", "--email", "ben@example.com", "--role", "agent", "--password-stdin"])
            .env("DESKHAND_DATA_DIR", self.folder.path())
            .env("DESKHAND_DATABASE__URL", &self.database)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        command.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        assert!(command.wait().unwrap().success());
    }

    /// The agent's cookie.
    pub(crate) async fn signs_in(&self, client: &reqwest::Client) -> String {
        let body = json!({"email": "ben@example.com", "password": PASSWORD});
        let call = client.post(self.url("/api/v1/session")).header("sec-fetch-site", "same-origin");
        let answer = call.json(&body).send().await.unwrap();
        answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// Its data.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until it answers.
    pub(crate) async fn answering(&self) {
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < Duration::from_secs(120), "it never answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Deaths to come: at a named place, or at any moment.
pub(crate) type Plan = Vec<Option<String>>;

/// Kills the binary again and again, in a thread of its own, then lets one live until it is dropped.
pub(crate) struct Killer {
    deaths: Arc<AtomicU32>,
    aborts: Arc<AtomicU32>,
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Killer {
    /// A random death comes within `soon` after the binary answers.
    pub(crate) fn begin(place: &Arc<Place>, plan: Plan, mut random: StdRng, soon: Duration) -> Self {
        let (deaths, aborts, done) = Default::default();
        let mut killer = Self { deaths, aborts, done, thread: None };
        let (place, deaths, aborts, done) =
            (place.clone(), killer.deaths.clone(), killer.aborts.clone(), killer.done.clone());
        killer.thread = Some(std::thread::spawn(move || {
            for crash_at in plan {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                let mut running = place.start(crash_at.as_deref());
                while !place.answers() && running.ended().is_none() {
                    std::thread::sleep(Duration::from_millis(10));
                }
                let patience = match crash_at {
                    Some(_) => Duration::from_secs(20),
                    None => random.random_range(Duration::ZERO..soon),
                };
                let began = Instant::now();
                while began.elapsed() < patience && running.ended().is_none() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                let aborted = running.killed().signal() == Some(SIGABRT);
                aborts.fetch_add(u32::from(aborted), Ordering::SeqCst);
                deaths.fetch_add(1, Ordering::SeqCst);
            }
            let _living = place.start(None);
            while !done.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }));
        killer
    }

    /// Deaths so far.
    pub(crate) fn deaths(&self) -> usize {
        self.deaths.load(Ordering::SeqCst) as usize
    }

    /// Those of them at their named place.
    pub(crate) fn aborts(&self) -> usize {
        self.aborts.load(Ordering::SeqCst) as usize
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            eprintln!("the killer itself has died");
        }
    }
}
