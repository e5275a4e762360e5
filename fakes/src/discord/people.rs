//! Customers of a story: what they do on Discord, and what they see.

use super::Inner;
use super::journal::Shown;
use super::world::{DM, Interaction, stamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A user of the fake's Discord.
#[derive(Clone)]
pub struct Customer {
    pub(crate) inner: Arc<Inner>,
    /// Their id.
    pub id: u64,
    /// The channel of their direct messages with the bot.
    pub direct: u64,
}

/// How an interaction was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The type of the acknowledgement.
    pub kind: u64,
    /// How long it took.
    pub after: Duration,
    /// How many follow-ups came.
    pub followed_up: usize,
}

impl Customer {
    /// Writes to the bot directly; the message's id.
    pub fn says(&self, text: &str) -> u64 {
        self.says_in(self.direct, text)
    }

    /// Writes in a channel or thread.
    pub fn says_in(&self, channel: u64, text: &str) -> u64 {
        self.posts(channel, text, |_| {})
    }

    /// Mentions the bot in a channel.
    pub fn asks_in(&self, channel: u64, text: &str) -> u64 {
        let bot = self.inner.world().bot;
        self.says_in(channel, &format!("<@{bot}> {text}"))
    }

    /// Replies to a message.
    pub fn replies(&self, channel: u64, to: u64, text: &str) -> u64 {
        let quoted = self.inner.world().rooms[&channel].messages[&to].clone();
        self.posts(channel, text, |message| {
            message["type"] = json!(19);
            message["message_reference"] =
                json!({"type": 0, "channel_id": channel.to_string(), "message_id": to.to_string()});
            message["referenced_message"] = quoted;
        })
    }

    /// Sends a file; `claimed` is the size that Discord tells.
    pub fn sends_file(&self, channel: u64, text: &str, name: &str, content: &[u8], claimed: usize) -> u64 {
        let (file, url) = {
            let mut world = self.inner.world();
            let file = format!("attachments/{channel}/{}/{name}", world.flake());
            world.files.insert(file.clone(), content.to_vec().into());
            let url = format!("{}/cdn/{file}", world.base);
            (world.flake(), url)
        };
        self.posts(channel, text, |message| {
            message["attachments"] = json!([{
                "id": file.to_string(), "filename": name, "size": claimed, "url": url, "proxy_url": url,
                "content_type": "application/octet-stream",
            }]);
        })
    }

    /// Writes a message that the story shapes further, by Discord's own fields.
    pub fn posts(&self, channel: u64, text: &str, shape: impl FnOnce(&mut Value)) -> u64 {
        let told = {
            let mut world = self.inner.world();
            let id = world.flake();
            let mut message = world.message_json(id, channel, self.id, text);
            shape(&mut message);
            let room = world.rooms.get_mut(&channel).expect("a channel of the story");
            room.archived = false;
            room.messages.insert(id, message.clone());
            world.told_json(&message)
        };
        if let Some(spec) = super::spec::spec() {
            for error in spec.judge_component("MessageResponse", &told) {
                self.inner.violation(format!("event: {error}; {told}"));
            }
        }
        self.inner.hub().dispatch("MESSAGE_CREATE", &told);
        told["id"].as_str().unwrap().parse().unwrap()
    }

    /// Changes a message.
    pub fn edits(&self, channel: u64, message: u64, text: &str) {
        let told = {
            let mut world = self.inner.world();
            let now = stamp(world.flake());
            let shape = world.message_json(message, channel, self.id, text);
            let known = world.rooms.get_mut(&channel).unwrap().messages.get_mut(&message).unwrap();
            known["content"] = json!(text);
            known["mentions"] = shape["mentions"].clone();
            known["edited_timestamp"] = json!(now);
            let known = known.clone();
            world.told_json(&known)
        };
        self.inner.hub().dispatch("MESSAGE_UPDATE", &told);
    }

    /// Presses a button below a message; the interaction's id.
    pub fn presses(&self, channel: u64, message: u64, custom_id: &str) -> u64 {
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 2});
        self.interacts(channel, 3, data, Some(message))
    }

    /// Picks an entry of the menu below a message.
    pub fn picks(&self, channel: u64, message: u64, custom_id: &str, value: &str) -> u64 {
        let data = json!({"custom_id": custom_id, "component_type": 3, "id": 2, "values": [value]});
        self.interacts(channel, 3, data, Some(message))
    }

    /// Uses a command.
    pub fn commands(&self, channel: u64, name: &str, options: &[(&str, &str)]) -> u64 {
        let options: Vec<_> =
            options.iter().map(|(name, value)| json!({"type": 3, "name": name, "value": value})).collect();
        let id = {
            let world = self.inner.world();
            let known = world
                .commands
                .iter()
                .find(|command| command["name"] == name)
                .map(|command| command["id"].clone());
            known.unwrap_or(json!("0"))
        };
        self.interacts(channel, 2, json!({"id": id, "type": 1, "name": name, "options": options}), None)
    }

    fn interacts(&self, channel: u64, kind: u64, data: Value, message: Option<u64>) -> u64 {
        let mut world = self.inner.world();
        let id = world.flake();
        let token = format!("interaction-token-{id}");
        let user = &world.users[&self.id];
        let mut event = json!({
            "id": id.to_string(), "application_id": world.application.to_string(), "type": kind, "data": data,
            "channel_id": channel.to_string(), "channel": world.room_json(channel), "token": token, "version": 1,
            "locale": user.locale, "app_permissions": "2248473465835073", "entitlements": [],
            "authorizing_integration_owners": {"0": world.guild.to_string()}, "attachment_size_limit": 10_485_760,
            "context": u64::from(world.rooms[&channel].kind == DM),
        });
        match world.rooms[&channel].guild {
            Some(guild) => {
                event["guild_id"] = json!(guild.to_string());
                event["guild"] = json!({"id": guild.to_string(), "locale": "en-US", "features": []});
                event["guild_locale"] = json!("en-US");
                event["member"] = world.member_json(self.id);
            }
            None => event["user"] = world.user_json(self.id),
        }
        if let Some(message) = message {
            event["message"] = world.rooms[&channel].messages.get(&message).cloned().unwrap_or(Value::Null);
        }
        let born = Instant::now();
        let known =
            Interaction { token, kind, channel, born, acknowledged: None, original: None, followed_up: 0 };
        world.interactions.insert(id, known);
        drop(world);
        self.inner.hub().dispatch("INTERACTION_CREATE", &event);
        id
    }

    /// How the bot answered an interaction of theirs; none if not yet.
    #[must_use]
    pub fn answered(&self, interaction: u64) -> Option<Answered> {
        let world = self.inner.world();
        let known = &world.interactions[&interaction];
        known.acknowledged.map(|(kind, after)| Answered { kind, after, followed_up: known.followed_up })
    }

    /// Takes no direct messages from the bot any more, or again.
    pub fn blocks(&self, blocks: bool) {
        self.inner.world().users.get_mut(&self.id).unwrap().blocks = blocks;
    }

    /// Sets the language of their app.
    pub fn speaks(&self, locale: &str) {
        self.inner.world().users.get_mut(&self.id).unwrap().locale = locale.into();
    }

    /// What the bot has said to them directly.
    #[must_use]
    pub fn hears(&self) -> Vec<Shown> {
        self.hears_in(self.direct)
    }

    /// What the bot has said in a channel or thread.
    #[must_use]
    pub fn hears_in(&self, channel: u64) -> Vec<Shown> {
        self.inner.journal().shown.iter().filter(|shown| shown.channel == channel).cloned().collect()
    }
}
