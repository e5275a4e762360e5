//! Acts: the only part that changes anything outside. An effect is marked before it is tried and finished in the
//! same transaction as the event that says what came of it.

use crate::crash;
use crate::domain::conversation::State;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::Event;
use crate::domain::ids::Place;
use crate::ledger::{Ledger, PATIENCE};
use crate::ports::storage::{Commit, CommitError, Item, Unavailable};
use crate::ports::{Notice, Notifier, TicketError, Tickets};
use channels::{Channel, Courier, DeliveryError, Outbound};
use chrono::TimeDelta;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

/// Effects at once.
const SIDE_BY_SIDE: usize = 32;
/// The table is looked at this often even when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// How long one try may take.
const TRY_LIMIT: Duration = Duration::from_secs(20);
/// After so many tries (about a day) the effect is given up, and a human sees it.
const MAX_TRIES: i64 = 100;
/// The longest pause between two tries.
const MAX_PAUSE_S: i64 = 15 * 60;

/// The longest wait that another side may ask for.
const MAX_WAIT_S: i64 = 24 * 3600;

/// The world that the outbox acts on.
#[derive(Clone)]
pub struct World {
    /// One for each channel that must be pushed to.
    pub couriers: HashMap<Channel, Arc<dyn Courier>>,
    /// Where tickets are opened.
    pub tickets: Arc<dyn Tickets>,
    /// How teams are told.
    pub notifier: Arc<dyn Notifier>,
}

/// The third engine.
pub struct Dispatcher {
    ledger: Ledger,
    world: World,
}

/// What came of one try.
enum Try {
    Done(Outcome),
    Again { cause: String, after_s: Option<u64> },
}

impl Dispatcher {
    /// An engine.
    #[must_use]
    pub fn new(ledger: Ledger, world: World) -> Arc<Self> {
        Arc::new(Self { ledger, world })
    }

    /// Works until `stop` says so, then finishes what is under way.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut under_way = JoinSet::new();
        let mut recovered = false;
        while !*stop.borrow() {
            if !recovered {
                recovered = self
                    .recover()
                    .await
                    .inspect_err(|error| tracing::warn!(%error, "the outbox could not be recovered yet"))
                    .is_ok();
            }
            let free = places.available_permits() as i64;
            let claimed = if recovered && free > 0 {
                self.ledger.storage.claim(self.ledger.now(), free).await
            } else {
                Ok(Vec::new())
            };
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(%error, "the outbox could not be read; trying again");
                Vec::new()
            });
            for item in claimed {
                let Ok(place) = places.clone().acquire_owned().await else { break };
                let engine = self.clone();
                let span = tracing::info_span!("effect", place = %item.place, kind = item.effect.name());
                under_way.spawn(
                    async move {
                        engine.handle(item).await;
                        drop(place);
                        // The next effect of the conversation may go now.
                        engine.ledger.hub.outbox.notify_one();
                    }
                    .instrument(span),
                );
            }
            while let Some(done) = under_way.try_join_next() {
                if let Err(error) = done {
                    tracing::error!(%error, "an effect's task ended unexpectedly; its row stays as it is until the next start");
                }
            }
            let pause = self.until_next_due().await;
            tokio::select! {
                () = self.ledger.hub.outbox.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn until_next_due(&self) -> Duration {
        let now = self.ledger.now();
        match self.ledger.storage.next_effect_due(now).await {
            Ok(Some(due)) => (due - now).to_std().unwrap_or(POLL).clamp(Duration::from_millis(5), POLL),
            _ => POLL,
        }
    }

    /// What a dead process was sending: repeated where that is harmless, else shown to a human as in doubt.
    async fn recover(&self) -> Result<(), Unavailable> {
        for item in self.ledger.storage.interrupted().await? {
            if self.repeats_safely(&item).await? {
                self.ledger
                    .storage
                    .put_back(item.place, self.ledger.now(), "the process ended while this was sent")
                    .await?;
            } else {
                let cause =
                    "The process ended while this message was being sent. It may or may not have arrived.";
                self.finish(item.place, Outcome::InDoubt { cause: cause.to_owned() }).await?;
            }
        }
        Ok(())
    }

    async fn repeats_safely(&self, item: &Item) -> Result<bool, Unavailable> {
        if !matches!(item.effect, Effect::Send { .. }) {
            // Tickets carry our key; telling a team twice is harmless.
            return Ok(true);
        }
        let talk = self.ledger.conversation(item.place.conversation).await?;
        let courier = talk.and_then(|talk| self.world.couriers.get(&talk.channel));
        Ok(courier.is_some_and(|courier| courier.repeats_safely()))
    }

    async fn handle(&self, item: Item) {
        crash::point("outbox-after-claim");
        let tried = match self.act(&item).await {
            Ok(tried) => tried,
            Err(error) => Try::Again { cause: error.to_string(), after_s: None },
        };
        crash::point("outbox-after-act");
        let kind = item.effect.name();
        match &tried {
            Try::Done(_) => metrics::counter!("deskhand_effects_done_total", "kind" => kind).increment(1),
            Try::Again { cause, .. } => {
                tracing::warn!(cause, attempts = item.attempts + 1, "an effect is tried again later");
                metrics::counter!("deskhand_effects_retried_total", "kind" => kind).increment(1);
            }
        }
        // What was done outside must be known inside: a database that is away is waited for.
        while let Err(error) = self.record(&item, &tried).await {
            tracing::error!(%error, "what came of an effect could not be recorded; trying again");
            tokio::time::sleep(POLL).await;
        }
        crash::point("outbox-after-commit");
    }

    async fn record(&self, item: &Item, tried: &Try) -> Result<(), Unavailable> {
        match tried {
            Try::Done(outcome) => self.finish(item.place, outcome.clone()).await,
            Try::Again { cause, .. } if item.attempts + 1 >= MAX_TRIES => {
                self.finish(item.place, Outcome::Failed { cause: cause.clone() }).await
            }
            Try::Again { cause, after_s } => {
                let due = self.ledger.now() + pause_after(item.attempts, *after_s);
                self.ledger.storage.put_back(item.place, due, cause).await
            }
        }
    }

    async fn act(&self, item: &Item) -> Result<Try, Unavailable> {
        let Some(talk) = self.ledger.conversation(item.place.conversation).await? else {
            return Ok(Try::Done(Outcome::Failed { cause: "the conversation is gone".to_owned() }));
        };
        match &item.effect {
            Effect::Send { by_bot: true, .. } if matches!(talk.state, State::Human { .. }) => {
                Ok(Try::Done(Outcome::Dropped))
            }
            Effect::Send { author, text, choices, citations, .. } => {
                let Some(courier) = self.world.couriers.get(&talk.channel) else {
                    let cause = format!("{} is not connected", talk.channel.name());
                    return Ok(Try::Again { cause, after_s: None });
                };
                let message = Outbound {
                    key: item.place.to_string(),
                    channel: talk.channel,
                    address: talk.address.clone(),
                    author: author.clone(),
                    text: text.clone(),
                    choices: choices.clone(),
                    citations: citations.clone(),
                };
                let delivered = tokio::time::timeout(TRY_LIMIT, courier.deliver(&message)).await;
                Ok(match delivered {
                    Ok(Ok(receipt)) => Try::Done(Outcome::Delivered { external_id: receipt.external_id }),
                    Ok(Err(DeliveryError::Retry { cause, after_s })) => Try::Again { cause, after_s },
                    Ok(Err(DeliveryError::GiveUp { cause })) => Try::Done(Outcome::Failed { cause }),
                    Ok(Err(DeliveryError::InDoubt { cause })) if courier.repeats_safely() => {
                        Try::Again { cause, after_s: None }
                    }
                    Ok(Err(DeliveryError::InDoubt { cause })) => Try::Done(Outcome::InDoubt { cause }),
                    Err(_) if courier.repeats_safely() => no_answer(),
                    Err(_) => Try::Done(Outcome::InDoubt { cause: "no answer in time".to_owned() }),
                })
            }
            Effect::OpenTicket(ticket) => {
                let opening = self.world.tickets.open(item.place, talk.customer, ticket, self.ledger.now());
                Ok(match tokio::time::timeout(TRY_LIMIT, opening).await {
                    Ok(Ok(reference)) => Try::Done(Outcome::TicketOpened(reference)),
                    Ok(Err(TicketError::Retry(cause))) => Try::Again { cause, after_s: None },
                    Ok(Err(TicketError::Refused(cause))) => Try::Done(Outcome::Failed { cause }),
                    Err(_) => no_answer(),
                })
            }
            Effect::Notify { team, text, priority } => {
                let notice = Notice {
                    key: item.place,
                    team: team.clone(),
                    text: text.clone(),
                    priority: *priority,
                    conversation: talk.id,
                    at: self.ledger.now(),
                };
                Ok(match tokio::time::timeout(TRY_LIMIT, self.world.notifier.notify(&notice)).await {
                    Ok(Ok(())) => Try::Done(Outcome::Notified),
                    Ok(Err(error)) => Try::Again { cause: error.to_string(), after_s: None },
                    Err(_) => no_answer(),
                })
            }
        }
    }

    /// Records what came of it and takes the row out, in one transaction.
    async fn finish(&self, place: Place, outcome: Outcome) -> Result<(), Unavailable> {
        for _ in 0..PATIENCE {
            let Some(before) = self.ledger.conversation(place.conversation).await? else { return Ok(()) };
            let event = Event::Finished { effect: place.seq, outcome: outcome.clone() };
            let now = self.ledger.now().max(before.updated_at);
            match self.ledger.commit(Commit::onto(&before, now, vec![event]).finishing(place)).await {
                Ok(_) | Err(CommitError::Already(_)) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(Unavailable("somebody was always faster".to_owned()))
    }
}

fn no_answer() -> Try {
    Try::Again { cause: format!("no answer within {} s", TRY_LIMIT.as_secs()), after_s: None }
}

/// 1, 2, 4 … seconds up to a quarter of an hour; never sooner than the other side asked.
fn pause_after(attempts: i64, after_s: Option<u64>) -> TimeDelta {
    let growing = 1_i64.checked_shl(attempts.clamp(0, 20) as u32).unwrap_or(MAX_PAUSE_S).min(MAX_PAUSE_S);
    let asked = after_s.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX)).min(MAX_WAIT_S);
    TimeDelta::seconds(growing.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_respect_what_was_asked() {
        let seconds = |attempts, asked| pause_after(attempts, asked).num_seconds();
        assert_eq!([seconds(0, None), seconds(1, None), seconds(5, None)], [1, 2, 32]);
        assert_eq!(seconds(60, None), MAX_PAUSE_S);
        assert_eq!(seconds(0, Some(30)), 30);
        assert_eq!(seconds(0, Some(u64::MAX)), MAX_WAIT_S);
    }
}
