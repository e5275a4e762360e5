//! What is known of servers, channels, threads and direct messages.

use serde::Deserialize;
use serde_json::Value;
use serenity::model::id::RoleId;
use std::collections::{HashMap, HashSet};

/// What kind of place a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Between the bot and one customer.
    Direct,
    /// A thread of a server's channel.
    Thread,
    /// Another channel of a server, in which threads can be opened.
    Text,
}

impl Kind {
    /// By Discord's number.
    pub(super) fn of(number: u64) -> Self {
        match number {
            1 | 3 => Self::Direct,
            10..=12 => Self::Thread,
            _ => Self::Text,
        }
    }
}

/// A channel or thread as events tell it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Channel {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(rename = "type", default)]
    pub(super) kind: u64,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(super) guild_id: Option<u64>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(super) last_message_id: Option<u64>,
}

/// A snowflake as Discord writes it: a string.
pub(super) fn id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    maybe_id(from)?.ok_or_else(|| serde::de::Error::custom("no snowflake"))
}

pub(super) fn maybe_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    })
}

/// A server as GUILD_CREATE tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Guild {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) unavailable: bool,
    #[serde(default)]
    pub(super) channels: Vec<Channel>,
    #[serde(default)]
    pub(super) threads: Vec<Channel>,
    #[serde(default)]
    roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
struct Role {
    id: RoleId,
    #[serde(default)]
    tags: Option<Tags>,
}

#[derive(Debug, Deserialize)]
struct Tags {
    #[serde(default, deserialize_with = "maybe_id")]
    bot_id: Option<u64>,
}

/// Everything known of one run.
#[derive(Default)]
pub(super) struct Places {
    kinds: HashMap<u64, Kind>,
    guilds: HashMap<u64, u64>,
    /// Threads of conversations, and whose they are.
    owners: HashMap<u64, u64>,
    direct: HashSet<u64>,
    settled: HashSet<u64>,
    my_roles: Vec<RoleId>,
    /// Channels whose history the bot may not read: asking again would count towards a ban.
    denied: HashSet<u64>,
}

impl Places {
    /// Notes a server, its channels and threads, and the role that came with the bot.
    pub(super) fn learn_guild(&mut self, guild: &Guild, me: u64) {
        for channel in guild.channels.iter().chain(&guild.threads) {
            self.kinds.insert(channel.id, Kind::of(channel.kind));
            self.guilds.insert(channel.id, guild.id);
        }
        for role in &guild.roles {
            if role.tags.as_ref().and_then(|tags| tags.bot_id) == Some(me)
                && !self.my_roles.contains(&role.id)
            {
                self.my_roles.push(role.id);
            }
        }
    }

    /// Notes a channel; its rights may have changed.
    pub(super) fn learn_channel(&mut self, channel: &Channel) {
        self.kinds.insert(channel.id, Kind::of(channel.kind));
        if let Some(guild) = channel.guild_id {
            self.guilds.insert(channel.id, guild);
        }
        self.denied.remove(&channel.id);
    }

    /// Notes what a message tells of its channel.
    pub(super) fn meet(&mut self, channel: u64, kind: u64, guild: Option<u64>) {
        self.kinds.entry(channel).or_insert(Kind::of(kind));
        if let Some(guild) = guild {
            self.guilds.insert(channel, guild);
        }
    }

    pub(super) fn kind(&self, channel: u64) -> Option<Kind> {
        self.kinds.get(&channel).copied()
    }

    pub(super) fn guild(&self, channel: u64) -> Option<u64> {
        self.guilds.get(&channel).copied()
    }

    /// An address is somebody's conversation, and that has been remembered.
    pub(super) fn settle(&mut self, address: u64, user: u64) {
        self.settled.insert(address);
        if self.kind(address) == Some(Kind::Thread) {
            self.owners.insert(address, user);
        }
    }

    pub(super) fn settled(&self, address: u64) -> bool {
        self.settled.contains(&address)
    }

    /// A thread that was remembered.
    pub(super) fn recall_thread(&mut self, thread: u64, user: u64) {
        self.kinds.insert(thread, Kind::Thread);
        self.settle(thread, user);
    }

    /// Direct messages that were remembered.
    pub(super) fn recall_direct(&mut self, channel: u64, user: u64) {
        self.meet_direct(channel);
        self.settle(channel, user);
    }

    pub(super) fn owner(&self, thread: u64) -> Option<u64> {
        self.owners.get(&thread).copied()
    }

    /// The newest conversation of a customer in a server.
    pub(super) fn newest_thread(&self, user: u64, guild: u64) -> Option<u64> {
        let theirs = self
            .owners
            .iter()
            .filter(|(thread, owner)| **owner == user && self.guild(**thread) == Some(guild));
        theirs.map(|(thread, _)| *thread).max()
    }

    /// Whether direct messages in that channel are met for the first time.
    pub(super) fn meet_direct(&mut self, channel: u64) -> bool {
        self.kinds.insert(channel, Kind::Direct);
        self.direct.insert(channel)
    }

    /// Conversations known from before, the newest first.
    pub(super) fn conversations(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.owners.keys().chain(&self.direct).copied().collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all
    }

    pub(super) fn my_roles(&self) -> Vec<RoleId> {
        self.my_roles.clone()
    }

    pub(super) fn deny(&mut self, channel: u64) {
        self.denied.insert(channel);
    }

    pub(super) fn denied(&self, channel: u64) -> bool {
        self.denied.contains(&channel)
    }
}
