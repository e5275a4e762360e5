//! The customer directory: read only, safe to ask twice.

use crate::domain::customer::Account;
use async_trait::async_trait;

/// Finds accounts in the desk owner's own systems.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The account of that address, if there is one.
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError>;

    /// The account of that id, if there is one.
    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError>;
}

/// The directory did not answer; the desk goes on without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the customer directory did not answer: {0}")]
pub struct DirectoryError(pub String);
