//! The fake model server as a program, for the desk in demonstrations and for foreign clients.

use clap::Parser;
use fakes::model::{Kind, Manner, Server, World};
use std::net::SocketAddr;
use std::time::Duration;

/// Speaks OpenAI's chat completions, embeddings and models on this machine; `POST /_fake/always {"kind": NAME|null}`
/// orders a fault, `GET /_fake/journal` shows what came.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
    /// How long each answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// How long it takes between two pieces of a streamed answer, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pace: u64,
    /// Answer whatever the attack wants.
    #[arg(long)]
    obey: bool,
    /// A fault that every request meets; `list` names them.
    #[arg(long)]
    kind: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), String> {
    let args = Args::parse();
    if args.kind.as_deref() == Some("list") {
        Kind::ALL.iter().for_each(|kind| println!("{}", kind.name()));
        return Ok(());
    }
    let world = World::new()?;
    world.latency(Duration::from_millis(args.latency));
    world.pace(Duration::from_millis(args.pace));
    if args.obey {
        world.manner(Manner::Obey);
    }
    if let Some(name) = args.kind {
        world.always(Some(Kind::named(&name).ok_or(format!("there is no kind {name}; see --kind list"))?));
    }
    let checked = if world.has_spec() { "checked" } else { "not checked: the specification is absent" };
    let server = Server::listen(world, args.listen).await?;
    println!("{} (requests are {checked})", server.url());
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
