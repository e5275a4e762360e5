//! The server as GUILD_CREATE tells it: foreign clients want nearly all of its fields.

use super::world::{World, stamp};
use serde_json::{Value, json};

impl World {
    pub(crate) fn guild_json(&self) -> Value {
        let of = |thread: bool| {
            let shown = self.rooms.values().filter(|room| room.guild.is_some() && !room.archived);
            let rooms = shown.filter(move |room| room.parent.is_some() == thread);
            rooms.map(|room| self.room_json(room.id)).collect::<Vec<_>>()
        };
        let mut guild = settings();
        let own = json!({
            "id": self.guild.to_string(), "owner_id": self.bot.to_string(), "joined_at": stamp(self.guild),
            "member_count": self.users.len(), "members": [self.member_json(self.bot)], "channels": of(false),
            "threads": of(true),
            "roles": [role(self.guild, "@everyone", None), role(self.role, "Harbor", Some(self.bot))],
        });
        guild.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        guild
    }
}

fn role(id: u64, name: &str, bot: Option<u64>) -> Value {
    let mut role = json!({
        "id": id.to_string(), "name": name, "color": 0, "hoist": false, "position": u8::from(bot.is_some()),
        "permissions": "2248473465835073", "managed": bot.is_some(), "mentionable": bot.is_some(), "flags": 0,
        "icon": null, "unicode_emoji": null,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
    });
    if let Some(bot) = bot {
        role["tags"] = json!({"bot_id": bot.to_string()});
    }
    role
}

fn settings() -> Value {
    let mut settings = json!({
        "name": "Harbor Fans", "icon": null, "splash": null, "discovery_splash": null, "region": "deprecated",
        "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 0,
        "explicit_content_filter": 0, "emojis": [], "stickers": [], "features": [], "mfa_level": 0,
        "application_id": null, "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
    });
    let more = json!({
        "premium_subscription_count": 0, "preferred_locale": "en-US", "public_updates_channel_id": null, "nsfw": false,
        "nsfw_level": 0, "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null, "large": false,
        "unavailable": false, "voice_states": [], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [], "max_members": 500_000,
        "max_video_channel_users": 25,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}
