//! Telegram, by long polling or webhook. teloxide gives the requests' types; the loop, the transport and the reading
//! of updates are our own (each says why).

mod addressed;
mod api;
mod buttons;
mod commands;
mod compose;
mod content;
mod hook;
mod inbound;
mod pace;
mod pauses;
mod place;
mod platform;
mod poll;
mod send;
mod settings;
mod updates;
mod wire;

pub use hook::Webhook;
pub use settings::{Mode, Settings, SettingsError};

use crate::{Channel, Courier, DeliveryError, Health, Intake, Outbound, Receipt};
use api::{Api, CallError};
use async_trait::async_trait;
use futures::future::BoxFuture;
use rand::Rng as _;
use secrecy::ExposeSecret as _;
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use teloxide::{
    payloads::{GetMe, SendChatAction},
    types::{ChatAction, ChatId, MessageId, ThreadId},
};
use tokio::sync::{OnceCell, watch};

/// One bot on Telegram.
pub struct Telegram {
    settings: Settings,
    api: Arc<Api>,
    intake: Arc<dyn Intake>,
    health: watch::Sender<Health>,
    me: OnceCell<wire::User>,
    pace: pace::Pace,
    pauses: pauses::Pauses,
    /// When the webhook last took an update, in seconds since 1970.
    taken_at: AtomicU64,
}

impl Telegram {
    /// An adapter that has not spoken to Telegram yet.
    ///
    /// # Errors
    /// A sentence about the setting that is wrong.
    pub fn new(settings: Settings, intake: Arc<dyn Intake>) -> Result<Arc<Self>, SettingsError> {
        settings.check()?;
        Ok(Arc::new(Self {
            api: Arc::new(Api::new(&settings)?),
            health: watch::Sender::new(Health::Standby),
            me: OnceCell::new(),
            pace: pace::Pace::new(settings.second),
            pauses: pauses::Pauses::new(Arc::clone(&intake), settings.second),
            taken_at: AtomicU64::default(),
            intake,
            settings,
        }))
    }

    /// How it is, as it changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Hears until `stop` says true (or its sender is gone); may be called again. For the one replica that holds the
    /// lease. Stopped in the middle of a batch, it has acknowledged nothing that is not on disk.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        // Boxed: the compiler cannot see otherwise that they may be sent between threads.
        let hear: BoxFuture<'_, ()> = match &self.settings.mode {
            Mode::Polling => Box::pin(self.poll()),
            Mode::Webhook { url, secret } => Box::pin(self.look_after(url, secret.expose_secret())),
        };
        let menus: BoxFuture<'_, ()> = Box::pin(self.register_commands());
        let work = futures::future::join(hear, menus);
        tokio::select! {
            () = async { drop(stop.wait_for(|stop| *stop).await) } => {}
            _ = work => {}
        }
        self.set_health(Health::Standby);
    }

    /// Connects and says who the bot is there, for `deskhand doctor`.
    ///
    /// # Errors
    /// The true cause of trouble, in a sentence.
    pub async fn examine(&self) -> Result<String, String> {
        let me = self.api.call_me().await.map_err(|error| self.cause(&error))?;
        let name = name(&me);
        match self.mismatch().await {
            Ok(None) => Ok(format!("{name} by {}", self.way())),
            Ok(Some(ill)) => Err(format!("{name}: {ill}")),
            Err(error) => Err(self.cause(&error)),
        }
    }

    fn way(&self) -> &'static str {
        match self.settings.mode {
            Mode::Polling => "long polling",
            Mode::Webhook { .. } => "webhook",
        }
    }

    /// Who the bot is; asked once.
    async fn me(&self) -> Option<&wire::User> {
        self.me.get_or_try_init(|| self.api.call_me()).await.ok()
    }

    async fn healthy(&self, way: &str) {
        let Some(me) = self.me().await else { return };
        self.set_health(Health::Connected { detail: format!("{} by {way}", name(me)) });
    }

    fn set_health(&self, health: Health) {
        self.health.send_if_modified(|now| {
            let changed = *now != health;
            if changed {
                match &health {
                    Health::Degraded { cause } | Health::Stopped { cause } => {
                        tracing::warn!(%cause, "telegram")
                    }
                    Health::Connected { detail } => tracing::info!(%detail, "telegram"),
                    Health::Standby => {}
                }
                *now = health;
            }
            changed
        });
    }

    /// What a failed call means for the bot as a whole.
    fn trouble(&self, error: &CallError) -> Health {
        Health::Degraded { cause: self.cause(error) }
    }

    fn cause(&self, error: &CallError) -> String {
        match error {
            error if error.unauthorized() => {
                "Telegram refuses the token: it was revoked or mistyped; take a new one from @BotFather."
                    .to_owned()
            }
            error => {
                let error = error.to_string();
                let server = self.settings.api_url.as_deref().unwrap_or("api.telegram.org");
                format!("{error} ({server}); trying again.")
            }
        }
    }

    /// Doubling pauses up to ten times the first, each cut by up to a third so that many bots do not come at once.
    async fn back_off(&self, troubles: u32) {
        let longest = self.settings.back_off * 10;
        let pause =
            self.settings.back_off.saturating_mul(2_u32.saturating_pow(troubles.min(10))).min(longest);
        let jitter = rand::rng().random_range(0.67..=1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
    }
}

impl Api {
    async fn call_me(&self) -> Result<wire::User, CallError> {
        let me = self.raw(&GetMe::new()).await?;
        serde_json::from_value(me).map_err(|error| CallError::Garbled(error.to_string()))
    }
}

fn name(me: &wire::User) -> String {
    me.username.as_ref().map_or_else(|| me.first_name.clone(), |name| format!("@{name}"))
}

#[async_trait]
impl Courier for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn repeats_safely(&self) -> bool {
        false
    }

    async fn deliver(&self, message: &Outbound, part: usize) -> Result<Receipt, DeliveryError> {
        self.send(message, part).await
    }

    async fn typing(&self, address: &str) {
        let Some(place) = place::Place::parse(address) else { return };
        if self.pauses.left(place.chat).is_some() {
            return;
        }
        let mut call = SendChatAction::new(ChatId(place.chat), ChatAction::Typing);
        call.message_thread_id =
            place.thread.and_then(|id| i32::try_from(id).ok()).map(|id| ThreadId(MessageId(id)));
        let shown = tokio::time::timeout(Duration::from_secs(3), self.api.raw(&call)).await;
        if let Ok(Err(error)) = shown {
            tracing::debug!(%error, "typing was not shown");
        }
    }
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telegram").field("settings", &self.settings).finish_non_exhaustive()
    }
}
