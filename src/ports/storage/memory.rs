//! Small values that outlive the process.

use super::Unavailable;
use crate::domain::Time;
use async_trait::async_trait;

/// What the platforms' adapters remember, such as the last message seen in a channel.
#[async_trait]
pub trait Memory: Send + Sync {
    /// Remembers, in place of what was there.
    async fn remember(&self, key: &str, value: &str, at: Time) -> Result<(), Unavailable>;

    /// What is remembered under keys that begin so, in the order of the keys.
    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, Unavailable>;

    /// Forgets.
    async fn forget(&self, key: &str) -> Result<(), Unavailable>;
}
