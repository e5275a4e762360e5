//! The state of the fake's Discord: users, one server, channels, threads, messages, interactions.

use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

pub(crate) const DM: u64 = 1;
pub(crate) const TEXT: u64 = 0;
pub(crate) const PUBLIC_THREAD: u64 = 11;
pub(crate) const PRIVATE_THREAD: u64 = 12;

pub(crate) struct World {
    pub(crate) bot: u64,
    pub(crate) application: u64,
    pub(crate) guild: u64,
    pub(crate) role: u64,
    pub(crate) users: BTreeMap<u64, User>,
    pub(crate) rooms: BTreeMap<u64, Room>,
    pub(crate) nonces: HashMap<(u64, String), (u64, Instant)>,
    pub(crate) interactions: HashMap<u64, Interaction>,
    pub(crate) commands: Vec<Value>,
    pub(crate) files: HashMap<String, Bytes>,
    pub(crate) message_content: bool,
    pub(crate) base: String,
    last_flake: u64,
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) bot: bool,
    pub(crate) blocks: bool,
    pub(crate) locale: String,
}

#[derive(Default)]
pub(crate) struct Room {
    pub(crate) id: u64,
    pub(crate) kind: u64,
    pub(crate) name: String,
    pub(crate) guild: Option<u64>,
    pub(crate) parent: Option<u64>,
    pub(crate) recipient: Option<u64>,
    pub(crate) owner: u64,
    pub(crate) members: Vec<u64>,
    pub(crate) archived: bool,
    pub(crate) locked: bool,
    /// The bot may not read here.
    pub(crate) closed: bool,
    /// The bot may not open threads here: none, or no private ones.
    pub(crate) no_threads: bool,
    pub(crate) no_private_threads: bool,
    pub(crate) messages: BTreeMap<u64, Value>,
    pub(crate) typed: usize,
}

pub(crate) struct Interaction {
    pub(crate) token: String,
    pub(crate) kind: u64,
    pub(crate) channel: u64,
    pub(crate) born: Instant,
    pub(crate) acknowledged: Option<(u64, Duration)>,
    pub(crate) original: Option<u64>,
    pub(crate) followed_up: usize,
}

impl World {
    pub(crate) fn new(base: String) -> Self {
        let mut world = Self {
            bot: 0,
            application: 0,
            guild: 0,
            role: 0,
            users: BTreeMap::new(),
            rooms: BTreeMap::new(),
            nonces: HashMap::new(),
            interactions: HashMap::new(),
            commands: Vec::new(),
            files: HashMap::new(),
            message_content: true,
            base,
            last_flake: 0,
        };
        world.application = world.flake();
        world.bot = world.flake();
        world.guild = world.flake();
        world.role = world.flake();
        let bot =
            User { id: world.bot, name: "Harbor".into(), bot: true, blocks: false, locale: "en-US".into() };
        world.users.insert(world.bot, bot);
        world
    }

    /// A new id: milliseconds since 2015, then a counter; always rising.
    pub(crate) fn flake(&mut self) -> u64 {
        let unix = unix_time().as_millis() as u64;
        self.last_flake = ((unix - 1_420_070_400_000) << 22).max(self.last_flake + 1);
        self.last_flake
    }

    pub(crate) fn user(&mut self, name: &str) -> u64 {
        if let Some(user) = self.users.values().find(|user| user.name == name) {
            return user.id;
        }
        let id = self.flake();
        self.users
            .insert(id, User { id, name: name.into(), bot: false, blocks: false, locale: "en-US".into() });
        id
    }

    pub(crate) fn room(&mut self, name: &str) -> u64 {
        if let Some(room) = self.rooms.values().find(|room| room.kind == TEXT && room.name == name) {
            return room.id;
        }
        let id = self.flake();
        let guild = Some(self.guild);
        self.rooms.insert(id, Room { id, kind: TEXT, name: name.into(), guild, ..Room::default() });
        id
    }

    pub(crate) fn direct(&mut self, user: u64) -> u64 {
        if let Some(room) = self.rooms.values().find(|room| room.recipient == Some(user)) {
            return room.id;
        }
        let id = self.flake();
        self.rooms.insert(id, Room { id, kind: DM, recipient: Some(user), ..Room::default() });
        id
    }

    pub(crate) fn user_json(&self, id: u64) -> Value {
        let user = &self.users[&id];
        json!({
            "id": id.to_string(), "username": user.name.to_lowercase().replace(' ', "_"), "avatar": null,
            "discriminator": "0", "public_flags": 0, "flags": 0, "bot": user.bot, "global_name": user.name,
            "primary_guild": null,
        })
    }

    pub(crate) fn me_json(&self) -> Value {
        let mut me = self.user_json(self.bot);
        me["mfa_enabled"] = json!(true);
        me["locale"] = json!("en-US");
        me["verified"] = json!(true);
        me
    }

    pub(crate) fn application_flags(&self) -> u64 {
        if self.message_content { 1 << 19 } else { 0 }
    }

    pub(crate) fn application_json(&self) -> Value {
        json!({
            "id": self.application.to_string(), "name": "Harbor", "icon": null, "description": "", "type": null,
            "verify_key": "0".repeat(64), "flags": self.application_flags(), "flags_new": "0", "redirect_uris": [],
            "interactions_endpoint_url": null, "role_connections_verification_url": null,
            "owner": self.user_json(self.bot), "approximate_guild_count": 1, "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": null,
            "eligible_oauth2_scopes": [], "bot_public": true, "bot_require_code_grant": false,
        })
    }

    pub(crate) fn room_json(&self, id: u64) -> Value {
        let room = &self.rooms[&id];
        let last = room.messages.keys().next_back().map(u64::to_string);
        match room.kind {
            DM => json!({
                "id": id.to_string(), "type": DM, "last_message_id": last, "flags": 0,
                "recipients": [self.user_json(room.recipient.unwrap())],
            }),
            PUBLIC_THREAD | PRIVATE_THREAD => json!({
                "id": id.to_string(), "type": room.kind, "last_message_id": last, "flags": 0,
                "guild_id": self.guild.to_string(), "name": room.name, "parent_id": room.parent.map(|p| p.to_string()),
                "owner_id": room.owner.to_string(), "message_count": room.messages.len(), "rate_limit_per_user": 0,
                "member_count": room.members.len(), "total_message_sent": room.messages.len(),
                "thread_metadata": {
                    "archived": room.archived, "archive_timestamp": stamp(id), "auto_archive_duration": 10_080,
                    "locked": room.locked, "invitable": false, "create_timestamp": stamp(id),
                },
            }),
            _ => json!({
                "id": id.to_string(), "type": room.kind, "last_message_id": last, "flags": 0,
                "guild_id": self.guild.to_string(), "name": room.name, "position": 0, "parent_id": null,
                "permission_overwrites": [], "nsfw": false, "rate_limit_per_user": 0, "topic": null,
            }),
        }
    }

    pub(crate) fn member_json(&self, user: u64) -> Value {
        json!({
            "user": self.user_json(user), "nick": null, "avatar": null, "banner": null, "roles": [],
            "joined_at": stamp(self.guild), "premium_since": null, "deaf": false, "mute": false, "flags": 0,
            "pending": false, "communication_disabled_until": null, "permissions": "2248473465835073",
        })
    }

    /// A message with nothing in it yet.
    pub(crate) fn message_json(&self, id: u64, channel: u64, author: u64, content: &str) -> Value {
        let (mut mentions, mut roles) = (Vec::new(), Vec::new());
        for user in self.users.keys() {
            if content.contains(&format!("<@{user}>")) || content.contains(&format!("<@!{user}>")) {
                mentions.push(self.user_json(*user));
            }
        }
        if content.contains(&format!("<@&{}>", self.role)) {
            roles.push(self.role.to_string());
        }
        json!({
            "id": id.to_string(), "channel_id": channel.to_string(), "author": self.user_json(author), "type": 0,
            "content": content, "mentions": mentions, "mention_roles": roles, "attachments": [], "embeds": [],
            "timestamp": stamp(id), "edited_timestamp": null, "flags": 0, "components": [], "pinned": false,
            "mention_everyone": false, "tts": false,
        })
    }

    /// A message as the gateway tells it.
    pub(crate) fn told_json(&self, message: &Value) -> Value {
        let channel: u64 = message["channel_id"].as_str().unwrap().parse().unwrap();
        let mut told = message.clone();
        told["channel_type"] = json!(self.rooms[&channel].kind);
        if let Some(guild) = self.rooms[&channel].guild {
            told["guild_id"] = json!(guild.to_string());
            let author: u64 = message["author"]["id"].as_str().unwrap().parse().unwrap();
            let mut member = self.member_json(author);
            member.as_object_mut().unwrap().remove("user");
            told["member"] = member;
        }
        told
    }
}

/// The time of day, which ids and headers tell.
#[allow(clippy::disallowed_methods, reason = "the fake is the outside world")]
pub(crate) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// The instant in an id, as ISO 8601.
pub(crate) fn stamp(id: u64) -> String {
    let ms = (id >> 22) + 1_420_070_400_000;
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    // Days since 1970 to a date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let z = days as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}000+00:00", rest % 1_000)
}
