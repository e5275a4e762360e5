//! Telegram's Bot API, faked, as a program of its own: for foreign clients, and to try a bot by hand. Each line read
//! from standard input is what a customer does: `Ada says hello`, `Ada presses Yes`, `Ada blocks`, `Ada photo caption`;
//! `hears Ada` and `journal` print JSON.

use clap::Parser;
use fakes::telegram::{Fake, Options};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8081")]
    addr: SocketAddr,
    /// The bot's token.
    #[arg(long, default_value = "4711:fake-telegram-token")]
    token: String,
    /// The bot's name.
    #[arg(long, default_value = "harbor_bot")]
    username: String,
    /// How long Telegram's second lasts, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    second_ms: u64,
    /// Hold the bot to the published limits.
    #[arg(long)]
    limits: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let fake = Fake::start(Options {
        addr: args.addr,
        token: args.token,
        username: args.username,
        second: Duration::from_millis(args.second_ms.max(1)),
        limits: args.limits,
        ..Options::default()
    })
    .await?;
    println!("listening {}", fake.url());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{}", act(&fake, &line));
    }
    Ok(())
}

fn act(fake: &Fake, line: &str) -> serde_json::Value {
    let mut words = line.splitn(3, ' ');
    let (first, second, rest) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let who = || fake.customer(first);
    match (first, second) {
        ("hears", name) => json!(fake.customer(name).hears()),
        ("journal", _) => {
            let journal = fake.journal();
            let methods: Vec<_> = journal.requests.iter().map(|request| &request.method).collect();
            json!({"violations": journal.violations, "methods": methods, "waiting": fake.waiting()})
        }
        (_, "says") => json!(who().says(rest)),
        (_, "presses") => json!(who().presses(rest)),
        (_, "photo") => json!(who().sends_file("photo", "photo.jpg", &[0xff; 64], rest)),
        (_, "document") => json!(who().sends_file("document", "note.txt", b"a note", rest)),
        (_, "blocks") => {
            who().blocks();
            json!(true)
        }
        (_, "unblocks") => {
            who().unblocks();
            json!(true)
        }
        _ => json!({"error": "not understood"}),
    }
}
