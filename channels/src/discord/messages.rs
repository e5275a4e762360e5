//! From a message of Discord's to one of the desk's: its thread, its files, its words.

use super::files::NotKept;
use super::hearing::{Hearing, Spot};
use super::lanes::Again;
use super::places::{Channel as Place, Kind};
use super::plain::cut;
use super::post::{Post, tidy};
use super::rest::Ask;
use super::trouble::Trouble;
use crate::{Channel, Fact, Inbound, IntakeError, Phrase};
use reqwest::Method;
use serenity::builder::CreateThread;
use serenity::http::Route;
use serenity::model::channel::{AutoArchiveDuration, ChannelType};
use serenity::model::id::{ChannelId, UserId};
use std::time::Duration;

/// Discord's code for "a thread has been opened from this message already".
const OPENED_ALREADY: u64 = 160_004;

#[derive(serde::Deserialize)]
struct Opened {
    id: ChannelId,
}

/// Trouble in a lane: tried again if it can pass.
fn again(trouble: &Trouble) -> Again {
    Again(if let Trouble::Wait { after, .. } = trouble { *after } else { Duration::ZERO })
}

impl Hearing {
    pub(super) async fn take_message(
        &self,
        post: &Post,
        spot: &Spot,
        edits: bool,
        ready: &mut Option<Inbound>,
    ) -> Result<(), Again> {
        if ready.is_none() {
            let Some(writer) = post.writer() else { return Ok(()) };
            let address = match spot {
                Spot::Here(address) => *address,
                Spot::Open => self.open_thread(post, writer.id).await?,
            };
            self.settle(address, writer.id).await?;
            *ready = self.inbound(post, address, edits).await?;
        }
        match ready {
            Some(inbound) => self.accept(inbound).await,
            None => Ok(()),
        }
    }

    /// Hands a message to the desk.
    pub(super) async fn accept(&self, inbound: &Inbound) -> Result<(), Again> {
        match self.bot.intake.accept(inbound.clone()).await {
            Ok(()) => {
                metrics::counter!("discord_messages_accepted_total").increment(1);
                Ok(())
            }
            Err(IntakeError::TryAgain) => Err(Again(Duration::ZERO)),
            Err(IntakeError::Refused(why)) => {
                tracing::warn!(
                    message = inbound.external_id,
                    "the desk refused a message from Discord: {why}"
                );
                Ok(())
            }
        }
    }

    /// Remembers whose conversation an address is, so that its history is read after an outage.
    pub(super) async fn settle(&self, address: u64, user: UserId) -> Result<(), Again> {
        let key = {
            let places = self.places();
            match places.kind(address) {
                _ if places.settled(address) => return Ok(()),
                Some(Kind::Thread) => format!("discord/thread/{address}"),
                Some(Kind::Direct) => format!("discord/dm/{address}"),
                _ => return Ok(()),
            }
        };
        self.bot.intake.remember(&key, &user.to_string()).await.map_err(|_| Again(Duration::ZERO))?;
        self.places().settle(address, user.get());
        Ok(())
    }

    /// The thread that a mention opens; the channel itself where that is not allowed, or where it is a thread.
    async fn open_thread(&self, post: &Post, writer: UserId) -> Result<u64, Again> {
        let channel_id = post.channel_id;
        if self.places().kind(channel_id.get()).is_none() {
            let known: Result<Place, _> = self.bot.rest.call(Ask::get(Route::Channel { channel_id })).await;
            match known {
                Ok(place) => self.places().learn_channel(&place),
                Err(trouble) if trouble.passes() => return Err(again(&trouble)),
                Err(trouble) => tracing::debug!("a channel is not known: {trouble}"),
            }
        }
        if self.places().kind(channel_id.get()) != Some(Kind::Text) {
            return Ok(channel_id.get());
        }
        let body =
            CreateThread::new(self.thread_name(None)).auto_archive_duration(AutoArchiveDuration::OneWeek);
        let route = Route::ChannelMessageThreads { channel_id, message_id: post.id };
        let ask = Ask::with(Method::POST, route, &body).map_err(|trouble| again(&trouble))?;
        let thread = match self.bot.rest.call::<Opened>(ask).await {
            Ok(opened) => opened.id.get(),
            Err(trouble) if trouble.code() == Some(OPENED_ALREADY) => post.id.get(),
            Err(trouble) if trouble.passes() => return Err(again(&trouble)),
            Err(trouble) => {
                tracing::warn!(channel = %channel_id, "no thread could be opened, the conversation stays in the channel: {trouble}");
                return Ok(channel_id.get());
            }
        };
        self.own_thread(thread, channel_id.get(), writer).await?;
        Ok(thread)
    }

    /// A thread without a message to begin it: private where the server allows it.
    pub(super) async fn open_thread_for(
        &self,
        channel: u64,
        user: UserId,
        locale: Option<&str>,
    ) -> Result<u64, Again> {
        let channel_id = ChannelId::new(channel);
        for kind in [ChannelType::PrivateThread, ChannelType::PublicThread] {
            let mut body = CreateThread::new(self.thread_name(locale))
                .kind(kind)
                .auto_archive_duration(AutoArchiveDuration::OneWeek);
            if kind == ChannelType::PrivateThread {
                body = body.invitable(false);
            }
            let ask = Ask::with(Method::POST, Route::ChannelThreads { channel_id }, &body)
                .map_err(|trouble| again(&trouble))?;
            match self.bot.rest.call::<Opened>(ask).await {
                Ok(opened) => {
                    self.own_thread(opened.id.get(), channel, user).await?;
                    self.invite(opened.id, user).await;
                    return Ok(opened.id.get());
                }
                Err(trouble) if trouble.passes() => return Err(again(&trouble)),
                Err(trouble) => tracing::debug!(channel, "no thread of kind {kind:?}: {trouble}"),
            }
        }
        tracing::warn!(channel, "no thread could be opened, the conversation stays in the channel");
        Ok(channel)
    }

    async fn invite(&self, thread: ChannelId, user: UserId) {
        let route = Route::ChannelThreadMember { channel_id: thread, user_id: user };
        if let Err(trouble) = self.bot.rest.tell(Ask::bare(Method::PUT, route)).await {
            tracing::warn!(%thread, "the customer could not be added to their thread: {trouble}");
        }
    }

    async fn own_thread(&self, thread: u64, channel: u64, user: UserId) -> Result<(), Again> {
        let key = format!("discord/thread/{thread}");
        self.bot.intake.remember(&key, &user.to_string()).await.map_err(|_| Again(Duration::ZERO))?;
        let mut places = self.places();
        let guild_id = places.guild(channel);
        places.learn_channel(&Place { id: thread, kind: 11, guild_id, last_message_id: None });
        places.settle(thread, user.get());
        Ok(())
    }

    fn thread_name(&self, locale: Option<&str>) -> String {
        let name = cut(self.bot.intake.phrase(Phrase::ThreadName, locale).trim(), 100);
        if name.is_empty() { "Support".into() } else { name }
    }

    /// The desk's message; none if nothing was said.
    async fn inbound(&self, post: &Post, address: u64, edits: bool) -> Result<Option<Inbound>, Again> {
        let Some(writer) = post.writer() else { return Ok(None) };
        let roles = self.places().my_roles();
        let mut text = post.text(self.me.id, &roles);
        let mut attachments = Vec::new();
        // An edit's files were taken with the message itself.
        for upload in post.attachments.iter().filter(|_| !edits) {
            match self.bot.files.take(upload, writer.id.to_string(), &*self.bot.intake).await {
                Ok(attachment) => attachments.push(attachment),
                Err(NotKept::TryAgain) => return Err(Again(Duration::ZERO)),
                Err(NotKept::Never) => {
                    let name = cut(&upload.filename, 100);
                    text.push_str(&format!(
                        "\n[{name}: {}]",
                        self.bot.intake.phrase(Phrase::FileNotTaken, None)
                    ));
                }
            }
        }
        text = tidy(&text);
        if text.is_empty() && attachments.is_empty() {
            if !post.mentions(self.me.id, &roles) || edits {
                return Ok(None);
            }
            // A mention and nothing else asks for the bot.
            text = "/start".into();
        }
        let external_id = match &post.edited_timestamp {
            Some(at) if edits => format!("{}/e{at}", post.id),
            _ => post.id.to_string(),
        };
        Ok(Some(Inbound {
            channel: Channel::Discord,
            external_id,
            sender: writer.id.to_string(),
            address: address.to_string(),
            text,
            choice: None,
            attachments,
            profile: post.profile(writer),
            quoted: post.quoted(),
            edits: edits.then(|| post.id.to_string()),
            link: None,
        }))
    }

    /// A channel is gone.
    pub(super) async fn gone(&self, channel: u64) {
        if self.places().owner(channel).is_none() {
            return;
        }
        let fact = Fact::Unreachable { address: channel.to_string(), cause: "the thread was deleted".into() };
        if let Err(error) = self.bot.intake.learn(Channel::Discord, fact).await {
            // The next message there says so again.
            tracing::debug!("a deleted thread could not be noted: {error}");
        }
    }
}
