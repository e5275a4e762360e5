//! Discord as the desk runs it.

use super::Discord;
use crate::{Channel, Courier, Health, Heard, Platform};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

#[async_trait]
impl Platform for Discord {
    fn channel(&self) -> Channel {
        Channel::Discord
    }

    fn courier(self: Arc<Self>) -> Arc<dyn Courier> {
        self
    }

    fn health(&self) -> watch::Receiver<Health> {
        Self::health(self)
    }

    async fn listen(self: Arc<Self>, stop: watch::Receiver<bool>) {
        self.run(stop).await;
    }

    /// Everything comes by the gateway.
    async fn hear(&self, _shown: Option<&[u8]>, _body: &[u8]) -> Heard {
        Heard::NotHere
    }

    async fn examine(&self) -> Result<String, String> {
        Self::examine(self).await
    }

    fn invitation(&self, code: &str) -> Option<String> {
        Some(format!("/support code:{code}"))
    }
}
