//! Long polling. Asking with a higher offset is the acknowledgement: it rises over what the desk has on disk and never
//! further. It is not stored: what Telegram was not told of it offers again, and the desk knows what it has.

use super::{Telegram, api::CallError, hook::same, updates, wire};
use crate::{Health, IntakeError};
use futures::{StreamExt as _, future::BoxFuture};
use serde_json::Value;
use std::time::Duration;
use teloxide::payloads::{DeleteWebhook, GetUpdates};

/// Chats of one batch that are handled side by side.
const SIDE_BY_SIDE: usize = 16;
/// A poll that lasted so long met no other program, in seconds.
const RIVAL_SECONDS: u32 = 3;
/// No wait that Telegram orders for a poll is taken for longer, in seconds.
const LONGEST_WAIT: u32 = 300;

impl Telegram {
    /// Asks for updates for ever.
    pub(super) async fn poll(&self) {
        let mut offset = None;
        let mut troubles = 0;
        // Telegram may hold the first poll, and the first after trouble, only shortly: else nobody knew for half a
        // minute that all is well. A rival is seen only by a poll that lasts.
        let mut patience = 0;
        loop {
            let mut ordered = Duration::ZERO;
            let trouble = match self.ask(offset, patience).await {
                Ok(raw) => {
                    let Stored { next, all } = self.store(raw).await;
                    offset = next.or(offset);
                    if all {
                        troubles = 0;
                        patience = self.settings.poll_seconds;
                        self.healthy("long polling").await;
                        continue;
                    }
                    patience = 0;
                    let cause = "Incoming messages can't be stored for now, so Telegram keeps them: see the database.";
                    Health::Degraded { cause: cause.to_owned() }
                }
                Err(error) => {
                    patience = if error.code() == Some(409) {
                        RIVAL_SECONDS.min(self.settings.poll_seconds)
                    } else {
                        0
                    };
                    if let CallError::Refused { retry_after: Some(seconds), .. } = error {
                        ordered = self.settings.second
                            * u32::try_from(seconds).unwrap_or(u32::MAX).min(LONGEST_WAIT);
                    }
                    self.diagnose(&error).await
                }
            };
            self.set_health(trouble);
            tokio::time::sleep(ordered).await;
            self.back_off(troubles).await;
            troubles += 1;
        }
    }

    async fn ask(&self, offset: Option<i64>, seconds: u32) -> Result<Vec<Value>, CallError> {
        let mut call = GetUpdates::new();
        call.offset = offset.and_then(|offset| i32::try_from(offset).ok());
        call.timeout = Some(seconds);
        call.allowed_updates = Some(updates::KINDS.to_vec());
        match self.api.raw(&call).await? {
            Value::Array(updates) if updates.iter().all(|update| update["update_id"].is_i64()) => Ok(updates),
            _ => Err(CallError::Garbled("not a list of updates".to_owned())),
        }
    }

    /// Stores a batch: the updates of a chat in their order, chats side by side, so that one customer's large file does
    /// not keep the others waiting.
    async fn store(&self, raw: Vec<Value>) -> Stored {
        let updates: Vec<wire::Update> = raw.into_iter().filter_map(updates::read).collect();
        let last = updates.iter().map(|update| update.update_id).max();
        let mut chats: Vec<(i64, Vec<&wire::Update>)> = Vec::new();
        for update in &updates {
            match chats.iter_mut().find(|(chat, _)| *chat == update.chat()) {
                Some((_, own)) => own.push(update),
                None => chats.push((update.chat(), vec![update])),
            }
        }
        let each: Vec<_> = chats.into_iter().map(|(_, own)| self.store_chat(own)).collect();
        let mut stored = futures::stream::iter(each).buffer_unordered(SIDE_BY_SIDE);
        let mut first_left = None;
        while let Some(left) = stored.next().await {
            first_left = first_left.into_iter().chain(left).min();
        }
        Stored { next: first_left.or(last.map(|last| last + 1)), all: first_left.is_none() }
    }

    /// Stores updates in order; the first one that must be offered again stays, and all after it.
    fn store_chat<'a>(&'a self, updates: Vec<&'a wire::Update>) -> BoxFuture<'a, Option<i64>> {
        Box::pin(async move {
            for update in updates {
                if self.take(update).await == Err(IntakeError::TryAgain) {
                    return Some(update.update_id);
                }
            }
            None
        })
    }

    /// The true cause of a poll's failure.
    async fn diagnose(&self, error: &CallError) -> Health {
        if error.code() != Some(409) {
            return self.trouble(error);
        }
        let cause = match self.webhook_host().await {
            Ok(Some((url, _))) if self.settings.own_webhook.as_deref().is_some_and(|own| same(&url, own)) => {
                // Ours, from when this desk was set to be called. What waits there is not dropped.
                match self.api.call(&DeleteWebhook::new()).await {
                    Ok(_) => "This desk's own webhook was still set; it has been removed.".to_owned(),
                    Err(error) => format!("This desk's own webhook is still set and can't be removed: {error}."),
                }
            }
            Ok(Some((_, host))) => format!(
                "A webhook is set to {host}, so Telegram gives this desk nothing: remove it there, or set telegram.mode to webhook here."
            ),
            Ok(None) => "Another program polls with this bot's token, so messages go astray: stop it, or take a new token from @BotFather."
                .to_owned(),
            Err(error) => format!("Telegram refuses the poll (409) and does not say why: {error}."),
        };
        Health::Degraded { cause }
    }
}

/// What became of a batch.
struct Stored {
    /// The first update that is not on disk.
    next: Option<i64>,
    /// Whether nothing was left.
    all: bool,
}
