//! Messages as Discord tells them. Only what is needed is read, and leniently: with serenity's full types a new
//! kind of button or embed would make a customer's message unreadable.

use super::plain::cut;
use crate::{Profile, accept_text};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serenity::model::id::{ChannelId, GuildId, MessageId, RoleId, UserId};

/// A message from the gateway or from the history.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Post {
    pub(super) id: MessageId,
    pub(super) channel_id: ChannelId,
    /// Absent in direct messages, and in the history.
    #[serde(default)]
    pub(super) guild_id: Option<GuildId>,
    /// The number of the channel's kind; only the gateway tells it.
    #[serde(default)]
    pub(super) channel_type: Option<u64>,
    #[serde(default)]
    pub(super) author: Option<Person>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    pub(super) content: String,
    #[serde(default, rename = "type")]
    kind: u8,
    #[serde(default)]
    webhook_id: Option<Value>,
    #[serde(default)]
    pub(super) mentions: Vec<Person>,
    #[serde(default)]
    mention_roles: Vec<RoleId>,
    #[serde(default)]
    pub(super) attachments: Vec<Upload>,
    #[serde(default, deserialize_with = "lenient")]
    sticker_items: Vec<Named>,
    #[serde(default, deserialize_with = "lenient")]
    embeds: Vec<Embed>,
    #[serde(default)]
    pub(super) edited_timestamp: Option<String>,
    #[serde(default, deserialize_with = "whatever")]
    referenced_message: Option<Quoted>,
    #[serde(default, deserialize_with = "lenient")]
    message_snapshots: Vec<Snapshot>,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Person {
    pub(super) id: UserId,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) global_name: Option<String>,
    #[serde(default)]
    pub(super) bot: bool,
}

impl Person {
    /// The name that they show.
    pub(super) fn name(&self) -> &str {
        self.global_name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&self.username)
    }

    /// What the desk may know of them.
    pub(super) fn profile(&self, locale: Option<String>) -> Profile {
        Profile { name: Some(cut(self.name(), 100)).filter(|name| !name.is_empty()), locale }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Member {
    #[serde(default)]
    nick: Option<String>,
}

/// A file that came with a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Upload {
    #[serde(default)]
    pub(super) filename: String,
    #[serde(default)]
    pub(super) size: u64,
    #[serde(default)]
    pub(super) url: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Embed {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Quoted {
    #[serde(default)]
    content: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Snapshot {
    message: Quoted,
}

/// Those entries of a list that are understood.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let all = Vec::<Value>::deserialize(from)?;
    Ok(all.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

/// A value if it is understood.
fn whatever<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

impl Post {
    /// The person who wrote it; none for bots, webhooks and what Discord itself says (joins, pins, threads).
    pub(super) fn writer(&self) -> Option<&Person> {
        const DEFAULT: u8 = 0;
        const REPLY: u8 = 19;
        let spoken =
            matches!(self.kind, DEFAULT | REPLY) && self.webhook_id.as_ref().is_none_or(Value::is_null);
        self.author.as_ref().filter(|author| spoken && !author.bot)
    }

    /// Whether it addresses the bot, by its name or by the role that came with it.
    pub(super) fn mentions(&self, me: UserId, my_roles: &[RoleId]) -> bool {
        self.mentions.iter().any(|person| person.id == me)
            || self.mention_roles.iter().any(|role| my_roles.contains(role))
    }

    /// What was written: the bot's own mention left out, others' as names, what has no text in square brackets.
    pub(super) fn text(&self, me: UserId, my_roles: &[RoleId]) -> String {
        let mut text = self.content.clone();
        for id in my_roles {
            text = text.replace(&format!("<@&{id}>"), "");
        }
        for form in [format!("<@{me}>"), format!("<@!{me}>")] {
            text = text.replace(&form, "");
        }
        for person in &self.mentions {
            for form in [format!("<@{}>", person.id), format!("<@!{}>", person.id)] {
                text = text.replace(&form, &format!("@{}", person.name()));
            }
        }
        let mut lines = vec![text.trim().to_owned()];
        lines.extend(
            self.message_snapshots.iter().map(|shot| format!("[forwarded] {}", shot.message.content.trim())),
        );
        lines.extend(self.sticker_items.iter().map(|sticker| format!("[sticker: {}]", sticker.name)));
        // Links that somebody wrote are unfolded into embeds too: those are in the text already.
        let unfolded = |embed: &&Embed| !embed.url.as_deref().is_some_and(|url| self.content.contains(url));
        lines.extend(self.embeds.iter().filter(unfolded).filter_map(Embed::line));
        tidy(&lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
    }

    /// What it replies to.
    pub(super) fn quoted(&self) -> Option<String> {
        self.referenced_message
            .as_ref()
            .map(|quoted| cut(quoted.content.trim(), 300))
            .filter(|text| !text.is_empty())
    }

    /// The name shown in that server, or everywhere.
    pub(super) fn profile(&self, person: &Person) -> Profile {
        let mut profile = person.profile(None);
        if let Some(nick) =
            self.member.as_ref().and_then(|member| member.nick.as_deref()).filter(|nick| !nick.is_empty())
        {
            profile.name = Some(cut(nick, 100));
        }
        profile
    }
}

impl Embed {
    fn line(&self) -> Option<String> {
        let told = [self.title.as_deref(), self.url.as_deref()];
        let told: Vec<_> = told.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect();
        (!told.is_empty()).then(|| format!("[embed: {}]", cut(&told.join(" "), 300)))
    }
}

/// Text that the desk accepts: no NUL, at most 16 KiB.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace('\0', "");
    let mut text = text.trim();
    if text.len() > crate::MAX_MESSAGE_BYTES {
        text = text[..text.floor_char_boundary(crate::MAX_MESSAGE_BYTES)].trim_end();
    }
    accept_text(text).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(value: Value) -> Post {
        let mut whole = json!({"id": "10", "channel_id": "2", "author": {"id": "3", "username": "ada"}});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn the_bots_mention_is_left_out_and_others_are_named() {
        let said = post(json!({
            "content": "<@1> ask <@!3> about <@&7>\0", "mentions": [{"id": "1", "username": "bot", "bot": true},
            {"id": "3", "username": "ada", "global_name": "Ada"}], "mention_roles": ["7"],
        }));
        assert!(said.mentions(UserId::new(1), &[]) && said.mentions(UserId::new(9), &[RoleId::new(7)]));
        assert_eq!(said.text(UserId::new(1), &[RoleId::new(7)]), "ask @Ada about");
    }

    #[test]
    fn what_has_no_text_leaves_a_trace_and_what_is_new_does_no_harm() {
        let said = post(json!({
            "sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}, 5], "components": [{"type": 999}],
            "embeds": [{"title": "A video", "url": "https://v.example"}, "new"], "referenced_message": 7,
            "message_snapshots": [{"message": {"content": "from elsewhere"}}], "unheard_of": {},
        }));
        assert_eq!(
            said.text(UserId::new(1), &[]),
            "[forwarded] from elsewhere\n[sticker: Wave]\n[embed: A video https://v.example]"
        );
        assert_eq!(said.quoted(), None);
    }

    #[test]
    fn bots_webhooks_and_discord_itself_are_not_customers() {
        assert!(post(json!({})).writer().is_some());
        for silent in
            [json!({"type": 7}), json!({"webhook_id": "4"}), json!({"author": {"id": "3", "bot": true}})]
        {
            assert!(post(silent).writer().is_none());
        }
    }
}
