//! What the adapter is told, and what it refuses to be told.

use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How updates arrive.
#[derive(Debug, Clone)]
pub enum Mode {
    /// The adapter asks: works without a public address.
    Polling,
    /// Telegram calls.
    Webhook {
        /// The public address that Telegram posts to.
        url: String,
        /// What Telegram must say with each call: 16 to 256 of `A-Z a-z 0-9 _ -`.
        secret: SecretString,
    },
}

/// Everything the adapter must know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// From @BotFather: `<number>:<letters>`.
    pub token: SecretString,
    /// Another Bot API server than Telegram's own.
    pub api_url: Option<String>,
    /// How updates arrive.
    pub mode: Mode,
    /// Where a webhook of ours would be. One that is found there while polling is removed; any other stays.
    pub own_webhook: Option<String>,
    /// Files larger than this are not fetched (Telegram's own server gives at most 20 MB), in bytes.
    pub max_file_bytes: u64,
    /// How long Telegram may hold a poll open, in seconds (1–50).
    pub poll_seconds: u32,
    /// The first pause after trouble; it doubles up to ten times that.
    pub back_off: Duration,
    /// How long Telegram's second lasts, by which it counts waits and limits. Only a test against a hurried fake
    /// changes it.
    pub second: Duration,
    /// How often the webhook is looked after.
    pub look_every: Duration,
    /// How long one call may take; at most 6.5 s, so that a delivery with one repetition answers within 15 s.
    pub call_timeout: Duration,
}

impl Settings {
    /// Long polling with the defaults.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self {
            token,
            api_url: None,
            mode: Mode::Polling,
            own_webhook: None,
            max_file_bytes: 20_000_000,
            poll_seconds: 25,
            back_off: Duration::from_millis(500),
            second: Duration::from_secs(1),
            look_every: Duration::from_secs(5),
            call_timeout: Duration::from_millis(6500),
        }
    }

    /// Says in a sentence what is wrong with them.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if !well_formed_token(self.token.expose_secret()) {
            return Err(SettingsError::Token);
        }
        if self.api_url.as_deref().is_some_and(|url| reqwest::Url::parse(url).is_err()) {
            return Err(SettingsError::ApiUrl);
        }
        if !(1..=50).contains(&self.poll_seconds) {
            return Err(SettingsError::PollSeconds);
        }
        if self.call_timeout > Duration::from_millis(6500) {
            return Err(SettingsError::CallTimeout);
        }
        let Mode::Webhook { url, secret } = &self.mode else { return Ok(()) };
        let secret = secret.expose_secret();
        if secret.is_empty() {
            return Err(SettingsError::NoSecret);
        }
        if secret.len() < 16 {
            return Err(SettingsError::ShortSecret);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if secret.len() > 256 || !secret.chars().all(allowed) {
            return Err(SettingsError::StrangeSecret);
        }
        match reqwest::Url::parse(url) {
            // A Bot API server of one's own may call over plain HTTP; Telegram's never does.
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && self.api_url.is_some()) => {
                Ok(())
            }
            _ => Err(SettingsError::WebhookUrl),
        }
    }
}

/// It becomes a part of an address, so nothing else may be in it.
fn well_formed_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty()
            && id.chars().all(|c| c.is_ascii_digit())
            && !secret.is_empty()
            && secret.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    })
}

/// Why the adapter does not start. None of them shows a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not of the form that @BotFather gives.
    #[error("telegram.token is not a bot token: it looks like 123456:ABC-DEF; @BotFather gives one")]
    Token,
    /// Not an address.
    #[error(
        "telegram.api_url is not a URL: leave it out, or name a Bot API server such as http://127.0.0.1:8081"
    )]
    ApiUrl,
    /// Out of range.
    #[error("telegram.poll_seconds must be from 1 to 50")]
    PollSeconds,
    /// A delivery must answer in time.
    #[error("a call to Telegram may take at most 6.5 s")]
    CallTimeout,
    /// A webhook that anybody could call.
    #[error(
        "telegram.webhook_secret is missing: without it anybody could forge messages; set 16 to 256 letters, digits, _ or -"
    )]
    NoSecret,
    /// A webhook that anybody could guess.
    #[error("telegram.webhook_secret is too short to be safe: use at least 16 letters, digits, _ or -")]
    ShortSecret,
    /// One that Telegram refuses.
    #[error("telegram.webhook_secret may hold only 16 to 256 letters A-Z a-z, digits, _ and -")]
    StrangeSecret,
    /// One that Telegram does not call.
    #[error("the webhook's address must be an https:// URL that Telegram can reach: set http.public_url")]
    WebhookUrl,
    /// The TLS library did not start.
    #[error("the HTTP client could not be made")]
    Client,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str, secret: &str) -> Result<(), SettingsError> {
        let mut settings = Settings::new("42:abc".to_owned().into());
        settings.mode = Mode::Webhook { url: url.to_owned(), secret: secret.to_owned().into() };
        settings.check()
    }

    #[test]
    fn a_webhook_needs_a_secret_worth_the_name() {
        let good = "https://desk.example/hooks/telegram";
        assert_eq!(webhook(good, "0123456789abcdef"), Ok(()));
        assert_eq!(webhook(good, &"x".repeat(256)), Ok(()));
        assert_eq!(webhook(good, ""), Err(SettingsError::NoSecret));
        assert_eq!(webhook(good, "0123456789abcde"), Err(SettingsError::ShortSecret));
        assert_eq!(webhook(good, &"x".repeat(257)), Err(SettingsError::StrangeSecret));
        assert_eq!(webhook(good, "0123456789abcde!"), Err(SettingsError::StrangeSecret));
        assert_eq!(webhook("http://desk.example/", "0123456789abcdef"), Err(SettingsError::WebhookUrl));
    }

    #[test]
    fn a_token_can_not_change_the_address_it_is_put_in() {
        for wrong in ["", "42", "42:", ":abc", "42:a/../b", "42:a?b", "4x2:abc"] {
            assert_eq!(Settings::new(wrong.to_owned().into()).check(), Err(SettingsError::Token), "{wrong}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let settings = Settings::new("42:verysecret".to_owned().into());
        assert!(!format!("{settings:?}").contains("verysecret"));
    }
}
