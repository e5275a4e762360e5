//! One run of the intake: what came from the gateway or the history is put where its conversation is, in order.

use super::Discord;
use super::interactions::Press;
use super::lanes::{Lanes, Work};
use super::places::{Kind, Places};
use super::post::Post;
use super::progress::{Progress, Ticket};
use crate::IntakeError;
use serenity::model::id::{GuildId, UserId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};

/// How many channels' histories are read at once.
const READERS: usize = 4;

/// The least id of what is written at an instant: Discord's ids count milliseconds since 2015.
pub(super) fn snowflake(unix_ms: u64) -> u64 {
    unix_ms.saturating_sub(1_420_070_400_000) << 22
}

/// Who the bot is.
#[derive(Debug, Clone)]
pub(super) struct Me {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) application: u64,
}

pub(super) struct Hearing {
    pub(super) bot: Arc<Discord>,
    pub(super) me: Me,
    pub(super) progress: Progress,
    pub(super) lanes: Lanes,
    pub(super) readers: Semaphore,
    /// Up to here everything was heard before this run or session; for channels without a cursor of their own.
    pub(super) since: AtomicU64,
    places: Mutex<Places>,
    /// Channels whose history is being read, and what came live meanwhile.
    catching: Mutex<HashMap<u64, Vec<Waiting>>>,
    over: watch::Sender<bool>,
}

/// A message that waits until the history of its channel has been read.
pub(super) struct Waiting {
    post: Post,
    ticket: Ticket,
    edited: bool,
}

/// Where a message belongs.
pub(super) enum Spot {
    /// Direct messages, or a thread: the conversation's address.
    Here(u64),
    /// A channel of a server: a thread is opened from the message.
    Open,
}

impl Hearing {
    /// Takes up what earlier runs remembered.
    pub(super) async fn begin(bot: Arc<Discord>, me: Me) -> Result<Arc<Self>, IntakeError> {
        let (progress, mut places) = (Progress::default(), Places::default());
        for (key, value) in bot.intake.recall("discord/").await? {
            let mut words = key.split('/').skip(1);
            let (what, id) = (words.next(), words.next().and_then(|id| id.parse::<u64>().ok()));
            match (what, id, value.parse::<u64>().ok()) {
                (Some("thread"), Some(thread), Some(user)) => places.recall_thread(thread, user),
                (Some("dm"), Some(channel), Some(user)) => places.recall_direct(channel, user),
                (Some("cursor"), Some(channel), Some(message)) => progress.recalled(channel, message),
                _ => {}
            }
        }
        let since = match bot.recall_number("discord/horizon").await? {
            Some(known) => known,
            None => {
                // The first start: what was said before is not ours to answer.
                let now = snowflake(super::clock::now());
                bot.intake.remember("discord/horizon", &now.to_string()).await?;
                now
            }
        };
        Ok(Arc::new(Self {
            bot,
            me,
            progress,
            lanes: Lanes::default(),
            readers: Semaphore::new(READERS),
            since: AtomicU64::new(since),
            places: Mutex::new(places),
            catching: Mutex::default(),
            over: watch::Sender::new(false),
        }))
    }

    pub(super) fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catching(&self) -> MutexGuard<'_, HashMap<u64, Vec<Waiting>>> {
        self.catching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work that ends with the run.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut over = self.over.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = over.wait_for(|over| *over) => {}
                () = work => {}
            }
        });
    }

    /// Ends all work of the run; what was in hand will be heard again.
    pub(super) fn end(&self) {
        self.progress.end();
        self.over.send_replace(true);
    }

    /// A message from the gateway.
    pub(super) fn live(self: &Arc<Self>, post: Post, ticket: Ticket, edited: bool) {
        let channel = post.channel_id.get();
        if let Some(guild) = post.guild_id
            && !self.listens(guild)
        {
            return;
        }
        if let Some(kind) = post.channel_type {
            self.places().meet(channel, kind, post.guild_id.map(GuildId::get));
        }
        // The first word of somebody may not be their first word: there may be earlier ones from while we were away.
        if post.guild_id.is_none() && self.places().meet_direct(channel) {
            self.catch_up(channel, Some(post.id.get()), &ticket);
        }
        let mut catching = self.catching();
        match catching.get_mut(&channel) {
            Some(waiting) => waiting.push(Waiting { post, ticket, edited }),
            None => {
                drop(catching);
                self.place(post, Some(ticket), edited);
            }
        }
    }

    pub(super) fn listens(&self, guild: GuildId) -> bool {
        let only = &self.bot.settings.guilds;
        only.is_empty() || only.contains(&guild.get())
    }

    /// From now on live messages of the channel wait. False if its history is being read already.
    pub(super) fn hold(&self, channel: u64) -> bool {
        let mut catching = self.catching();
        match catching.entry(channel) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(Vec::new());
                true
            }
        }
    }

    /// The history has been read: what came meanwhile goes on, in the order of its ids.
    pub(super) fn release(self: &Arc<Self>, channel: u64) {
        let mut catching = self.catching();
        let mut waiting = catching.remove(&channel).unwrap_or_default();
        waiting.sort_by_key(|waiting| waiting.post.id);
        // Under the lock, so that nothing live gets in between.
        for Waiting { post, ticket, edited } in waiting {
            self.place(post, Some(ticket), edited);
        }
    }

    /// Puts a message into the lane of its conversation, or passes it over.
    pub(super) fn place(self: &Arc<Self>, post: Post, event: Option<Ticket>, edited: bool) {
        let (channel, id) = (post.channel_id.get(), post.id.get());
        let Some(spot) = self.spot(&post, edited) else {
            if !edited {
                self.progress.passed(channel, id);
            }
            return;
        };
        // An edit that addresses the bot for the first time is a new message.
        let edits = edited && matches!(spot, Spot::Here(_));
        let mark = if edits { None } else { self.progress.message(channel, id) };
        if !edits && mark.is_none() {
            return;
        }
        let lane = match spot {
            Spot::Here(address) => address,
            // A thread opened from a message gets the message's id: what is said in it queues behind.
            Spot::Open => id,
        };
        self.lanes.push(self, lane, Work::message(post, spot, edits, (mark, event)));
    }

    fn spot(&self, post: &Post, edited: bool) -> Option<Spot> {
        let writer = post.writer()?.id.get();
        let channel = post.channel_id.get();
        let places = self.places();
        if post.guild_id.is_none()
            && places.guild(channel).is_none()
            && places.kind(channel) != Some(Kind::Thread)
        {
            return Some(Spot::Here(channel));
        }
        let addressed = post.mentions(self.me.id, &places.my_roles());
        if places.owner(channel) == Some(writer) || (addressed && places.kind(channel) == Some(Kind::Thread))
        {
            return Some(Spot::Here(channel));
        }
        if edited && places.owner(post.id.get()) == Some(writer) {
            return Some(Spot::Here(post.id.get()));
        }
        addressed.then_some(Spot::Open)
    }

    /// A command or a press, acknowledged at once and then queued.
    pub(super) fn pressed(self: &Arc<Self>, press: Press, ticket: Ticket) {
        if let Some(guild) = press.guild_id()
            && !self.listens(guild)
        {
            return;
        }
        let hearing = Arc::clone(self);
        let acknowledged = press.acknowledgement();
        self.spawn(async move { hearing.acknowledge(acknowledged).await });
        let lane = press.lane(&self.places());
        self.lanes.push(self, lane, Work::press(press, ticket));
    }
}
