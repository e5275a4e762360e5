//! Telegram as the desk runs it.

use super::{Telegram, Webhook};
use crate::{Channel, Courier, Health, Heard, Platform};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

#[async_trait]
impl Platform for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
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

    async fn hear(&self, shown: Option<&[u8]>, body: &[u8]) -> Heard {
        match self.webhook(shown, body).await {
            Webhook::Taken => Heard::Taken,
            Webhook::Forged => Heard::Forged,
            Webhook::TryAgain => Heard::TryAgain,
            Webhook::Malformed => Heard::Malformed,
        }
    }

    async fn examine(&self) -> Result<String, String> {
        Self::examine(self).await
    }

    /// Known once the bot has learned its own name.
    fn invitation(&self, code: &str) -> Option<String> {
        let name = self.me.get()?.username.as_ref()?;
        Some(format!("https://t.me/{name}?start={code}"))
    }
}
