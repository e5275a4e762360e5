//! The webhook: Telegram calls, and is told 200 only when the update is on disk. Telegram itself keeps the order of a
//! chat: it sends a chat's next update when the one before was taken.

use super::{Telegram, api::CallError, pauses::wall_millis, settings::Mode, updates};
use crate::{Health, IntakeError};
use secrecy::ExposeSecret as _;
use std::sync::atomic::Ordering;
use subtle::ConstantTimeEq as _;
use teloxide::{
    payloads::{GetWebhookInfo, SetWebhook},
    types::WebhookInfo,
};

/// What to answer to a call of the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// 200: it is on disk.
    Taken,
    /// 401: whoever called does not know the secret; nothing was looked at.
    Forged,
    /// 503: Telegram must offer it again.
    TryAgain,
    /// 400: not an update.
    Malformed,
}

impl Telegram {
    /// Takes one call. `secret` is the header `X-Telegram-Bot-Api-Secret-Token`. It works on any replica, whether or
    /// not [`Telegram::run`] runs there.
    pub async fn webhook(&self, secret: Option<&[u8]>, body: &[u8]) -> Webhook {
        let Mode::Webhook { secret: ours, .. } = &self.settings.mode else { return Webhook::Forged };
        if !bool::from(ours.expose_secret().as_bytes().ct_eq(secret.unwrap_or_default())) {
            metrics::counter!("deskhand_telegram_webhooks_forged_total").increment(1);
            return Webhook::Forged;
        }
        let Some(update) = serde_json::from_slice(body).ok().and_then(updates::read) else {
            return Webhook::Malformed;
        };
        match self.take(&update).await {
            Err(IntakeError::TryAgain) => Webhook::TryAgain,
            _ => {
                self.taken_at.store(wall_millis() / 1000, Ordering::Relaxed);
                Webhook::Taken
            }
        }
    }

    /// Sets the webhook and looks after it for ever.
    pub(super) async fn look_after(&self, url: &str, secret: &str) {
        let mut troubles = 0;
        let mut set = false;
        loop {
            let looked = match set {
                false => self.set(url, secret).await,
                true => Ok(()),
            };
            set |= looked.is_ok();
            let looked = match looked {
                Ok(()) => self.api.call(&GetWebhookInfo::new()).await,
                Err(error) => Err(error),
            };
            match looked.map_err(|error| self.trouble(&error)).map(|info| (self.ill(&info, url), info)) {
                Ok((None, _)) => {
                    troubles = 0;
                    self.healthy("webhook").await;
                    tokio::time::sleep(self.settings.look_every).await;
                    continue;
                }
                Ok((Some(trouble), info)) => {
                    // A poller removed it, as ours would never do to another's: set it again.
                    set = info.url.is_some();
                    self.set_health(trouble);
                }
                Err(trouble) => self.set_health(trouble),
            }
            self.back_off(troubles).await;
            troubles += 1;
        }
    }

    async fn set(&self, url: &str, secret: &str) -> Result<(), CallError> {
        let parsed = reqwest::Url::parse(url).map_err(|error| CallError::Unsent(error.to_string()))?;
        let mut call = SetWebhook::new(parsed);
        call.allowed_updates = Some(updates::KINDS.to_vec());
        call.secret_token = Some(secret.to_owned());
        self.api.call(&call).await.map(|_| ())
    }

    /// What is wrong with the webhook, if anything.
    fn ill(&self, info: &WebhookInfo, url: &str) -> Option<Health> {
        let cause = match &info.url {
            None => "Somebody removed this desk's webhook; it is being set again. Does another program poll with this token?".to_owned(),
            Some(set) if !same(set.as_str(), url) => format!(
                "The webhook is set to {}, so Telegram calls there and not here: stop the other program, then restart this one.",
                host(set)
            ),
            Some(set) => {
                let error = info.last_error_message.as_deref()?;
                let at = u64::try_from(info.last_error_date?.timestamp()).ok()?;
                let since = self.taken_at.load(Ordering::Relaxed);
                // Telegram never forgets its last error; it matters while updates wait and none came since.
                if info.pending_update_count == 0 || at < since {
                    return None;
                }
                format!("Telegram can't deliver to {}: {error}. {} updates wait.", host(set), info.pending_update_count)
            }
        };
        Some(Health::Degraded { cause })
    }

    /// The webhook that is set, and its host.
    pub(super) async fn webhook_host(&self) -> Result<Option<(String, String)>, CallError> {
        let info = self.api.call(&GetWebhookInfo::new()).await?;
        Ok(info.url.map(|url| (url.to_string(), host(&url))))
    }

    /// What is wrong between Telegram and this program as its settings are, for `examine`.
    pub(super) async fn mismatch(&self) -> Result<Option<String>, CallError> {
        let info = self.api.call(&GetWebhookInfo::new()).await?;
        let ill = match (&self.settings.mode, &info.url) {
            (Mode::Polling, None) => None,
            (Mode::Polling, Some(set))
                if self.settings.own_webhook.as_deref().is_some_and(|own| same(set.as_str(), own)) =>
            {
                None
            }
            (Mode::Polling, Some(set)) => Some(format!(
                "a webhook is set to {}: remove it there, or set telegram.mode to webhook here",
                host(set)
            )),
            (Mode::Webhook { .. }, None) => {
                Some("no webhook is set yet: `deskhand serve` sets it".to_owned())
            }
            (Mode::Webhook { url, .. }, Some(_)) => self.ill(&info, url).and_then(|health| match health {
                Health::Degraded { cause } => Some(cause),
                _ => None,
            }),
        };
        Ok(ill)
    }
}

/// Whether two addresses are one: `https://a` and `https://a/` are.
pub(super) fn same(a: &str, b: &str) -> bool {
    match (reqwest::Url::parse(a), reqwest::Url::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// The host only: what follows it may be a secret.
fn host(url: &reqwest::Url) -> String {
    url.host_str().unwrap_or("an address without a host").to_owned()
}
