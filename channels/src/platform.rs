//! A platform as the desk runs it.

use crate::courier::Courier;
use crate::health::Health;
use crate::words::Channel;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

/// What became of something that was posted to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is on disk.
    Taken,
    /// Whoever posted it does not know the secret; nothing was kept.
    Forged,
    /// It could not be stored; it must be posted again.
    TryAgain,
    /// It is not what the platform posts.
    Malformed,
    /// This platform posts nothing.
    NotHere,
}

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

    /// Takes what the platform posts to our address, where it does. `shown` is the secret that it shows.
    async fn hear(&self, shown: Option<&[u8]>, body: &[u8]) -> Heard;

    /// Connects once and says who it is there, or the true cause of the trouble in a sentence.
    async fn examine(&self) -> Result<String, String>;

    /// Where a customer who holds a code goes to prove who they are: an address, or words to write there.
    fn invitation(&self, code: &str) -> Option<String>;
}
