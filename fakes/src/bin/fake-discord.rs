//! The fake of Discord as a program, for foreign clients. Customers act by lines on standard input, each a JSON array:
//! `["say", name, text]`, `["say-in", name, channel, text]`, `["ask-in", name, channel, text]` (mentions the bot),
//! `["command", name, channel, command]`, `["press", name, channel, message, custom_id]`,
//! `["cut"]`, `["reconnect"]`, `["invalidate"]`, `["silent"]`. A channel is a name, or `@` for direct messages.
//! Each is answered by a line of JSON; at the end of the input the journal is judged: exit 1 with violations.

use clap::Parser;
use fakes::discord::{Customer, Fake, Limits, Options};
use serde_json::{Value, json};
use std::io::BufRead as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    address: SocketAddr,
    /// The bot's token.
    #[arg(long, default_value = "fake-discord-token")]
    token: String,
    /// The interval of heartbeats in milliseconds.
    #[arg(long, default_value_t = 41_250)]
    heartbeat: u64,
    /// Without rate limits.
    #[arg(long)]
    unlimited: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let limits = if arguments.unlimited { Limits::wide() } else { Limits::default() };
    let fake = Fake::start(Options {
        address: arguments.address,
        token: arguments.token,
        heartbeat: Duration::from_millis(arguments.heartbeat),
        limits,
        ..Options::default()
    })
    .await;
    println!(
        "{}",
        json!({"url": fake.url(), "token": fake.token(), "bot": fake.bot().to_string(), "channel": fake.channel("help").to_string()})
    );
    let (lines, mut orders) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = orders.recv().await {
        let order: Vec<Value> = serde_json::from_str(&line).unwrap_or_default();
        println!("{}", obey(&fake, &order));
    }
    let journal = fake.journal();
    for violation in &journal.violations {
        println!("violation: {violation}");
    }
    println!(
        "{}",
        json!({"requests": journal.requests.len(), "shown": journal.shown.len(), "violations": journal.violations.len()})
    );
    ExitCode::from(u8::from(!journal.violations.is_empty()))
}

fn obey(fake: &Fake, order: &[Value]) -> Value {
    let words: Vec<&str> = order.iter().map(|word| word.as_str().unwrap_or_default()).collect();
    let place = |customer: &Customer, channel: &str| {
        if channel == "@" { customer.direct } else { fake.channel(channel) }
    };
    let id = match words.as_slice() {
        ["say", name, text] => fake.customer(name).says(text),
        ["say-in", name, channel, text] => fake.customer(name).says_in(fake.channel(channel), text),
        ["ask-in", name, channel, text] => fake.customer(name).asks_in(fake.channel(channel), text),
        ["command", name, channel, command] => {
            let customer = fake.customer(name);
            customer.commands(place(&customer, channel), command, &[])
        }
        ["press", name, channel, message, custom_id] => {
            let customer = fake.customer(name);
            customer.presses(place(&customer, channel), message.parse().unwrap_or(0), custom_id)
        }
        ["hears", name] => {
            return json!(fake.customer(name).hears().iter().map(|shown| &shown.content).collect::<Vec<_>>());
        }
        ["cut"] => fake.cut() as u64,
        ["reconnect"] => fake.ask_to_reconnect() as u64,
        ["invalidate"] => fake.invalidate(false) as u64,
        ["silent"] => fake.go_silent() as u64,
        _ => return json!({"error": "no such order"}),
    };
    json!(id.to_string())
}
