//! A customer directory in a database.

use super::row;
use crate::domain::customer::Account;
use crate::playbook::actions::query;
use crate::ports::{Directory, DirectoryError, Queries, Query};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A directory behind two queries.
pub struct SqlDirectory {
    databases: Arc<dyn Queries>,
    database: String,
    by_email: Option<String>,
    by_id: Option<String>,
    timeout: Duration,
}

impl SqlDirectory {
    /// The error names the setting.
    pub fn new(
        databases: Arc<dyn Queries>,
        database: String,
        by_email: Option<String>,
        by_id: Option<String>,
        timeout: Duration,
    ) -> Result<Self, String> {
        for (key, text) in [("by_email", &by_email), ("by_id", &by_id)] {
            if let Some(text) = text {
                query::check(text, 1).map_err(|why| format!("directory.sql.{key}: {why}"))?;
            }
        }
        Ok(Self { databases, database, by_email, by_id, timeout })
    }

    async fn find(&self, text: Option<&String>, value: &str) -> Result<Option<Account>, DirectoryError> {
        let Some(text) = text else { return Ok(None) };
        let params = [json!(value)];
        // Two rows would be two people: the database says so instead of choosing one.
        let query =
            Query { database: &self.database, text, params: &params, max_rows: 1, timeout: self.timeout };
        let rows = self.databases.select(query).await.map_err(|error| DirectoryError(error.to_string()))?;
        let Some(found) = rows.into_iter().next() else { return Ok(None) };
        match row::account(|field| found.get(field).cloned()) {
            Some(account) => Ok(Some(account)),
            None => Err(DirectoryError("the row has no id or no email".to_owned())),
        }
    }
}

#[async_trait]
impl Directory for SqlDirectory {
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(self.by_email.as_ref(), email).await
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(self.by_id.as_ref(), id).await
    }
}
