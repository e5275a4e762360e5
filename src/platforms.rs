//! Runs what only one process may: the outbox, and listening on the platforms. Of several processes over one
//! database one leads; another takes its place when it is gone.

use crate::hub::Writing;
use crate::ledger::Ledger;
use crate::outbox::Dispatcher;
use channels::{Channel, Courier, Health, Heard, Platform};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often the lead is tried for, and asked after.
const ROUND: Duration = Duration::from_secs(2);
/// How long what was begun may take to end when the lead is lost.
const STEP_DOWN: Duration = Duration::from_secs(5);
/// A platform shows for about five seconds that somebody writes.
const SHOWS_WRITING: Duration = Duration::from_secs(4);
/// A platform that fell silent for no reason is begun again after so long.
const BEGIN_AGAIN: Duration = Duration::from_secs(5);

/// The connected platforms.
#[derive(Clone, Default)]
pub struct Platforms(Vec<Arc<dyn Platform>>);

impl Platforms {
    /// These.
    #[must_use]
    pub fn new(platforms: Vec<Arc<dyn Platform>>) -> Self {
        Self(platforms)
    }

    /// Them.
    #[must_use]
    pub fn into_inner(self) -> Vec<Arc<dyn Platform>> {
        self.0
    }

    /// One for each channel.
    #[must_use]
    pub fn couriers(&self) -> HashMap<Channel, Arc<dyn Courier>> {
        self.0.iter().map(|platform| (platform.channel(), platform.clone().courier())).collect()
    }

    /// How each is.
    #[must_use]
    pub fn health(&self) -> Vec<(Channel, Health)> {
        self.0.iter().map(|platform| (platform.channel(), platform.health().borrow().clone())).collect()
    }

    /// Passes on what a platform posted.
    pub async fn hear(&self, channel: Channel, shown: Option<&[u8]>, body: &[u8]) -> Heard {
        match self.0.iter().find(|platform| platform.channel() == channel) {
            Some(platform) => platform.hear(shown, body).await,
            None => Heard::NotHere,
        }
    }

    /// Where a customer goes who holds a code.
    #[must_use]
    pub fn invitations(&self, code: &str) -> Vec<(Channel, String)> {
        let invitations = self.0.iter().map(|platform| (platform.channel(), platform.invitation(code)));
        invitations.filter_map(|(channel, invitation)| Some((channel, invitation?))).collect()
    }

    /// Leads while it can, until `stop` says so.
    pub async fn run(self, ledger: Ledger, dispatcher: Arc<Dispatcher>, mut stop: watch::Receiver<bool>) {
        let mut waiting = false;
        while !*stop.borrow() {
            match ledger.storage.lead().await {
                Ok(Some(mut lead)) => {
                    tracing::info!("this process sends and listens on the platforms");
                    waiting = false;
                    let (stopper, down) = watch::channel(false);
                    let mut acting = self.act(&ledger, &dispatcher, &down);
                    let mut stands = true;
                    while stands && !*stop.borrow() {
                        tokio::select! {
                            () = tokio::time::sleep(ROUND) => stands = lead.stands().await,
                            _ = stop.changed() => {}
                        }
                    }
                    if !stands {
                        tracing::warn!("the lead is lost; another process may send and listen now");
                    }
                    stopper.send_replace(true);
                    let ended = async { while acting.join_next().await.is_some() {} };
                    if stands {
                        ended.await;
                    } else if tokio::time::timeout(STEP_DOWN, ended).await.is_err() {
                        acting.shutdown().await;
                    }
                    continue;
                }
                Ok(None) if !waiting => {
                    waiting = true;
                    tracing::info!("another process sends and listens; this one stands by");
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "it could not be learned who leads; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    fn act(
        &self,
        ledger: &Ledger,
        dispatcher: &Arc<Dispatcher>,
        down: &watch::Receiver<bool>,
    ) -> JoinSet<()> {
        let mut acting = JoinSet::new();
        acting.spawn(dispatcher.clone().run(down.clone()));
        acting.spawn(show_writing(self.couriers(), ledger.hub.writing(), down.clone()));
        for platform in &self.0 {
            acting.spawn(listen(platform.clone(), down.clone()));
        }
        acting
    }
}

/// Listens again where listening ended by itself, unless the platform has given up until an admin acts.
async fn listen(platform: Arc<dyn Platform>, mut down: watch::Receiver<bool>) {
    let name = platform.channel().name();
    while !*down.borrow() {
        // In a task of its own: a panic must not take the others with it.
        let mut listening = JoinSet::new();
        listening.spawn(platform.clone().listen(down.clone()));
        if let Some(Err(error)) = listening.join_next().await {
            tracing::error!(%error, platform = name, "listening broke off; beginning again");
        }
        if let Health::Stopped { cause } = &*platform.health().borrow() {
            tracing::error!(cause, platform = name, "this platform stays silent until somebody acts");
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(BEGIN_AGAIN) => {}
            _ = down.changed() => {}
        }
    }
}

/// Carries the sign that somebody is writing, at most once in a few seconds for each place.
async fn show_writing(
    couriers: HashMap<Channel, Arc<dyn Courier>>,
    mut writing: broadcast::Receiver<Writing>,
    mut down: watch::Receiver<bool>,
) {
    let mut shown: HashMap<Writing, Instant> = HashMap::new();
    let mut carrying = JoinSet::new();
    while !*down.borrow() {
        let heard = tokio::select! {
            heard = writing.recv() => heard,
            _ = down.changed() => return,
        };
        let sign = match heard {
            Ok(sign) => sign,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        shown.retain(|_, at| at.elapsed() < SHOWS_WRITING);
        while carrying.try_join_next().is_some() {}
        let Some(courier) = couriers.get(&sign.channel).cloned() else { continue };
        if !shown.contains_key(&sign) {
            shown.insert(sign.clone(), Instant::now());
            carrying.spawn(async move { courier.typing(&sign.address).await });
        }
    }
}
