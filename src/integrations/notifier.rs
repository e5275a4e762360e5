//! Telling teams: in every open console at once, and by a signed webhook where one is set.

use crate::hub::{DeskSignal, Hub};
use crate::ports::{Clock, Notice, Notifier, NotifyError};
use async_trait::async_trait;
use connectors::guard::{Guard, Limits, Policy};
use connectors::notify::{Message, Notify, SigningKey, Webhook};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a receiver that fails is left alone.
const BREAK: Duration = Duration::from_secs(30);

/// Consoles and an optional webhook.
pub struct TeamNotifier {
    hub: Arc<Hub>,
    clock: Arc<dyn Clock>,
    webhook: Option<Webhook>,
}

impl TeamNotifier {
    /// A notifier; `webhook` posts to the operator's own address, wherever that is.
    #[must_use]
    pub fn new(hub: Arc<Hub>, clock: Arc<dyn Clock>, webhook: Option<Webhook>) -> Self {
        Self { hub, clock, webhook }
    }
}

/// A webhook by the rules of Standard Webhooks (https://www.standardwebhooks.com). The error names the setting.
pub fn webhook(address: &str, secret: &SecretString) -> Result<Webhook, String> {
    let url = Url::parse(address).map_err(|error| format!("notify.webhook_url: {error}"))?;
    let key = SigningKey::read(secret).map_err(|error| format!("notify.webhook_secret: {error}"))?;
    // The operator names one address; no admin and no customer has a say in it.
    let policy = Policy::allowing(url.host_str()).map_err(|entry| format!("notify.webhook_url: {entry}"))?;
    let guard = Guard::new(policy, Limits::default(), BREAK).map_err(|trouble| trouble.to_string())?;
    Ok(Webhook::new(guard, url, vec![key]))
}

#[async_trait]
impl Notifier for TeamNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        if let Some(webhook) = &self.webhook {
            let message = Message {
                key: format!("notice_{}", notice.key),
                title: notice.team.clone(),
                text: notice.text.clone(),
                link: None,
                at: notice.at,
                kind: "team.notified".to_owned(),
                data: json!({
                    "team": notice.team,
                    "text": notice.text,
                    "priority": notice.priority,
                    "conversation": notice.conversation,
                }),
            };
            let told = webhook.notify(&message, self.clock.now()).await;
            told.map_err(|trouble| NotifyError(trouble.to_string()))?;
        }
        self.hub.tell_desk(DeskSignal::Notice {
            key: notice.key.to_string(),
            team: notice.team.clone(),
            text: notice.text.clone(),
            conversation: notice.conversation,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_that_cannot_be_is_refused_by_the_name_of_its_setting() {
        let refused = |url: &str, secret: &str| webhook(url, &secret.into()).err().unwrap_or_default();
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(refused("no address", good).starts_with("notify.webhook_url"));
        assert!(refused("https://hooks.example.com/x", "hunter2").starts_with("notify.webhook_secret"));
        assert!(!refused("https://hooks.example.com/x", "hunter2").contains("hunter2"));
    }
}
