//! Several customer directories as one: all are asked at once, each for a limited time, and the first that knows wins,
//! field by field.

mod http;
mod row;
mod sql;

pub use http::HttpDirectory;
pub use row::Admitted;
pub use sql::SqlDirectory;

use crate::domain::customer::Account;
use crate::ports::{Directory, DirectoryError};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Answers remembered at most, of each directory.
const REMEMBERED: usize = 10_000;

/// One of them.
pub struct Source {
    name: &'static str,
    directory: Arc<dyn Directory>,
    age: Duration,
    answers: Mutex<HashMap<Wanted, (Instant, Option<Account>)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Wanted {
    Email(String),
    Id(String),
}

impl Source {
    /// A directory by its name in decisions, with how long its answers are good.
    #[must_use]
    pub fn new(name: &'static str, directory: Arc<dyn Directory>, age: Duration) -> Self {
        Self { name, directory, age, answers: Mutex::default() }
    }

    async fn find(&self, wanted: &Wanted, timeout: Duration) -> Result<Option<Account>, String> {
        if let Some(known) = self.remembered(wanted) {
            return Ok(known);
        }
        let asked = async {
            match wanted {
                Wanted::Email(email) => self.directory.by_email(email).await,
                Wanted::Id(id) => self.directory.by_id(id).await,
            }
        };
        let found = match tokio::time::timeout(timeout, asked).await {
            Ok(Ok(found)) => found,
            Ok(Err(DirectoryError(cause))) => return Err(format!("{}: {cause}", self.name)),
            Err(_) => return Err(format!("{}: no answer within {} s", self.name, timeout.as_secs_f32())),
        };
        // A directory that answers with somebody else is not believed.
        let found = found.filter(|account| match wanted {
            Wanted::Email(email) => account.email.eq_ignore_ascii_case(email),
            Wanted::Id(id) => account.id == *id,
        });
        self.remember(wanted, &found);
        Ok(found)
    }

    fn remembered(&self, wanted: &Wanted) -> Option<Option<Account>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, known) = answers.get(wanted)?;
        (at.elapsed() < self.age).then(|| known.clone())
    }

    fn remember(&self, wanted: &Wanted, found: &Option<Account>) {
        if self.age.is_zero() {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= REMEMBERED {
            answers.retain(|_, (at, _)| at.elapsed() < self.age);
        }
        if answers.len() >= REMEMBERED {
            answers.clear();
        }
        answers.insert(wanted.clone(), (Instant::now(), found.clone()));
    }
}

/// All of them.
pub struct Directories {
    sources: Vec<Source>,
    timeout: Duration,
    admitted: Admitted,
}

impl Directories {
    /// In the order in which they win; `timeout` is for each.
    #[must_use]
    pub fn new(sources: Vec<Source>, timeout: Duration, admitted: Admitted) -> Self {
        Self { sources, timeout, admitted }
    }

    async fn find(&self, wanted: Wanted) -> Result<Option<Account>, DirectoryError> {
        let asked = self.sources.iter().map(|source| source.find(&wanted, self.timeout));
        let answers = futures::future::join_all(asked).await;
        let (mut joined, mut troubles): (Option<Account>, _) = (None, Vec::new());
        for (source, answer) in self.sources.iter().zip(answers) {
            match answer {
                Err(trouble) => troubles.push(trouble),
                Ok(None) => {}
                Ok(Some(found)) => match &mut joined {
                    None => joined = Some(self.admitted.only(found, self.name_of(source))),
                    // The same address under another id is another person's, or nobody can tell.
                    Some(known) if known.id != found.id => {
                        troubles.push(format!("{}: names another customer", source.name));
                    }
                    Some(known) => {
                        let found = self.admitted.only(found, self.name_of(source));
                        row::fill_in(known, found);
                    }
                },
            }
        }
        match joined {
            Some(account) => Ok(Some(Account { missing: troubles, ..account })),
            // Somebody who was not asked may know them.
            None if !troubles.is_empty() => Err(DirectoryError(troubles.join("; "))),
            None => Ok(None),
        }
    }

    /// Only where there is a choice is it worth a word.
    fn name_of(&self, source: &Source) -> Option<&'static str> {
        (self.sources.len() > 1).then_some(source.name)
    }
}

#[async_trait]
impl Directory for Directories {
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(Wanted::Email(email.trim().to_lowercase())).await
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(Wanted::Id(id.trim().to_owned())).await
    }
}
