//! Slack's incoming webhooks. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks

use super::text::{one_line, printable, shorten};
use super::{Message, Notify, post, secret_address};
use crate::guard::Guard;
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};

/// Slack's limit of a text block, in characters.
const BLOCK: usize = 3000;

/// A Slack channel behind an incoming webhook.
pub struct Slack {
    guard: Guard,
    address: SecretString,
}

impl Slack {
    /// A webhook; its address is the secret.
    #[must_use]
    pub fn new(guard: Guard, address: SecretString) -> Self {
        Self { guard, address }
    }
}

/// The three signs that have power in Slack's texts; without them there is no `<!channel>`, `<@U…>` or `<url|label>`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Blocks of plain text, where mrkdwn has no meaning; only our own link is mrkdwn.
fn body(message: &Message) -> Value {
    let title = one_line(&message.title);
    let plain =
        |text: &str| json!({"type": "section", "text": {"type": "plain_text", "text": text, "emoji": false}});
    let mut blocks = vec![plain(&shorten(&title, BLOCK))];
    let text = printable(&message.text);
    if !text.is_empty() {
        blocks.push(plain(&shorten(&text, BLOCK)));
    }
    if let Some(link) = &message.link {
        let link = json!({"type": "mrkdwn", "text": format!("<{}|Open the conversation>", escaped(link.as_str()).replace('|', "%7C"))});
        blocks.push(json!({"type": "context", "elements": [link]}));
    }
    json!({
        "text": escaped(&shorten(&title, 300)),
        "blocks": blocks,
        "mrkdwn": false,
        "link_names": false,
        "parse": "none",
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

#[async_trait]
impl Notify for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    async fn notify(&self, message: &Message, _now: DateTime<Utc>) -> Result<(), Trouble> {
        post(&self.guard, secret_address(&self.address)?, &body(message)).await.map(|_| ())
    }

    /// Slack says only when it is written to whether the webhook is one.
    async fn examine(&self) -> Result<(), Trouble> {
        super::answers(&self.guard, secret_address(&self.address)?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests_support::hostile;

    #[test]
    fn nothing_of_a_customer_has_power() {
        let body = body(&hostile());
        assert_eq!(body["text"], "&lt;!channel&gt; *big* &lt;@U1&gt; @everyone");
        assert_eq!(body["blocks"][0]["text"]["type"], "plain_text");
        assert_eq!(body["blocks"][1]["text"]["type"], "plain_text");
        assert_eq!(
            body["blocks"][2]["elements"][0]["text"],
            "<https://desk.example/console?c=1&amp;x=%7C%3E|Open the conversation>"
        );
    }
}
