//! `user`: people at the desk.

use super::{print, say};
use crate::config::Config;
use crate::domain::ids::UserId;
use crate::domain::person::Role;
use crate::http::sign_in::hash_password;
use crate::ports::storage::User;
use crate::ports::{Clock as _, Ids as _};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::json;
use std::io::BufRead;

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a person, or change the one with that address.
    Add {
        /// What they sign in with.
        #[arg(long)]
        email: String,
        /// admin, agent or analyst.
        #[arg(long)]
        role: String,
        /// Shown to customers and colleagues; made of the address where absent.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input; without it the person can only use a one-time link.
        #[arg(long)]
        password_stdin: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command about people.
pub(super) async fn run(config: &Config, command: UserCommand) -> anyhow::Result<bool> {
    let UserCommand::Add { email, role, name, password_stdin, json } = command;
    let email = email.trim().to_lowercase();
    let parts = email.split_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty());
    let Some((local, _)) = parts else {
        bail!("--email: \"{email}\" is no e-mail address");
    };
    let Some(role) = Role::from_name(&role) else {
        bail!("--role: \"{role}\" is none of admin, agent, analyst");
    };
    let password = if password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("standard input")?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        if password.chars().count() < 12 {
            bail!("the password is too short: 12 characters at least");
        }
        Some(hash_password(password).await?)
    } else {
        None
    };
    let storage = crate::app::open_beside(config).await?;
    let name = name.unwrap_or_else(|| display_name(local));
    let user = User {
        id: UserId(crate::app::SystemIds.id()),
        email: email.clone(),
        name: name.clone(),
        role,
        password,
    };
    let id = storage.put_user(user, crate::app::SystemClock.now()).await?;
    storage.end_sessions_of(id).await?;
    if json {
        print(&json!({"id": id, "email": email, "name": name, "role": role}).to_string())?;
    } else {
        say(&format!("{name} <{email}> is {} now. Open sessions were ended.", role.name()));
    }
    Ok(true)
}

/// `ada.lovelace` → `Ada Lovelace`
fn display_name(local: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
            .unwrap_or_default()
    };
    local.split(['.', '-', '_', '+']).map(word).collect::<Vec<_>>().join(" ").trim().to_owned()
}
