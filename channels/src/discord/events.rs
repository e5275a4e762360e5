//! What the gateway tells, by the event's name. What is not known is counted, never an error.

use super::hearing::Hearing;
use super::interactions::Press;
use super::places::{Channel, Guild};
use super::post::Post;
use super::progress::Ticket;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the connection itself must know of an event.
pub(super) enum Told {
    Ready { session: String, url: String },
    Resumed,
    Other,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
    resume_gateway_url: String,
}

#[derive(Deserialize)]
struct Synced {
    #[serde(default)]
    threads: Vec<Channel>,
}

/// Events that come with our intents and say nothing to us.
const NOT_OURS: [&str; 23] = [
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    "CHANNEL_PINS_UPDATE",
    "GUILD_APPLICATION_COMMAND_COUNTS_UPDATE",
    "GUILD_APPLICATION_COMMAND_INDEX_UPDATE",
    "GUILD_DELETE",
    "GUILD_JOIN_REQUEST_UPDATE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_DELETE",
    "GUILD_ROLE_UPDATE",
    "GUILD_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "SESSIONS_REPLACE",
    "STAGE_INSTANCE_CREATE",
    "STAGE_INSTANCE_DELETE",
    "STAGE_INSTANCE_UPDATE",
    "THREAD_MEMBERS_UPDATE",
    "THREAD_MEMBER_UPDATE",
    "TYPING_START",
    "USER_UPDATE",
    "VOICE_CHANNEL_STATUS_UPDATE",
    "GUILD_SOUNDBOARD_SOUND_CREATE",
];

impl Hearing {
    /// Takes an event. It never waits: what takes time is queued, and holds the ticket.
    pub(super) fn told(self: &Arc<Self>, kind: &str, data: Value, ticket: Ticket) -> Told {
        match kind {
            "READY" => {
                let Some(ready) = read::<Ready>(kind, data) else { return Told::Other };
                if let Some(horizon) = self.progress.horizon() {
                    self.since.fetch_max(horizon, Ordering::Relaxed);
                }
                self.catch_up_conversations(&ticket);
                return Told::Ready { session: ready.session_id, url: ready.resume_gateway_url };
            }
            "RESUMED" => return Told::Resumed,
            "MESSAGE_CREATE" => {
                if let Some(post) = read::<Post>(kind, data) {
                    self.live(post, ticket, false);
                }
            }
            "MESSAGE_UPDATE" => {
                // Without an instant of editing it only unfolds a link.
                if let Some(post) = read::<Post>(kind, data).filter(|post| post.edited_timestamp.is_some()) {
                    self.live(post, ticket, true);
                }
            }
            "INTERACTION_CREATE" => {
                if let Some(press) = read::<Press>(kind, data) {
                    if !press.ours() {
                        unknown("INTERACTION_CREATE of another type");
                        return Told::Other;
                    }
                    if let Some(place) = press.place() {
                        self.places().learn_channel(&place);
                    }
                    self.pressed(press, ticket);
                }
            }
            "GUILD_CREATE" => {
                if let Some(guild) = read::<Guild>(kind, data).filter(|guild| !guild.unavailable) {
                    self.places().learn_guild(&guild, self.me.id.get());
                    self.catch_up_guild(&guild, &ticket);
                }
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                if let Some(channel) = read::<Channel>(kind, data) {
                    self.places().learn_channel(&channel);
                }
            }
            "THREAD_LIST_SYNC" => {
                for thread in read::<Synced>(kind, data).into_iter().flat_map(|synced| synced.threads) {
                    self.places().learn_channel(&thread);
                    self.catch_up_if_new(&thread, &ticket);
                }
            }
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                if let Some(channel) = read::<Channel>(kind, data) {
                    let hearing = Arc::clone(self);
                    self.spawn(async move { hearing.gone(channel.id).await });
                }
            }
            _ if NOT_OURS.contains(&kind) => {}
            _ => unknown(kind),
        }
        Told::Other
    }
}

/// An event's content; one that is not understood is counted and told.
fn read<T: DeserializeOwned>(kind: &str, data: Value) -> Option<T> {
    match serde_json::from_value(data) {
        Ok(read) => Some(read),
        Err(error) => {
            metrics::counter!("discord_events_unread_total", "kind" => kind.to_owned()).increment(1);
            tracing::warn!(kind, "an event of Discord's is not understood: {error}");
            None
        }
    }
}

fn unknown(kind: &str) {
    metrics::counter!("discord_events_unknown_total").increment(1);
    tracing::debug!(kind, "an event of Discord's is not known");
}
