//! Acts: the only part that changes anything outside. An effect is marked before it is tried and finished in the
//! same transaction as the event that says what came of it.

mod acting;
mod coding;
mod mirroring;
mod schedule;
mod switches;
mod telling;

use acting::LOST;
use schedule::{is_kept, pause};

use crate::crash;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::Event;
use crate::domain::ids::Place;
use crate::domain::switch::{Switchboard, SwitchedOff};
use crate::ledger::{Ledger, PATIENCE};
use crate::library::Library;
use crate::ports::storage::{Commit, CommitError, Count, Item, Unavailable};
use crate::ports::{Actions, Directory, Mailer, Notifier, Tickets, Tracker};
use crate::triage::rescue;
use crate::verification::Codes;
use channels::{Channel, Courier, DeliveryError, Outbound};
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
/// A code that has not gone out after so many tries (about two minutes) is of no use any more.
const CODE_TRIES: i64 = 7;
/// So often the desk says again what may have arrived; after that only a person knows better.
const MAX_DOUBTS: i64 = 8;
/// The world that the outbox acts on.
#[derive(Clone)]
pub struct World {
    /// One for each channel that must be pushed to.
    pub couriers: HashMap<Channel, Arc<dyn Courier>>,
    /// Where tickets are opened.
    pub tickets: Arc<dyn Tickets>,
    /// Where they are opened, too: a system of somebody else's.
    pub tracker: Option<Arc<dyn Tracker>>,
    /// How teams are told.
    pub notifier: Arc<dyn Notifier>,
    /// Other systems, by the actions of the policies.
    pub actions: Arc<dyn Actions>,
    /// Who sends letters; nobody where no mail server is set.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Who the accounts belong to.
    pub directory: Arc<dyn Directory>,
}

/// The third engine.
pub struct Dispatcher {
    ledger: Ledger,
    library: Arc<Library>,
    world: World,
    codes: Codes,
}

/// What came of one try.
enum Try {
    /// It is over, with this outcome and what else it teaches of the conversation.
    Done(Outcome, Vec<Event>),
    /// No repetition helps until a human changes something.
    Dead(String),
    /// Later, counting so.
    Again { cause: String, count: Count, after: Option<Duration> },
    /// At once, at the conversation's new address.
    Moved(String),
    /// Never: the bot was switched off before it was said.
    Silenced(Box<(SwitchedOff, Switchboard)>),
}

impl Dispatcher {
    /// An engine.
    #[must_use]
    pub fn new(ledger: Ledger, library: Arc<Library>, world: World) -> Arc<Self> {
        Arc::new(Self { codes: Codes::new(ledger.clone()), ledger, library, world })
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

    /// What a dead process was sending: nobody can know whether it had arrived.
    async fn recover(&self) -> Result<(), Unavailable> {
        for item in self.ledger.storage.interrupted().await? {
            let cause = "The process ended while this was being sent.";
            if self.repeats_safely(&item).await? {
                // A ticket carries our key: it is looked for before it is opened again.
                let count = match item.effect {
                    Effect::OpenTicket(_)
                    | Effect::Mirror(_)
                    | Effect::Comment { .. }
                    | Effect::Attach { .. } => Count::InDoubt,
                    _ => Count::Tried,
                };
                self.ledger.storage.put_back(item.place, self.ledger.now(), cause, count).await?;
            } else {
                self.record(&item, &doubtful(&item, cause.to_owned())).await?;
            }
        }
        Ok(())
    }

    async fn repeats_safely(&self, item: &Item) -> Result<bool, Unavailable> {
        match &item.effect {
            Effect::Send { .. } => {}
            // Tickets carry our key; telling a team twice is harmless.
            // Another code takes the place of the one that may have gone out.
            Effect::OpenTicket(_)
            | Effect::Mirror(_)
            | Effect::Comment { .. }
            | Effect::Attach { .. }
            | Effect::Notify { .. }
            | Effect::Tell { .. }
            | Effect::SendCode { .. } => return Ok(true),
            Effect::Act { action, .. } => {
                let book = self.library.current();
                return Ok(book.actions.get(action).is_some_and(|action| action.repeats_safely()));
            }
        }
        let talk = self.ledger.conversation(item.place.conversation).await?;
        let courier = talk.and_then(|talk| self.world.couriers.get(&talk.channel));
        Ok(courier.is_some_and(|courier| courier.repeats_safely()))
    }

    async fn handle(&self, item: Item) {
        crash::point("outbox-after-claim");
        let tried = match self.act(&item).await {
            Ok(tried) => tried,
            Err(error) => again(error.to_string()),
        };
        crash::point("outbox-after-act");
        let kind = item.effect.name();
        match &tried {
            Try::Done(..) | Try::Silenced(_) => {
                metrics::counter!("deskhand_effects_done_total", "kind" => kind).increment(1)
            }
            Try::Again { count: Count::Waited, .. } | Try::Moved(_) | Try::Dead(_) => {}
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
        let place = item.place;
        match tried {
            Try::Done(outcome, more) => self.finish(item, outcome.clone(), more.clone()).await,
            Try::Dead(cause) => self.bury(item, Outcome::Failed { cause: cause.clone() }, cause).await,
            Try::Again { cause, count: Count::Tried | Count::InDoubt, .. }
                if item.attempts + 1 >= self.most_tries(item) =>
            {
                self.give_up(item, tried, cause).await
            }
            Try::Again { cause, count, after } => {
                let until = self.ledger.now() + pause(item, *count, *after);
                if schedule::is_late(item, *count) {
                    let late = Event::Delayed { effect: place.seq, cause: cause.clone(), until };
                    self.commit(place, Ending::Open, |_, _| vec![late.clone()]).await?;
                }
                self.ledger.storage.put_back(place, until, cause, *count).await
            }
            Try::Silenced(by) => self.silence(item, &by.0, &by.1).await,
            Try::Moved(address) => {
                self.commit(place, Ending::Open, |_, _| vec![Event::Moved { address: address.clone() }])
                    .await?;
                let cause = "the address has another name now";
                self.ledger.storage.put_back(place, self.ledger.now(), cause, Count::Tried).await
            }
        }
    }

    async fn act(&self, item: &Item) -> Result<Try, Unavailable> {
        let Some(talk) = self.ledger.conversation(item.place.conversation).await? else {
            return Ok(done(Outcome::Failed { cause: "the conversation is gone".to_owned() }));
        };
        if let Some(tried) = self.forbidden(item, &talk).await? {
            return Ok(tried);
        }
        match &item.effect {
            Effect::Send { .. } => self.send(item, &talk).await,
            Effect::Act { .. } => self.have_done(item, &talk).await,
            Effect::OpenTicket(ticket) => self.open_ticket(item, &talk, ticket).await,
            Effect::SendCode { claim } => self.send_code(item, &talk, claim).await,
            Effect::Mirror(mirror) => self.mirror(item, mirror).await,
            Effect::Comment { ticket, text, status, priority } => {
                self.comment(item, ticket, text, *status, *priority).await
            }
            Effect::Attach { ticket, file } => self.attach(item, ticket, file).await,
            Effect::Notify { team, text, priority } => {
                Ok(self.notify(item, &talk, team, text, *priority).await)
            }
            Effect::Tell { channel, team, text, priority } => {
                let notice = self.notice(item, &talk, team, text, *priority);
                Ok(self.tell(channel, &notice).await)
            }
        }
    }

    fn most_tries(&self, item: &Item) -> i64 {
        match &item.effect {
            Effect::Act { action, .. } => {
                let book = self.library.current();
                book.actions.get(action).map_or(1, |action| i64::from(action.tries))
            }
            Effect::SendCode { .. } => CODE_TRIES,
            other => schedule::most_tries(other),
        }
    }

    /// So many tries came to nothing: a human goes on.
    async fn give_up(&self, item: &Item, tried: &Try, cause: &str) -> Result<(), Unavailable> {
        let in_doubt = item.doubts > 0 || matches!(tried, Try::Again { count: Count::InDoubt, .. });
        let outcome = match &item.effect {
            Effect::Act { .. } if in_doubt => Outcome::InDoubt { cause: format!("{cause} {LOST}") },
            _ => Outcome::Failed { cause: cause.to_owned() },
        };
        if let Effect::OpenTicket(ticket) = &item.effect
            && let Some(key) = &ticket.incident
        {
            self.ledger.storage.incident_given_up(key, item.place).await?;
        }
        if is_kept(&item.effect) {
            return self.bury(item, outcome, cause).await;
        }
        self.finish(item, outcome, Vec::new()).await
    }

    /// Records that it was not done; the row stays as a dead letter.
    async fn bury(&self, item: &Item, outcome: Outcome, cause: &str) -> Result<(), Unavailable> {
        let event = Event::Finished { effect: item.place.seq, outcome };
        self.commit(item.place, Ending::Buried(cause), |_, _| vec![event.clone()]).await?;
        tracing::error!(cause, place = %item.place, "an effect is given up and kept as a dead letter");
        metrics::counter!("deskhand_effects_dead_total", "kind" => item.effect.name()).increment(1);
        Ok(())
    }

    /// Sends the parts of a message that have not gone out yet.
    async fn send(&self, item: &Item, talk: &Conversation) -> Result<Try, Unavailable> {
        let Effect::Send { author, text, choices, citations, by_bot, by_agent } = &item.effect else {
            return Ok(done(Outcome::Dropped));
        };
        if *by_bot && matches!(talk.state, State::Human { .. }) {
            return Ok(done(Outcome::Dropped));
        }
        let Some(courier) = self.world.couriers.get(&talk.channel) else {
            return Ok(again(format!("{} is not connected", talk.channel.name())));
        };
        let message = Outbound {
            key: item.place.to_string(),
            channel: talk.channel,
            address: talk.address.clone(),
            // The platform shows itself that a bot speaks; only a person needs a name.
            author: if *by_agent { author.clone() } else { String::new() },
            text: text.clone(),
            choices: choices.clone(),
            citations: citations.clone(),
            answers: talk.heard.clone(),
        };
        for part in usize::try_from(item.progress).unwrap_or(0).. {
            let delivered = tokio::time::timeout(TRY_LIMIT, courier.deliver(&message, part)).await;
            let cause = match delivered {
                Ok(Ok(receipt)) if receipt.more => {
                    self.ledger.storage.progressed(item.place, part as i64 + 1).await?;
                    continue;
                }
                Ok(Ok(receipt)) => {
                    let (external_id, perhaps_twice) = (receipt.external_id, item.doubts > 0);
                    return Ok(done(Outcome::Delivered { external_id, perhaps_twice }));
                }
                Ok(Err(DeliveryError::Later { cause, after })) => {
                    return Ok(Try::Again { cause, count: Count::Waited, after: Some(after) });
                }
                Ok(Err(DeliveryError::Retry { cause })) => return Ok(again(cause)),
                Ok(Err(DeliveryError::Moved { to })) => return Ok(Try::Moved(to)),
                Ok(Err(DeliveryError::Unreachable { cause })) => {
                    let fact =
                        talk.unreachable.is_none().then(|| Event::Unreachable { cause: cause.clone() });
                    return Ok(Try::Done(Outcome::Failed { cause }, fact.into_iter().collect()));
                }
                Ok(Err(DeliveryError::GiveUp { cause })) => return Ok(done(Outcome::Failed { cause })),
                Ok(Err(DeliveryError::InDoubt { cause })) => cause,
                Err(_) => "no answer in time".to_owned(),
            };
            return Ok(if courier.repeats_safely() { again(cause) } else { doubtful(item, cause) });
        }
        Ok(done(Outcome::Dropped))
    }

    /// Records what came of it and takes the row out, in one transaction.
    async fn finish(&self, item: &Item, outcome: Outcome, more: Vec<Event>) -> Result<(), Unavailable> {
        let place = item.place;
        let unsaid = match (&item.effect, &outcome) {
            // Where nobody can be reached, nobody can answer either.
            _ if more.iter().any(|event| matches!(event, Event::Unreachable { .. })) => None,
            (Effect::Send { by_bot: true, .. }, Outcome::Failed { cause } | Outcome::InDoubt { cause }) => {
                Some(cause.clone())
            }
            _ => None,
        };
        self.commit(place, Ending::Finished, |talk, now| {
            let mut events = vec![Event::Finished { effect: place.seq, outcome: outcome.clone() }];
            events.extend(more.clone());
            if let (Some(cause), State::Bot, None) = (&unsaid, &talk.state, &talk.unreachable) {
                events.extend(rescue::unsaid(talk, &self.library.current(), now, cause));
            }
            events
        })
        .await
    }

    async fn commit(
        &self,
        place: Place,
        ending: Ending<'_>,
        events: impl Fn(&Conversation, Time) -> Vec<Event>,
    ) -> Result<(), Unavailable> {
        for _ in 0..PATIENCE {
            let Some(before) = self.ledger.conversation(place.conversation).await? else { return Ok(()) };
            let now = self.ledger.now().max(before.updated_at);
            let mut commit = Commit::onto(&before, now, events(&before, now));
            match ending {
                Ending::Open => {}
                Ending::Finished => commit.finishes = Some(place),
                Ending::Buried(cause) => commit.buries = Some((place, cause.to_owned())),
            }
            match self.ledger.commit(commit).await {
                Ok(_) | Err(CommitError::Already(_)) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(Unavailable("somebody was always faster".to_owned()))
    }
}

/// What becomes of the row.
#[derive(Clone, Copy)]
enum Ending<'a> {
    /// It stays as it is.
    Open,
    /// It goes.
    Finished,
    /// It stays as a dead letter, for this cause.
    Buried(&'a str),
}

fn done(outcome: Outcome) -> Try {
    Try::Done(outcome, Vec::new())
}

fn again(cause: String) -> Try {
    Try::Again { cause, count: Count::Tried, after: None }
}

/// Nobody can know whether it arrived, and the platform takes no key. What the desk says is said again: the same
/// sentence twice is better than silence. What a person wrote is shown to them as in doubt instead.
fn doubtful(item: &Item, cause: String) -> Try {
    match item.effect {
        Effect::Send { by_agent: false, .. } if item.doubts < MAX_DOUBTS => {
            Try::Again { cause, count: Count::InDoubt, after: None }
        }
        _ => done(Outcome::InDoubt { cause: format!("{cause} It may or may not have arrived.") }),
    }
}

fn no_answer() -> Try {
    again(format!("no answer within {} s", TRY_LIMIT.as_secs()))
}
