//! Telling teams and systems: Slack, Discord, Telegram, e-mail, and any webhook by the rules of Standard Webhooks.
//!
//! Telling twice is a nuisance, losing a notice is worse: the outbox repeats on [`crate::Advice::LookFirst`] too. What
//! can carry an id carries the message's key (webhook-id, Message-ID), so that receivers can drop the second one.

mod discord;
mod email;
pub mod schedule;
mod slack;
mod telegram;
mod text;
mod webhook;

pub use discord::Discord;
pub use email::{Email, Login, Smtp, Tls};
pub use slack::Slack;
pub use telegram::Telegram;
pub use webhook::{BadSecret, BadSignature, SigningKey, TOLERANCE, Webhook, verify};

use crate::guard::{Guard, Outgoing};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// One thing to tell. Its texts may come from customers: every target neutralises them for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Stable over retries, unique: letters, digits, `:`, `.`, `_`, `-`.
    pub key: String,
    /// What happened, in a few words.
    pub title: String,
    /// The rest; may be empty.
    pub text: String,
    /// Where to look at it: an address of our own console.
    pub link: Option<url::Url>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// For webhooks: the kind of event, like `team.notified`.
    pub kind: String,
    /// For webhooks: the event.
    pub data: Value,
}

/// Something that can be told.
#[async_trait]
pub trait Notify: Send + Sync {
    /// What it is, for people and metrics.
    fn name(&self) -> &'static str;

    /// Tells it. `now` goes into signatures.
    async fn notify(&self, message: &Message, now: DateTime<Utc>) -> Result<(), Trouble>;

    /// Whether it can be reached and, where it can be asked, knows us. Nobody is told anything.
    async fn examine(&self) -> Result<(), Trouble>;
}

/// Whether somebody answers at an address, whatever the answer to an empty request.
async fn answers(guard: &Guard, url: url::Url) -> Result<(), Trouble> {
    guard.send(Outgoing::new(reqwest::Method::HEAD, url)).await.map(|_| ())
}

/// An address that is a secret itself, as those of chat webhooks are.
fn secret_address(text: &secrecy::SecretString) -> Result<url::Url, Trouble> {
    use secrecy::ExposeSecret;
    url::Url::parse(text.expose_secret().trim())
        .map_err(|error| Trouble::unusable(format!("the webhook's address is none: {error}")))
}

/// Posts JSON; the answer's status decides.
async fn post(guard: &Guard, url: url::Url, body: &Value) -> Result<crate::Answer, Trouble> {
    let request = Outgoing::new(reqwest::Method::POST, url).json(body);
    guard.send(request).await?.judged(false, &[])
}

#[cfg(test)]
pub(crate) mod tests_support {
    use super::Message;

    /// A message of somebody who knows every syntax.
    pub(crate) fn hostile() -> Message {
        Message {
            key: "k1".to_owned(),
            title: "<!channel>\n*big* <@U1> @everyone".to_owned(),
            text: "[me](https://evil.example) <https://evil.example|bank> `x` @here\u{202E}".to_owned(),
            link: Some(url::Url::parse("https://desk.example/console?c=1&x=|>").unwrap()),
            at: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            kind: "team.notified".to_owned(),
            data: serde_json::json!({"team": "billing"}),
        }
    }
}
