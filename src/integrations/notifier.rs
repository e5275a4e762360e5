//! Telling teams: in every open console at once, and by a signed webhook where one is set.

use crate::hub::{DeskSignal, Hub};
use crate::ports::{Notice, Notifier, NotifyError};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// Where notices are posted, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
pub struct Webhook {
    /// The address.
    pub url: String,
    /// Signs each notice.
    pub secret: SecretString,
}

/// Consoles and an optional webhook.
pub struct TeamNotifier {
    hub: Arc<Hub>,
    webhook: Option<(Webhook, reqwest::Client)>,
}

impl TeamNotifier {
    /// A notifier.
    pub fn new(hub: Arc<Hub>, webhook: Option<Webhook>) -> Result<Self, NotifyError> {
        let webhook = match webhook {
            None => None,
            Some(webhook) => {
                let client = reqwest::Client::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .timeout(Duration::from_secs(15))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .map_err(|error| NotifyError(error.to_string()))?;
                Some((webhook, client))
            }
        };
        Ok(Self { hub, webhook })
    }
}

#[async_trait]
impl Notifier for TeamNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        if let Some((webhook, client)) = &self.webhook {
            post(webhook, client, notice).await?;
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

async fn post(webhook: &Webhook, client: &reqwest::Client, notice: &Notice) -> Result<(), NotifyError> {
    let id = format!("notice_{}", notice.key);
    let timestamp = notice.at.timestamp().to_string();
    let body = json!({
        "type": "team.notified",
        "timestamp": notice.at,
        "data": {
            "team": notice.team,
            "text": notice.text,
            "priority": notice.priority,
            "conversation": notice.conversation,
        },
    })
    .to_string();
    let answer = client
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", signature(webhook.secret.expose_secret(), &id, &timestamp, &body)?)
        .body(body)
        .send()
        .await
        .map_err(|error| NotifyError(error.without_url().to_string()))?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(NotifyError(format!("the webhook answered {}", answer.status())))
    }
}

/// `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; a secret may carry the usual `whsec_` prefix and is
/// base64 then.
fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> Result<String, NotifyError> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| NotifyError("the webhook's secret is no base64".to_owned()))?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| NotifyError(error.to_string()))?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        // The example of the specification.
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
