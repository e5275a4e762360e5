//! Reading the history: the gateway does not repeat what was said while a session was lost, so after every READY the
//! channels with something new are read from where they were left.

use super::hearing::Hearing;
use super::places::{Channel, Guild};
use super::post::Post;
use super::progress::Ticket;
use super::rest::Ask;
use super::settings::pause;
use super::trouble::Trouble;
use serde_json::Value;
use serenity::http::Route;
use serenity::model::id::{ChannelId, GuildId};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The most messages that one request gives.
const PAGE: usize = 100;

impl Hearing {
    /// Reads all conversations known: the archived threads and direct messages among them are in no event.
    pub(super) fn catch_up_conversations(self: &Arc<Self>, ticket: &Ticket) {
        let known = self.places().conversations();
        for channel in known {
            self.catch_up(channel, None, ticket);
        }
    }

    /// Reads the channels and threads of a server in which something has been said since.
    pub(super) fn catch_up_guild(self: &Arc<Self>, guild: &Guild, ticket: &Ticket) {
        if !self.listens(GuildId::new(guild.id.max(1))) {
            return;
        }
        for channel in guild.channels.iter().chain(&guild.threads) {
            self.catch_up_if_new(channel, ticket);
        }
    }

    /// Reads a channel if something has been said since.
    pub(super) fn catch_up_if_new(self: &Arc<Self>, channel: &Channel, ticket: &Ticket) {
        let seen = self.progress.cursor(channel.id).unwrap_or_else(|| self.since.load(Ordering::Relaxed));
        if channel.last_message_id.is_some_and(|last| last > seen) {
            self.catch_up(channel.id, None, ticket);
        }
    }

    /// Reads a channel's history from where it was left, but not beyond `first`, while what comes live waits.
    pub(super) fn catch_up(self: &Arc<Self>, channel: u64, first: Option<u64>, ticket: &Ticket) {
        if self.places().denied(channel) || !self.hold(channel) {
            return;
        }
        let (hearing, ticket) = (Arc::clone(self), ticket.clone());
        self.spawn(async move {
            hearing.read_history(channel, first, &ticket).await;
            hearing.release(channel);
            drop(ticket);
        });
    }

    async fn read_history(self: &Arc<Self>, channel: u64, first: Option<u64>, ticket: &Ticket) {
        let timing = &self.bot.settings.timing;
        let left_at = self.progress.cursor(channel).unwrap_or_else(|| self.since.load(Ordering::Relaxed));
        let overlap = u64::try_from(timing.overlap.as_millis()).unwrap_or(0) << 22;
        let mut after = left_at.saturating_sub(overlap).min(first.unwrap_or(u64::MAX).saturating_sub(1));
        let mut tries = 0;
        loop {
            let Ok(permit) = self.readers.acquire().await else { return };
            let route = Route::ChannelMessages { channel_id: ChannelId::new(channel.max(1)) };
            let ask = Ask::get(route).query("after", after).query("limit", PAGE);
            let page: Result<Vec<Value>, Trouble> = self.bot.rest.call(ask).await;
            drop(permit);
            match page {
                Ok(page) => {
                    tries = 0;
                    let full = page.len() >= PAGE;
                    match self.place_page(channel, page, ticket) {
                        Some(last) if full && last > after => after = last,
                        _ => return,
                    }
                }
                Err(trouble) if trouble.passes() => {
                    let wait = if let Trouble::Wait { after, .. } = trouble { after } else { Duration::ZERO };
                    tokio::time::sleep(wait.max(pause(timing.retry, timing.longest_retry, tries))).await;
                    tries += 1;
                }
                Err(trouble) => {
                    tracing::info!(channel, "the history of a Discord channel cannot be read: {trouble}");
                    self.places().deny(channel);
                    return;
                }
            }
        }
    }

    /// Puts a page's messages where they belong, in the order of their ids; the last id.
    fn place_page(self: &Arc<Self>, channel: u64, page: Vec<Value>, ticket: &Ticket) -> Option<u64> {
        let guild = self.places().guild(channel).map(GuildId::new);
        let read = |value: Value| match serde_json::from_value::<Post>(value) {
            Ok(post) => Some(post),
            Err(error) => {
                metrics::counter!("discord_events_unread_total", "kind" => "history").increment(1);
                tracing::warn!(channel, "a message in Discord's history is not understood: {error}");
                None
            }
        };
        let mut posts: Vec<Post> = page.into_iter().filter_map(read).collect();
        posts.sort_by_key(|post| post.id);
        let last = posts.last().map(|post| post.id.get());
        metrics::counter!("discord_history_messages_total").increment(posts.len() as u64);
        for mut post in posts {
            post.guild_id = post.guild_id.or(guild);
            self.place(post, Some(ticket.clone()), false);
        }
        last
    }
}
