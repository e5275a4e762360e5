//! A platform as the desk runs it.

use crate::courier::Courier;
use crate::health::Health;
use crate::words::Channel;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

/// One platform, connected with one token.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Which.
    fn channel(&self) -> Channel;

    /// Carries messages to it.
    fn courier(self: Arc<Self>) -> Arc<dyn Courier>;

    /// How it is.
    fn health(&self) -> watch::Receiver<Health>;

    /// Listens until `stop` turns true. Only one process does at a time; it may be called again after it ended.
    async fn listen(self: Arc<Self>, stop: watch::Receiver<bool>);

    /// Connects once and says who it is there, or the true cause of the trouble in a sentence.
    async fn examine(&self) -> Result<String, String>;

    /// Where a customer who holds a code goes to prove who they are: an address, or words to write there.
    fn invitation(&self, code: &str) -> Option<String>;
}
