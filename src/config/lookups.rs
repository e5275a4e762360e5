//! The sections about systems of the desk's owner that are read.

use super::ConfigError;
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;

/// `[databases.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedDatabase {
    /// `sqlite:PATH` or `postgres://…`; may hold a password. Only ever read.
    pub url: SecretString,
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
