//! Telegram, by a bot's sendMessage. https://core.telegram.org/bots/api#sendmessage

use super::text::{one_line, printable, shorten, without_mentions};
use super::{Message, Notify};
use crate::guard::{Guard, Outgoing};
use crate::mask::Mask;
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// Telegram's limit of a message, in UTF-16 units.
const LONGEST: usize = 4096;

/// A Telegram chat that a bot may write to.
pub struct Telegram {
    guard: Guard,
    api: Url,
    token: SecretString,
    chat: String,
}

impl Telegram {
    /// A chat (its number, or `@name` of a channel). `api` is usually `https://api.telegram.org`.
    #[must_use]
    pub fn new(guard: Guard, api: Url, token: SecretString, chat: String) -> Self {
        Self { guard, api, token, chat }
    }

    fn address(&self, method: &str) -> Result<Url, Trouble> {
        let token = self.token.expose_secret();
        if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte)) {
            return Err(Trouble::unusable("the bot's token is not of Telegram's form"));
        }
        let base = self.api.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/bot{token}/{method}"))
            .map_err(|_| Trouble::unusable("the address of the Bot API can't be used"))
    }
}

/// Plain text: without `parse_mode` Telegram reads no markup, only mentions, which lose their names.
fn text(message: &Message) -> String {
    let link = message.link.as_ref().map(|link| format!("\n{link}")).unwrap_or_default();
    let said = format!("{}\n{}", one_line(&message.title), printable(&message.text));
    let room = LONGEST - link.encode_utf16().count().min(LONGEST);
    let mut text = shorten(without_mentions(&said).trim(), room);
    text.push_str(&link);
    text
}

#[async_trait]
impl Notify for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn notify(&self, message: &Message, _now: DateTime<Utc>) -> Result<(), Trouble> {
        let body = json!({
            "chat_id": self.chat,
            "text": text(message),
            "link_preview_options": {"is_disabled": true},
        });
        let mask = Mask::new([&self.token]);
        let request = Outgoing::new(Method::POST, self.address("sendMessage")?).json(&body);
        let answer = self.guard.send(request).await.map_err(|trouble| trouble.masked(&mask))?;
        let said: Option<Value> = answer.json().ok();
        // Telegram's wait is in the body.
        let wait = said.as_ref().and_then(|said| said["parameters"]["retry_after"].as_u64());
        if let (429, Some(seconds)) = (answer.status.as_u16(), wait) {
            let after = Duration::from_secs(seconds).min(crate::guard::LONGEST_WAIT);
            return Err(Trouble::Later { after, why: "Telegram asks to slow down".to_owned() });
        }
        let answer = answer.judged(false, &[]).map_err(|trouble| trouble.masked(&mask))?;
        match answer.json::<Value>()? {
            said if said["ok"] == true => Ok(()),
            _ => Err(Trouble::unexpected("Telegram's answer says neither ok nor what is wrong")),
        }
    }

    /// Asks for the chat: the bot must be in it.
    async fn examine(&self) -> Result<(), Trouble> {
        let mask = Mask::new([&self.token]);
        let mut url = self.address("getChat")?;
        url.query_pairs_mut().append_pair("chat_id", &self.chat);
        let answer = self.guard.send(Outgoing::new(Method::GET, url)).await;
        let answer = answer.and_then(|answer| answer.judged(true, &[]));
        answer.map(|_| ()).map_err(|trouble| trouble.masked(&mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests_support::hostile;

    #[test]
    fn nobody_is_called_and_nothing_is_cut_badly() {
        let mut message = hostile();
        message.text = "🙂".repeat(5000);
        let text = text(&message);
        assert!(text.starts_with("<!channel> *big* <@\u{2060}U1> @\u{2060}everyone\n🙂"));
        assert!(text.ends_with("…\nhttps://desk.example/console?c=1&x=|%3E"));
        assert!(text.encode_utf16().count() <= LONGEST);
    }
}
