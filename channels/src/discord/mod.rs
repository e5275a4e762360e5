//! Discord, by its gateway and REST.
//!
//! In: `gateway` keeps a session, `events` reads what it tells, `hearing` puts each message into the `lanes`
//! of its conversation, `messages` and `interactions` hand it to the desk; `catchup` reads from the history what
//! no session told, and `progress` knows how far all that has been done. Out: `speaking` shapes a message,
//! `rest` sends it within the limits that `pacing` keeps.

mod catchup;
mod clock;
mod commands;
mod courier;
mod doctor;
mod events;
mod files;
mod frames;
mod gateway;
mod hearing;
mod interactions;
mod lanes;
mod messages;
mod pacing;
mod places;
mod plain;
mod platform;
mod post;
mod progress;
mod rest;
mod run;
mod settings;
mod socket;
mod speaking;
mod trouble;

pub use settings::{Settings, Timing};

use crate::{Health, Intake, IntakeError};
use files::Files;
use frames::Session;
use rest::Rest;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The adapter: hears by [`Discord::run`], speaks as a [`crate::Courier`].
pub struct Discord {
    settings: Settings,
    intake: Arc<dyn Intake>,
    rest: Rest,
    files: Files,
    health: watch::Sender<Health>,
    session: Mutex<Option<Session>>,
    name: Mutex<String>,
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").field("health", &*self.health.borrow()).finish_non_exhaustive()
    }
}

impl Discord {
    /// An adapter that has not been connected yet.
    ///
    /// # Errors
    /// When the API's address is none, in a sentence.
    pub fn new(settings: Settings, intake: Arc<dyn Intake>) -> Result<Arc<Self>, String> {
        let (rest, files) = (Rest::new(&settings)?, Files::new(&settings)?);
        Ok(Arc::new(Self {
            settings,
            intake,
            rest,
            files,
            health: watch::Sender::new(Health::Standby),
            session: Mutex::default(),
            name: Mutex::default(),
        }))
    }

    /// How the adapter is, and every change of it.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Something is wrong for now. False if the health said so already, in these or other words.
    fn degrade(&self, cause: String) -> bool {
        let was = self.health.send_replace(Health::Degraded { cause });
        !matches!(was, Health::Degraded { .. })
    }

    /// The session to be remembered.
    fn note_session(&self, session: &Session) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
    }

    /// A number that was remembered under exactly that key.
    async fn recall_number(&self, key: &str) -> Result<Option<u64>, IntakeError> {
        let all = self.intake.recall(key).await?;
        Ok(all.into_iter().find(|(known, _)| known == key).and_then(|(_, value)| value.parse().ok()))
    }
}
