//! The sections about systems of the desk's owner that are read.

use super::ConfigError;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a directory may tell of a customer, beside the id and the address that they are found by.
pub(super) const FIELDS: &[&str] =
    &["name", "company", "tier", "plan", "language", "status", "since", "open_tickets"];

/// The longest that one directory may be waited for, in milliseconds: the turn waits three seconds.
const LONGEST_MS: u64 = 2900;

/// `[directory]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// A YAML list of accounts.
    pub file: Option<PathBuf>,
    /// What the desk lets in, beside the id and the address.
    pub fields: Vec<String>,
    /// How long an answer is good; 0 asks anew each time.
    pub cache_seconds: u64,
    /// How long each directory may take.
    pub timeout_ms: u64,
    /// A system over HTTP.
    pub http: Option<DirectoryHttp>,
    /// A database.
    pub sql: Option<DirectorySql>,
}

/// `[directory.http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryHttp {
    /// The address by which an account is found by e-mail; `{email}` stands for it.
    pub by_email: Option<String>,
    /// The address by which it is found by id; `{id}` stands for it.
    pub by_id: Option<String>,
    /// Shown as `Authorization: Bearer …`.
    pub token: Option<SecretString>,
    /// Where each field stands in the answer, as a JSON pointer; `/` and the field's name where absent.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// `[directory.sql]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectorySql {
    /// Which of `databases`.
    pub database: String,
    /// A SELECT with `$1` for the address; its columns are named like the fields.
    pub by_email: Option<String>,
    /// The same for the id.
    pub by_id: Option<String>,
}

impl Directory {
    /// What can be told without asking anybody.
    pub(super) fn check(&self, databases: &BTreeMap<String, NamedDatabase>) -> Result<(), ConfigError> {
        let wrong = |message: String| Err(ConfigError(message));
        if let Some(field) = self.fields.iter().find(|field| !FIELDS.contains(&field.as_str())) {
            return wrong(format!(
                "directory.fields: \"{field}\" is no field; there are {}",
                FIELDS.join(", ")
            ));
        }
        if !(50..=LONGEST_MS).contains(&self.timeout_ms) {
            return wrong(format!("directory.timeout_ms is 50 to {LONGEST_MS}: a customer waits for it"));
        }
        if let Some(http) = &self.http {
            http.check()?;
        }
        match &self.sql {
            Some(sql) if !databases.contains_key(&sql.database) => wrong(format!(
                "directory.sql.database: the setting databases.{}.url is missing",
                sql.database
            )),
            Some(DirectorySql { by_email: None, by_id: None, .. }) => {
                wrong("directory.sql.by_email or directory.sql.by_id is missing".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl DirectoryHttp {
    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |message: String| Err(ConfigError(message));
        if self.by_email.is_none() && self.by_id.is_none() {
            return wrong("directory.http.by_email or directory.http.by_id is missing".to_owned());
        }
        for (key, address, mark) in [("by_email", &self.by_email, "{email}"), ("by_id", &self.by_id, "{id}")]
        {
            let Some(address) = address else { continue };
            let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
            let host = host.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
            if host.is_empty() || host.contains(['{', '@']) {
                return wrong(format!(
                    "directory.http.{key}: \"{address}\" is no address; expected https://…"
                ));
            }
            if !address.contains(mark) {
                return wrong(format!("directory.http.{key} names no {mark}: whom should it find?"));
            }
        }
        let known = |field: &str| FIELDS.contains(&field) || ["id", "email"].contains(&field);
        match self.fields.iter().find(|(field, place)| !known(field) || !place.starts_with('/')) {
            None => Ok(()),
            Some((field, place)) => wrong(format!(
                "directory.http.fields: {field} = \"{place}\" is not a field and a place such as tier = \"/plan/tier\""
            )),
        }
    }
}

/// `[databases.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedDatabase {
    /// `sqlite:PATH` or `postgres://…`; may hold a password. Only ever read.
    pub url: SecretString,
}

/// `[mcp.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpServer {
    /// Where it listens.
    pub url: Option<String>,
    /// Shown to it as a bearer token.
    pub token: Option<SecretString>,
    /// Instead of an address: the program that is one, by its whole path, and its arguments.
    #[serde(default)]
    pub command: Vec<String>,
    /// The tools that actions may call.
    pub tools: Vec<String>,
}

/// A server is an address or a program.
pub(super) fn check_mcp(servers: &BTreeMap<String, McpServer>) -> Result<(), ConfigError> {
    for (name, server) in servers {
        let wrong = match (&server.url, server.command.first()) {
            (Some(url), None) if url.starts_with("https://") || url.starts_with("http://") => None,
            (Some(url), None) => Some(format!("url: \"{url}\" is no address; expected https://…")),
            (None, Some(program))
                if PathBuf::from(program).is_absolute() && PathBuf::from(program).is_file() =>
            {
                None
            }
            (None, Some(program)) => {
                Some(format!("command: \"{program}\" is not the whole path of a program"))
            }
            _ => Some("url or mcp.….command is missing, or both are there".to_owned()),
        };
        let wrong = wrong.or_else(|| server.tools.is_empty().then(|| "tools: names no tool".to_owned()));
        if let Some(wrong) = wrong {
            return Err(ConfigError(format!("mcp.{name}.{wrong}")));
        }
    }
    Ok(())
}

/// Programs are named by their whole paths, and are there.
pub(super) fn check_commands(commands: &[PathBuf]) -> Result<(), ConfigError> {
    for program in commands {
        let wrong = if !program.is_absolute() {
            "is no whole path; expected e.g. /opt/desk/stock"
        } else if !program.is_file() {
            "is no program: there is no such file"
        } else {
            continue;
        };
        return Err(ConfigError(format!("actions.commands: \"{}\" {wrong}", program.display())));
    }
    Ok(())
}
