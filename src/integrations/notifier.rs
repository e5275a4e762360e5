//! Telling teams: in every open console at once, and by the channels that are set up.

use super::mail::PostOffice;
use crate::config::Notify as Settings;
use crate::hub::{DeskSignal, Hub};
use crate::ports::{Clock, Notice, Notifier, NotifyError};
use async_trait::async_trait;
use connectors::guard::{Guard, Limits, Policy};
use connectors::notify::{Discord, Message, Notify, SigningKey, Slack, Telegram, Webhook};
use connectors::trouble::{Advice, Trouble};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a receiver that fails is left alone.
const BREAK: Duration = Duration::from_secs(30);
/// Where Telegram's bots are called.
const TELEGRAM: &str = "https://api.telegram.org";

/// The channels that are set up, by name.
pub type Channels = BTreeMap<&'static str, Box<dyn Notify>>;

/// Consoles and channels.
pub struct TeamNotifier {
    hub: Arc<Hub>,
    clock: Arc<dyn Clock>,
    channels: Channels,
    /// Where agents read a conversation; its id is added.
    console: String,
}

impl TeamNotifier {
    /// A notifier; `public_url` is where the desk's own console is.
    #[must_use]
    pub fn new(hub: Arc<Hub>, clock: Arc<dyn Clock>, channels: Channels, public_url: &str) -> Self {
        Self { hub, clock, channels, console: format!("{public_url}/console/all/") }
    }
}

/// What else the channels need of the settings.
pub struct Means<'a> {
    /// The mail server.
    pub office: Option<PostOffice>,
    /// The bot that writes to the Telegram chat, and another server than Telegram's own.
    pub telegram: Option<(&'a SecretString, Option<&'a str>)>,
}

/// The channels of the settings. Errors name the setting.
pub fn channels(settings: &Settings, means: Means<'_>) -> Result<Channels, String> {
    let mut channels = Channels::new();
    if let (Some(address), Some(secret)) = (&settings.webhook_url, &settings.webhook_secret) {
        channels.insert("webhook", Box::new(webhook(address, secret)?));
    }
    if let Some(address) = &settings.slack_url {
        let guard = guard(address.expose_secret(), "notify.slack_url")?;
        channels.insert("slack", Box::new(Slack::new(guard, address.clone())));
    }
    if let Some(address) = &settings.discord_url {
        let guard = guard(address.expose_secret(), "notify.discord_url")?;
        channels.insert("discord", Box::new(Discord::new(guard, address.clone())));
    }
    if let Some(chat) = &settings.telegram_chat {
        let (token, api) = means.telegram.ok_or("notify.telegram_chat needs the bot of telegram.token")?;
        let api = api.unwrap_or(TELEGRAM);
        let guard = guard(api, "telegram.api_url")?;
        let url = Url::parse(api).map_err(|error| format!("telegram.api_url: {error}"))?;
        channels.insert("telegram", Box::new(Telegram::new(guard, url, token.clone(), chat.clone())));
    }
    if !settings.email.is_empty() {
        let office = means.office.ok_or("notify.email needs the mail server of email.host")?;
        let email = office.to(&settings.email).map_err(|trouble| format!("notify.email: {trouble}"))?;
        channels.insert("email", Box::new(email));
    }
    Ok(channels)
}

/// The operator names one address; no admin and no customer has a say in it, so it may be private. The address itself
/// may be a secret: no error shows it.
fn guard(address: &str, key: &str) -> Result<Guard, String> {
    let url = Url::parse(address.trim()).map_err(|error| format!("{key} is no address: {error}"))?;
    let policy = Policy::allowing(url.host_str()).map_err(|_| format!("{key} names no host"))?;
    policy.judge(&url).map_err(|trouble| format!("{key}: {trouble}"))?;
    Guard::new(policy, Limits::default(), BREAK).map_err(|trouble| trouble.to_string())
}

/// A webhook by the rules of Standard Webhooks (https://www.standardwebhooks.com). The error names the setting.
fn webhook(address: &str, secret: &SecretString) -> Result<Webhook, String> {
    let url = Url::parse(address).map_err(|error| format!("notify.webhook_url: {error}"))?;
    let key = SigningKey::read(secret).map_err(|error| format!("notify.webhook_secret: {error}"))?;
    Ok(Webhook::new(guard(address, "notify.webhook_url")?, url, vec![key]))
}

#[async_trait]
impl Notifier for TeamNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.hub.tell_desk(DeskSignal::Notice {
            key: notice.key.to_string(),
            team: notice.team.clone(),
            text: notice.text.clone(),
            conversation: notice.conversation,
        });
        Ok(())
    }

    fn channels(&self) -> Vec<String> {
        self.channels.keys().map(|name| (*name).to_owned()).collect()
    }

    async fn tell(&self, channel: &str, notice: &Notice) -> Result<(), NotifyError> {
        let Some(channel) = self.channels.get(channel) else {
            let cause = format!("{channel} is not set up in the settings, under [notify]");
            return Err(NotifyError::Refused(cause));
        };
        let message = Message {
            key: format!("notice_{}", notice.key),
            title: notice.team.clone(),
            text: notice.text.clone(),
            link: Url::parse(&format!("{}{}", self.console, notice.conversation)).ok(),
            at: notice.at,
            kind: "team.notified".to_owned(),
            data: json!({
                "team": notice.team,
                "text": notice.text,
                "priority": notice.priority,
                "conversation": notice.conversation,
            }),
        };
        channel.notify(&message, self.clock.now()).await.map_err(failure)
    }
}

/// Telling twice is harmless, so whatever may not have arrived is told again.
fn failure(trouble: Trouble) -> NotifyError {
    let cause = trouble.to_string();
    match trouble.advice() {
        Advice::Again | Advice::LookFirst => NotifyError::Retry(cause),
        Advice::AgainAfter(after) => NotifyError::Later { cause, after },
        Advice::GiveUp => NotifyError::Refused(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_that_cannot_be_is_refused_by_the_name_of_its_setting() {
        crate::app::install_tls();
        let refused = |url: &str, secret: &str| webhook(url, &secret.into()).err().unwrap_or_default();
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(refused("no address", good).starts_with("notify.webhook_url"));
        assert!(refused("https://hooks.example.com/x", "hunter2").starts_with("notify.webhook_secret"));
        assert!(!refused("https://hooks.example.com/x", "hunter2").contains("hunter2"));
    }

    #[test]
    fn a_channel_that_lacks_something_says_what() {
        crate::app::install_tls();
        let none = || Means { office: None, telegram: None };
        let settings = Settings { telegram_chat: Some("-1".to_owned()), ..Settings::default() };
        assert!(channels(&settings, none()).err().unwrap_or_default().contains("telegram.token"));
        let settings = Settings { email: vec!["a@example.com".to_owned()], ..Settings::default() };
        assert!(channels(&settings, none()).err().unwrap_or_default().contains("email.host"));
        let secret = "https//hooks.slack.com/services/hunter2";
        let settings = Settings { slack_url: Some(secret.into()), ..Settings::default() };
        let error = channels(&settings, none()).err().unwrap_or_default();
        assert!(error.starts_with("notify.slack_url") && !error.contains("hunter2"), "{error}");
    }
}
