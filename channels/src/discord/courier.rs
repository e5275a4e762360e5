//! Carries messages out.

use super::Discord;
use super::rest::Ask;
use super::speaking;
use super::trouble::Trouble;
use crate::{Channel, Courier, DeliveryError, Outbound, Receipt};
use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serenity::http::Route;
use serenity::model::id::{ChannelId, MessageId};
use std::sync::PoisonError;

#[derive(Deserialize)]
struct Shown {
    id: MessageId,
}

#[async_trait]
impl Courier for Discord {
    fn channel(&self) -> Channel {
        Channel::Discord
    }

    /// Every send has a nonce that Discord enforces (for some minutes).
    fn repeats_safely(&self) -> bool {
        true
    }

    async fn deliver(&self, message: &Outbound, part: usize) -> Result<Receipt, DeliveryError> {
        let channel_id = address(&message.address)
            .ok_or_else(|| DeliveryError::GiveUp { cause: "the address is no Discord channel".into() })?;
        let me = self.name.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut parts = speaking::parts(message, &me);
        if part >= parts.len() {
            return Err(DeliveryError::GiveUp {
                cause: format!("the message has only {} parts", parts.len()),
            });
        }
        let last = part + 1 == parts.len();
        let body = speaking::body(message, parts.swap_remove(part), part, last, channel_id);
        let ask = Ask::with(Method::POST, Route::ChannelMessages { channel_id }, &body)?;
        let shown: Shown = self.rest.call(ask).await.inspect_err(|trouble| self.note(trouble))?;
        Ok(Receipt { external_id: shown.id.to_string(), more: !last })
    }

    async fn typing(&self, address_text: &str) {
        let Some(channel_id) = address(address_text) else { return };
        if let Err(trouble) =
            self.rest.tell(Ask::bare(Method::POST, Route::ChannelTyping { channel_id })).await
        {
            tracing::debug!("typing is not shown: {trouble}");
        }
    }
}

impl Discord {
    /// What concerns the whole bot is for the health, not only for one message.
    fn note(&self, trouble: &Trouble) {
        if *trouble == Trouble::Revoked {
            self.degrade(trouble.to_string());
        }
    }
}

fn address(text: &str) -> Option<ChannelId> {
    text.parse::<u64>().ok().filter(|id| *id != 0 && *id != u64::MAX).map(ChannelId::new)
}
