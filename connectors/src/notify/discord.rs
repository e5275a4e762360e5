//! Discord's channel webhooks. https://discord.com/developers/docs/resources/webhook#execute-webhook

use super::text::{one_line, printable, shorten, without_mentions};
use super::{Message, Notify, post, secret_address};
use crate::guard::{Guard, Outgoing};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};

/// Discord's limit of a message, in characters.
const LONGEST: usize = 2000;
/// The message flag SUPPRESS_EMBEDS: no previews of strangers' links.
const SUPPRESS_EMBEDS: u64 = 1 << 2;

/// A Discord channel behind a webhook.
pub struct Discord {
    guard: Guard,
    address: SecretString,
}

impl Discord {
    /// A webhook; its address is the secret.
    #[must_use]
    pub fn new(guard: Guard, address: SecretString) -> Self {
        Self { guard, address }
    }
}

/// Markdown without effect, and mentions without a name.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in without_mentions(text).chars() {
        if matches!(
            character,
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '-'
        ) {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

fn body(message: &Message) -> Value {
    let link = message.link.as_ref().map(|link| format!("\n<{link}>")).unwrap_or_default();
    let room = LONGEST - link.encode_utf16().count().min(LONGEST);
    let title = escaped(&shorten(&one_line(&message.title), 300));
    let text = escaped(&printable(&message.text));
    let mut content = shorten(format!("**{title}**\n{text}").trim_end(), room);
    content.push_str(&link);
    json!({
        "content": content,
        "allowed_mentions": {"parse": []},
        "flags": SUPPRESS_EMBEDS,
    })
}

#[async_trait]
impl Notify for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    async fn notify(&self, message: &Message, _now: DateTime<Utc>) -> Result<(), Trouble> {
        let mut url = secret_address(&self.address)?;
        // With it Discord answers when the message is there, not when it is queued.
        url.query_pairs_mut().append_pair("wait", "true");
        post(&self.guard, url, &body(message)).await.map(|_| ())
    }

    /// Asks for the webhook itself.
    async fn examine(&self) -> Result<(), Trouble> {
        let request = Outgoing::new(reqwest::Method::GET, secret_address(&self.address)?);
        self.guard.send(request).await?.judged(true, &[]).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests_support::hostile;

    #[test]
    fn nothing_of_a_customer_has_power() {
        let body = body(&hostile());
        let content = body["content"].as_str().unwrap();
        assert!(
            content.starts_with("**\\<!channel\\> \\*big\\* \\<@\u{2060}U1\\> @\u{2060}everyone**\n"),
            "{content}"
        );
        assert!(content.contains(r"\[me\]\(https://evil.example\)"));
        assert!(content.encode_utf16().count() <= LONGEST);
        assert!(content.ends_with("<https://desk.example/console?c=1&x=|%3E>"));
        assert_eq!(body["allowed_mentions"], json!({"parse": []}));
    }
}
