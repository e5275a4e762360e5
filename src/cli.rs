//! The command line. Data goes to standard output, words to standard error; exit code 0 is done, 1 refused or
//! failed, 2 wrong use.

mod action;
mod classify;
mod content;
mod database;
mod people;
mod replay;
mod switch;
mod triage;

use crate::config::Config;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Deskhand: a self-hosted support desk's first hand.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, arg_required_else_help = true)]
pub struct Cli {
    /// The settings file; deskhand.toml in the working directory where absent.
    #[arg(long, global = true, env = "DESKHAND_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the desk: channels, triage, console, all in one process.
    Serve {
        /// Seed a sample desk with simulated visitors, and print where to look.
        #[arg(long)]
        demo: bool,
    },
    /// Check policies, replies, articles and cases; prints `file:line:column: message`.
    Check {
        /// The folder that holds policies/ and knowledge/.
        dir: Option<PathBuf>,
        /// Write policies/schema.json, which tells editors what may stand in the files, and check nothing.
        #[arg(long)]
        schema: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the cases beside the policies, offline.
    Test {
        /// The folder that holds policies/ and knowledge/.
        dir: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decide about messages from standard input, one a line (text, or an Inbound as JSON); acts on nothing.
    Triage {
        /// The folder that holds policies/ and knowledge/.
        #[arg(long)]
        policies: Option<PathBuf>,
        /// The customer's account, as JSON.
        #[arg(long)]
        customer: Option<PathBuf>,
        /// Print JSON; it always does.
        #[arg(long)]
        json: bool,
    },
    /// Decide past conversations again by another release, and print what would differ; changes nothing.
    Replay {
        /// Which: all, last:30d, a day such as 2026-11-01 (and since), or ids of conversations with commas between.
        #[arg(long)]
        from: String,
        /// A folder that holds policies/ and knowledge/, or the id of a release.
        #[arg(long)]
        against: String,
        /// Forecast what a language model would cost, by llm.prices.
        #[arg(long)]
        cost: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Train from labelled rows, then judge one text a line from standard input.
    Classify {
        /// Rows of {"text","intent","name"?}; an intent of null marks a text as out of scope.
        #[arg(long)]
        train: PathBuf,
        /// Leave the network's own probability as it is.
        #[arg(long)]
        no_calibration: bool,
        /// The share of messages expected to be out of scope.
        #[arg(long, default_value_t = 0.2)]
        out_of_scope_share: f64,
        /// The share of handled messages that must be right.
        #[arg(long, default_value_t = 0.95)]
        precision: f64,
        /// Print JSON; it always does.
        #[arg(long)]
        json: bool,
    },
    /// Actions of the policies.
    #[command(subcommand)]
    Action(ActionCommand),
    /// The desk's intents.
    #[command(subcommand)]
    Intents(IntentsCommand),
    /// People.
    #[command(subcommand)]
    User(people::UserCommand),
    /// The kill switch: the whole bot, a channel, an intent, an action or a playbook.
    #[command(subcommand)]
    Switch(switch::SwitchCommand),
    /// Bring the database to this version.
    Migrate {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check every setting and outside system, and say what is wrong.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the description of the management API (OpenAPI 3.1).
    Openapi {
        /// Print JSON; it always does.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum ActionCommand {
    /// Ask another system by an action that reads, or show with --dry what any action would send.
    Run {
        /// The action's id.
        id: String,
        /// What it takes, as JSON.
        #[arg(long, default_value = "{}")]
        input: String,
        /// Send nothing: show what would be sent. Secrets are named, not shown.
        #[arg(long)]
        dry: bool,
        /// The folder that holds policies/ and knowledge/.
        #[arg(long)]
        policies: Option<PathBuf>,
        /// Print JSON; it always does.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum IntentsCommand {
    /// How well the examples tell the intents apart, and what to mend.
    Report {
        /// The folder that holds policies/ and knowledge/.
        dir: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            return if error.print().is_err() || wrong { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match execute(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("deskhand: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// True if it went well.
fn execute(cli: Cli) -> anyhow::Result<bool> {
    let config = || Config::load(cli.config.as_deref()).map_err(anyhow::Error::from);
    match cli.command {
        Command::Serve { demo } => {
            let config = config()?;
            crate::telemetry::start(&config.log)?;
            runtime()?.block_on(crate::app::serve(config, demo)).map(|()| true)
        }
        Command::Check { dir, schema: true, .. } => content::schema(&folder(dir, config)?),
        Command::Check { dir, json, .. } => content::check(&folder(dir, config)?, json),
        Command::Test { dir, json } => content::test(&folder(dir, config)?, json),
        Command::Triage { policies, customer, .. } => {
            triage::run(&folder(policies, config)?, customer.as_deref())
        }
        Command::Replay { from, against, cost, json } => {
            runtime()?.block_on(replay::run(&config()?, &from, &against, cost, json))
        }
        Command::Classify { train, no_calibration, out_of_scope_share, precision, .. } => {
            classify::run(&train, !no_calibration, out_of_scope_share, precision)
        }
        Command::Action(ActionCommand::Run { id, input, dry, policies, .. }) => {
            let folder = folder(policies, config)?;
            runtime()?.block_on(action::run(&config()?, &folder, &id, &input, dry))
        }
        Command::Intents(IntentsCommand::Report { dir, json }) => {
            classify::intents_report(&folder(dir, config)?, json)
        }
        Command::User(command) => runtime()?.block_on(people::run(&config()?, command)),
        Command::Switch(command) => runtime()?.block_on(switch::run(&config()?, command)),
        Command::Migrate { json } => runtime()?.block_on(database::migrate(&config()?, json)),
        Command::Doctor { json } => runtime()?.block_on(database::doctor(config(), json)),
        Command::Openapi { .. } => {
            print(&crate::http::openapi())?;
            Ok(true)
        }
    }
}

/// Where the editable content lies: named here, set in the settings, below the working directory, or the starter
/// desk (`None`).
fn folder(
    named: Option<PathBuf>,
    config: impl Fn() -> anyhow::Result<Config>,
) -> anyhow::Result<Option<PathBuf>> {
    match named {
        Some(folder) => Ok(Some(folder)),
        None => Ok(crate::app::content_folder(config()?.content_dir)),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime could not start")
}

/// Data, to standard output. A reader who has gone away ends the program quietly.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Words for people, to standard error. Where that is closed, nobody is there to read them.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
