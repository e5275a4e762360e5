//! The measured trip: a message written on a customer's socket → the bot's reply on the same socket, with one
//! conversation and with 64 side by side; also the time from start to first answer and the idle memory.
//!
//! `SERVER_BIN=target/release/deskhand cargo bench --profile dev --bench trip [-- postgres://…]` prints a table for docs/benchmarks.md.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement, run by hand"
)]

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const QUESTION: &str = "How do I export a project to CSV?";

struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("the server to be there");
        self.child.wait().expect("the server to end");
    }
}

fn start(data: &std::path::Path, database: Option<&str>) -> Server {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // The release binary can be measured without building this program for release, too.
    let binary = std::env::var("SERVER_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_deskhand").to_owned());
    let mut command = Command::new(binary);
    command
        .arg("serve")
        .env("DESKHAND_HTTP__ADDR", format!("127.0.0.1:{port}"))
        .env("DESKHAND_DATA_DIR", data)
        .env("DESKHAND_LOG__FILTER", "error")
        .env("DESKHAND_LIMITS__MESSAGES_PER_MINUTE", "100000")
        .env("DESKHAND_LIMITS__SESSIONS_PER_MINUTE", "100000")
        .stdout(Stdio::null());
    if let Some(url) = database {
        command.env("DESKHAND_DATABASE__URL", url);
    }
    Server { child: command.spawn().unwrap(), port }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn customer(port: u16) -> Option<Socket> {
    let client = reqwest::Client::new();
    let session = client
        .post(format!("http://127.0.0.1:{port}/chat/v1/sessions"))
        .json(&json!({}))
        .send()
        .await
        .ok()?;
    let session: Value = session.json().await.ok()?;
    let mut request = format!("ws://127.0.0.1:{port}/chat/v1/socket?after=0").into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "deskhand.v1".parse().unwrap());
    headers.insert("origin", format!("http://127.0.0.1:{port}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let hello = json!({"type": "hello", "token": session["token"]}).to_string();
    socket.send(Message::text(hello)).await.unwrap();
    Some(socket)
}

/// One message and its answer.
async fn trip(socket: &mut Socket, id: &str) -> Duration {
    let began = Instant::now();
    let message = json!({"type": "message", "id": id, "text": QUESTION}).to_string();
    socket.send(Message::text(message)).await.unwrap();
    loop {
        let frame = socket.next().await.expect("the socket to stay open").unwrap();
        assert!(!frame.is_close(), "the server closed the socket: {frame:?} at message {id}");
        let Ok(text) = frame.to_text() else { continue };
        let Ok(event) = serde_json::from_str::<Value>(text) else { continue };
        assert_ne!(event["type"], "refused", "{event}");
        if event["type"] == "message" && event["from"] == "bot" {
            return began.elapsed();
        }
    }
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn row(what: &str, mut trips: Vec<Duration>) {
    trips.sort();
    let at = |share: f64| trips[((trips.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "| {what} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms |",
        trips.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
}

async fn first_answer(data: &std::path::Path, database: Option<&str>) -> (Server, Duration) {
    let began = Instant::now();
    let server = start(data, database);
    let mut socket = loop {
        if let Some(socket) = customer(server.port).await {
            break socket;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    trip(&mut socket, "first").await;
    (server, began.elapsed())
}

#[tokio::main]
async fn main() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let database = std::env::args().skip(1).find(|argument| argument.starts_with("postgres"));
    let data = tempfile::tempdir().unwrap();
    let (server, cold) = first_answer(data.path(), database.as_deref()).await;
    drop(server);
    let (server, warm) = first_answer(data.path(), database.as_deref()).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("database: {}", if database.is_some() { "Postgres" } else { "SQLite, synchronous=FULL" });
    println!(
        "start to first answer: {:.2} s with an empty data folder (trains), {:.2} s warm",
        cold.as_secs_f64(),
        warm.as_secs_f64()
    );
    println!("idle memory: {:.1} MiB resident", resident_kib(server.child.id()) as f64 / 1024.0);
    println!("\n| trip | messages | median | p95 | p99 | worst |\n|---|---|---|---|---|---|");

    let mut socket = customer(server.port).await.unwrap();
    let mut alone = Vec::new();
    for number in 0..180 {
        alone.push(trip(&mut socket, &format!("a{number}")).await);
    }
    row("1 conversation", alone);

    let mut talks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let mut socket = customer(server.port).await.unwrap();
        talks.spawn(async move {
            let mut trips = Vec::new();
            for number in 0..60 {
                trips.push(trip(&mut socket, &format!("b{number}")).await);
            }
            trips
        });
    }
    let began = Instant::now();
    let together: Vec<Duration> = talks.join_all().await.into_iter().flatten().collect();
    let seconds = began.elapsed().as_secs_f64();
    let count = together.len();
    row("64 conversations, each writing again as soon as it is answered", together);
    println!("\n64 conversations together: {:.0} answered messages a second", count as f64 / seconds);
    println!("memory after the load: {:.1} MiB resident", resident_kib(server.child.id()) as f64 / 1024.0);
}
