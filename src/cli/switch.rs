//! `switch`: the kill switch, also beside a desk that is running.

use super::{print, say};
use crate::app;
use crate::config::Config;
use crate::domain::release::Content;
use crate::domain::switch::{Switch, SwitchedOff};
use crate::library;
use crate::playbook::fault::unknown;
use crate::ports::Clock as _;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

/// What can be done with switches.
#[derive(Debug, Subcommand)]
pub(super) enum SwitchCommand {
    /// Switch off: at once, in every process on this database. Messages still come in and go to humans.
    Off(Which),
    /// Switch on again.
    On(Which),
    /// What is off.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which switch; the whole bot where none is named.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The bot on this channel: web, telegram or discord.
    #[arg(long, group = "which")]
    channel: Option<String>,
    /// The bot for this intent.
    #[arg(long, group = "which")]
    intent: Option<String>,
    /// This action.
    #[arg(long, group = "which")]
    action: Option<String>,
    /// This playbook.
    #[arg(long, group = "which")]
    playbook: Option<String>,
    /// Why; colleagues read it.
    #[arg(long)]
    because: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Which {
    fn switch(&self) -> anyhow::Result<Switch> {
        let named = [
            ("channel", &self.channel),
            ("intent", &self.intent),
            ("action", &self.action),
            ("playbook", &self.playbook),
        ];
        let named = named.into_iter().find_map(|(kind, name)| Some((kind, name.as_ref()?)));
        match named {
            None => Ok(Switch::All),
            Some((kind, name)) => {
                format!("{kind}:{name}").parse().with_context(|| format!("--{kind}: there is no \"{name}\""))
            }
        }
    }
}

/// Runs a command about switches.
pub(super) async fn run(config: &Config, command: SwitchCommand) -> anyhow::Result<bool> {
    let (which, on) = match command {
        SwitchCommand::Show { json } => return show(config, json).await,
        SwitchCommand::Off(which) => (which, false),
        SwitchCommand::On(which) => (which, true),
    };
    let switch = which.switch()?;
    let because = which.because.trim().to_owned();
    if because.is_empty() {
        bail!("--because: say why; colleagues read it");
    }
    if !on {
        // A mistyped name would switch off nothing and let everybody believe it did.
        exists(&switch, &content(config)?)?;
    }
    let storage = app::open_beside(config).await?;
    let (by, at) = (operator(), app::SystemClock.now());
    let changed = if on {
        storage.switch_on(&switch, &because, &by, at).await?
    } else {
        storage.switch_off(&SwitchedOff { switch: switch.clone(), because, by, at }).await?
    };
    if which.json {
        print(&json!({"switch": switch, "on": on, "changed": changed}).to_string())?;
    } else {
        let now = if on { "on" } else { "off" };
        let already = if changed { "" } else { " (it was so already)" };
        say(&format!("{switch} is {now}{already}."));
    }
    Ok(true)
}

async fn show(config: &Config, as_json: bool) -> anyhow::Result<bool> {
    let board = app::open_beside(config).await?.switchboard().await?;
    if as_json {
        print(&serde_json::to_string(&board.off)?)?;
    } else if board.off.is_empty() {
        say("Everything is on.");
    } else {
        for off in &board.off {
            print(&format!("{}  since {}  by {}: {}", off.switch, off.at, off.by, off.because))?;
        }
    }
    Ok(true)
}

fn content(config: &Config) -> anyhow::Result<Content> {
    Ok(match app::content_folder(config.content_dir.clone()) {
        Some(folder) => library::load(&folder)?,
        None => library::starter(),
    })
}

/// Whether the content has a file of that name. The files need not be in order for this: that may be the very reason to
/// switch something off.
fn exists(switch: &Switch, content: &Content) -> anyhow::Result<()> {
    let (thing, folder, id) = match switch {
        Switch::All | Switch::Channel(_) => return Ok(()),
        Switch::Intent(id) => ("intent", "policies/intents/", id),
        Switch::Action(id) => ("action", "policies/actions/", id),
        Switch::Playbook(id) => ("playbook", "policies/playbooks/", id),
    };
    let names: Vec<String> = content
        .keys()
        .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(".yaml"))
        .map(|name| if thing == "intent" { name.replace('-', "_") } else { name.to_owned() })
        .collect();
    if names.contains(id) {
        Ok(())
    } else {
        bail!("{}", unknown(thing, id, names.iter().map(String::as_str)))
    }
}

/// Who does it, as the machine knows them.
fn operator() -> String {
    let name = std::env::var("USER").ok().filter(|name| !name.is_empty());
    name.map_or_else(|| "the command line".to_owned(), |name| format!("{name} (command line)"))
}
