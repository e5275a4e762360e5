//! A run of the intake from its beginning to its end, and what is remembered meanwhile.

use super::clock;
use super::frames::Session;
use super::gateway::Gateway;
use super::hearing::{Hearing, Me};
use super::rest::Ask;
use super::settings::pause;
use super::trouble::{REVOKED, Trouble};
use super::{Discord, post::Person};
use crate::Health;
use serde::Deserialize;
use serenity::http::Route;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

const SESSION: &str = "discord/session";
const PAUSED: &str = "discord/paused-until";

/// How long the end of a run waits for work in hand.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Application {
    #[serde(deserialize_with = "super::places::id")]
    id: u64,
}

/// Resolves when asked to stop.
pub(super) async fn asked(stop: &mut watch::Receiver<bool>) {
    // An asker who is gone asks for it too.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Ends the work of a run, also if the run itself is dropped.
struct Ending(Arc<Hearing>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Discord {
    /// Hears customers until `stop` says so or Discord refuses the bot for good; the health tells which. It may be
    /// called again after that. Only one process may run it at a time.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let cause = self.clone().hear_until(&mut stop).await.err();
        self.health.send_replace(match cause {
            None => Health::Standby,
            Some(cause) => {
                tracing::error!("Discord has stopped: {cause}");
                Health::Stopped { cause }
            }
        });
    }

    async fn hear_until(self: Arc<Self>, stop: &mut watch::Receiver<bool>) -> Result<(), String> {
        let Some((hearing, session)) = self.prepare(stop).await? else { return Ok(()) };
        let ending = Ending(Arc::clone(&hearing));
        let keeper = {
            let hearing = Arc::clone(&hearing);
            let flush = hearing.bot.settings.timing.flush;
            async move {
                let mut braked = false;
                loop {
                    tokio::time::sleep(flush).await;
                    hearing.write_down().await;
                    braked = hearing.watch_brake(braked);
                }
            }
        };
        hearing.spawn(keeper);
        let result = Gateway::new(Arc::clone(&hearing), stop.clone(), session).stay().await;
        let deadline = tokio::time::Instant::now() + FAREWELL;
        while !hearing.lanes.idle() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(ending);
        hearing.write_down().await;
        result
    }

    /// Who we are, what was remembered; tried until it goes well. `None`: asked to stop meanwhile.
    async fn prepare(
        self: &Arc<Self>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<(Arc<Hearing>, Option<Session>)>, String> {
        let mut tries = 0;
        loop {
            if *stop.borrow() {
                return Ok(None);
            }
            let cause = match self.try_prepare().await {
                Ok(ready) => return Ok(Some(ready)),
                Err(Trouble::Revoked) => return Err(REVOKED.into()),
                Err(trouble) => trouble.to_string(),
            };
            if self.degrade(cause.clone()) {
                tracing::warn!("{cause}; trying again");
            }
            let timing = &self.settings.timing;
            tokio::select! {
                () = asked(stop) => return Ok(None),
                () = tokio::time::sleep(pause(timing.pause, timing.longest_pause, tries)) => tries += 1,
            }
        }
    }

    async fn try_prepare(self: &Arc<Self>) -> Result<(Arc<Hearing>, Option<Session>), Trouble> {
        let desk = |_| Trouble::Down("the desk's memory cannot be read".to_owned());
        self.recall_pause().await.map_err(desk)?;
        let me = self.introduce().await?;
        let hearing = Hearing::begin(Arc::clone(self), me.clone()).await.map_err(desk)?;
        let remembered = self.intake.recall(SESSION).await.map_err(desk)?;
        let session = remembered.into_iter().find(|(key, _)| key == SESSION);
        let session = session.and_then(|(_, value)| serde_json::from_str::<Session>(&value).ok());
        self.offer_commands(me.application).await?;
        Ok((hearing, session))
    }

    /// Asks Discord who we are.
    pub(super) async fn introduce(&self) -> Result<Me, Trouble> {
        let person: Person = self.rest.call(Ask::get(Route::UserMe)).await?;
        let application: Application = self.rest.call(Ask::get(Route::Oauth2ApplicationCurrent)).await?;
        let name = person.name().to_owned();
        name.clone_into(&mut self.name.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Me { id: person.id, name, application: application.id })
    }

    /// A wait that Discord asked the whole bot for holds after a restart too.
    async fn recall_pause(&self) -> Result<(), crate::IntakeError> {
        let until = self.recall_number(PAUSED).await?.unwrap_or(0);
        let left = until.saturating_sub(clock::now());
        if left > 0 {
            self.rest.pacing.hold(None, Duration::from_millis(left));
        }
        Ok(())
    }
}

impl Hearing {
    /// Who we are and where, for the health.
    pub(super) fn who(&self) -> String {
        format!("{} by the gateway", self.me.name)
    }

    /// Tells when so much was refused that the bot waits, and when it goes on.
    fn watch_brake(&self, was: bool) -> bool {
        let braked = self.bot.rest.pacing.braked();
        match (was, braked) {
            (false, true) => {
                let cause = "Discord refused too many requests in 10 minutes; the bot sends no more for now so as not to be \
                             banned. Look for channels that it may not see or write in";
                tracing::error!("{cause}");
                self.bot.degrade(cause.into());
            }
            (true, false) => drop(self.bot.health.send_replace(Health::Connected { detail: self.who() })),
            _ => {}
        }
        braked
    }

    /// Writes down how far everything has been handled. What can't be written now is written the next time.
    async fn write_down(&self) {
        let intake = &self.bot.intake;
        let mut written = true;
        for (channel, message) in self.progress.take_moved() {
            if intake.remember(&format!("discord/cursor/{channel}"), &message.to_string()).await.is_err() {
                self.progress.not_stored(channel);
                written = false;
            }
        }
        let horizon = self.progress.horizon().filter(|horizon| *horizon > self.since.load(Ordering::Relaxed));
        if let Some(horizon) = horizon
            && intake.remember("discord/horizon", &horizon.to_string()).await.is_ok()
        {
            self.since.fetch_max(horizon, Ordering::Relaxed);
        }
        let floor = self.progress.event_floor();
        let session = self.bot.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(session) = session.filter(|_| floor > 0) {
            let value = serde_json::to_string(&Session { seq: floor, ..session }).unwrap_or_default();
            written &= intake.remember(SESSION, &value).await.is_ok();
        }
        let paused = self.bot.rest.paused.send_replace(None);
        if let Some(after) = paused {
            let until = clock::now().saturating_add(u64::try_from(after.as_millis()).unwrap_or(0));
            written &= intake.remember(PAUSED, &until.to_string()).await.is_ok();
        }
        if !written {
            tracing::debug!("not all of Discord's cursors could be written down");
        }
    }
}
