//! A customer directory in a YAML file: a list of accounts. Read again when the file changes.

use crate::domain::customer::Account;
use crate::ports::{Directory, DirectoryError};
use async_trait::async_trait;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    tier: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    open_tickets: i64,
    #[serde(default)]
    #[allow(dead_code)] // for couriers of later channels; accepted so that one file serves all
    identities: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Loaded {
    changed: Option<SystemTime>,
    accounts: Vec<Account>,
}

/// A directory in a file, or in the text of one.
#[derive(Debug)]
pub struct DirectoryFile {
    path: Option<PathBuf>,
    loaded: Mutex<Loaded>,
}

impl DirectoryFile {
    /// Nobody is known.
    #[must_use]
    pub fn empty() -> Self {
        Self { path: None, loaded: Mutex::default() }
    }

    /// Accounts from a text, for the demo.
    pub fn from_text(text: &str) -> Result<Self, DirectoryError> {
        Ok(Self { path: None, loaded: Mutex::new(Loaded { changed: None, accounts: parse(text)? }) })
    }

    /// Accounts from a file; it must be readable now.
    pub fn open(path: PathBuf) -> Result<Self, DirectoryError> {
        let directory = Self { path: Some(path), loaded: Mutex::default() };
        directory.find(|_| false)?;
        Ok(directory)
    }

    fn find(&self, wanted: impl Fn(&Account) -> bool) -> Result<Option<Account>, DirectoryError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.path {
            let failed = |error: std::io::Error| DirectoryError(format!("{}: {error}", path.display()));
            let changed = std::fs::metadata(path).and_then(|about| about.modified()).map_err(failed)?;
            if loaded.changed != Some(changed) {
                let text = std::fs::read_to_string(path).map_err(failed)?;
                *loaded = Loaded { changed: Some(changed), accounts: parse(&text)? };
            }
        }
        Ok(loaded.accounts.iter().find(|account| wanted(account)).cloned())
    }
}

fn parse(text: &str) -> Result<Vec<Account>, DirectoryError> {
    let lines: Vec<Line> =
        serde_saphyr::from_str(text).map_err(|error| DirectoryError(error.without_snippet().to_string()))?;
    let account = |line: Line| Account {
        id: line.id,
        email: line.email.to_lowercase(),
        name: line.name,
        company: line.company,
        tier: line.tier,
        plan: line.plan,
        language: line.language,
        status: line.status,
        since: line.since,
        open_tickets: line.open_tickets,
        ..Account::default()
    };
    Ok(lines.into_iter().map(account).collect())
}

#[async_trait]
impl Directory for DirectoryFile {
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError> {
        let email = email.to_lowercase();
        self.find(|account| account.email == email)
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(|account| account.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_address_however_it_is_written() {
        let directory = DirectoryFile::from_text(
            "- {id: c1, email: Ada@Example.com, name: Ada, tier: team, status: active}",
        )
        .unwrap();
        let found = directory.find(|account| account.email == "ada@example.com").unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.tier.as_str()), ("c1", "team"));
        assert!(DirectoryFile::from_text("- {id: c1, emial: x}").unwrap_err().0.contains("emial"));
    }

    #[test]
    fn an_edited_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customers.yaml");
        std::fs::write(&path, "- {id: c1, email: a@b.c}").unwrap();
        let directory = DirectoryFile::open(path.clone()).unwrap();
        std::fs::write(&path, "- {id: c2, email: d@e.f}").unwrap();
        let later = std::fs::metadata(&path).unwrap().modified().unwrap() + std::time::Duration::from_secs(2);
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(later).unwrap();
        assert!(directory.find(|account| account.id == "c2").unwrap().is_some());
        assert!(directory.find(|account| account.id == "c1").unwrap().is_none());
    }
}
