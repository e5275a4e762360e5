//! Decides: takes conversations that are due, asks what is missing, and commits what the judgement concludes.
//! Messages of one conversation are handled in order, one at a time; different conversations side by side.
//!
//! There is no lock but the log itself: a turn that was overtaken (by a human, by another message) finds its
//! commit refused and decides anew on what is true now. That is what makes the bot mute at once.

use crate::asking::Asking;
use crate::crash;
use crate::domain::consult::Asked;
use crate::domain::conversation::Conversation;
use crate::domain::event::{Answer, DeskState, Entry, Event, Question};
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::switch::{self, Switchboard};
use crate::ledger::{Ledger, PATIENCE};
use crate::library::Library;
use crate::playbook::Playbook;
use crate::playbook::policy::action::{ActionKind, Requirement};
use crate::ports::storage::{Commit, CommitError, RuleHits, Unavailable};
use crate::ports::{Actions, Directory, DirectoryError};
use crate::triage::{self, Step};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// Turns at once.
const SIDE_BY_SIDE: usize = 64;
/// How long a question may take before the turn goes on without its answer.
const ASK_LIMIT: Duration = Duration::from_secs(3);
/// Answers that come sooner need no sign that somebody is writing.
const SHOWS_TYPING: Duration = Duration::from_millis(300);
/// More steps than any turn needs: beyond, something goes round in circles.
const MAX_STEPS: usize = 200;
/// The log is looked at this often even when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// How often it is written how often rules fired.
const COUNT_EVERY: Duration = Duration::from_secs(30);
/// How long a conversation whose turn failed is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The second engine.
pub struct Turns {
    ledger: Ledger,
    library: Arc<Library>,
    directory: Arc<dyn Directory>,
    actions: Arc<dyn Actions>,
    asking: Arc<Asking>,
    /// Conversations that are being handled, or left alone for a while.
    busy: Mutex<HashMap<ConversationId, Option<Instant>>>,
    /// Rules that fired and are not counted in the database yet.
    fired: Mutex<BTreeMap<String, i64>>,
}

/// A turn that came to nothing.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("the turn goes round in circles")]
    Circles,
    #[error("the conversation is due, but there is nothing to do")]
    Idle,
    #[error("somebody was always faster")]
    Overtaken,
}

impl Turns {
    /// An engine.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        library: Arc<Library>,
        directory: Arc<dyn Directory>,
        actions: Arc<dyn Actions>,
        asking: Arc<Asking>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            library,
            directory,
            actions,
            asking,
            busy: Mutex::default(),
            fired: Mutex::default(),
        })
    }

    /// Turns under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.values().filter(|left_alone| left_alone.is_none()).count()
    }

    /// Works until `stop` says so, then finishes what is under way.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut under_way = JoinSet::new();
        let mut counted = Instant::now();
        while !*stop.borrow() {
            if counted.elapsed() >= COUNT_EVERY {
                self.count_rules().await;
                counted = Instant::now();
            }
            let due = match self.ledger.storage.due(self.ledger.now(), 4 * SIDE_BY_SIDE as i64).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(%error, "due conversations could not be read; trying again");
                    Vec::new()
                }
            };
            for id in due {
                if !self.take(id) {
                    continue;
                }
                let Ok(place) = places.clone().acquire_owned().await else { break };
                let engine = self.clone();
                under_way.spawn(async move {
                    let span = tracing::info_span!("turn", conversation = %id);
                    // In a task of its own: a panic must not take the engine with it.
                    let worker = engine.clone();
                    let done = tokio::spawn(async move { worker.turn(id).await }.instrument(span)).await;
                    engine.give_back(id, done);
                    drop(place);
                });
            }
            while under_way.try_join_next().is_some() {}
            let pause = self.until_next_due().await;
            tokio::select! {
                () = self.ledger.hub.turns.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
        self.count_rules().await;
    }

    /// Writes how often rules fired since the last time: together, because a row that every turn writes would make them
    /// wait for each other.
    pub async fn count_rules(&self) {
        let fired = std::mem::take(&mut *self.fired.lock().unwrap_or_else(PoisonError::into_inner));
        if fired.is_empty() {
            return;
        }
        let last_at = self.ledger.now();
        let hits: Vec<RuleHits> =
            fired.into_iter().map(|(rule, hits)| RuleHits { rule, hits, last_at }).collect();
        if let Err(error) = self.ledger.storage.count_rules(&hits).await {
            tracing::warn!(%error, "it could not be counted how often rules fired");
            let mut fired = self.fired.lock().unwrap_or_else(PoisonError::into_inner);
            for one in hits {
                *fired.entry(one.rule).or_default() += one.hits;
            }
        }
    }

    async fn until_next_due(&self) -> Duration {
        let now = self.ledger.now();
        match self.ledger.storage.next_due(now).await {
            Ok(Some(due)) => (due - now).to_std().unwrap_or(POLL).clamp(Duration::from_millis(5), POLL),
            _ => POLL,
        }
    }

    fn take(&self, id: ConversationId) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        match busy.get(&id) {
            None => {}
            Some(Some(until)) if *until <= Instant::now() => {}
            Some(_) => return false,
        }
        busy.insert(id, None);
        true
    }

    fn give_back(&self, id: ConversationId, done: Result<Result<(), TurnError>, tokio::task::JoinError>) {
        let failed = match done {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the turn panicked".to_owned()),
        };
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            None => drop(busy.remove(&id)),
            Some(error) => {
                tracing::error!(conversation = %id, error, "a turn failed; it is tried again, and the watchdog looks on");
                metrics::counter!("deskhand_turns_failed_total").increment(1);
                busy.insert(id, Some(Instant::now() + AFTER_FAILURE));
            }
        }
        drop(busy);
        // Messages may have come while it was busy.
        self.ledger.hub.turns.notify_one();
    }

    /// One turn: everything that can be concluded now, in one commit.
    async fn turn(&self, id: ConversationId) -> Result<(), TurnError> {
        for _ in 0..PATIENCE {
            let Some(before) = self.ledger.conversation(id).await? else { return Ok(()) };
            // What is switched off is read anew for every try, and the commit stands under what was read.
            let board = self.ledger.storage.switchboard().await?;
            let book = self.library.current();
            let events = self.conclude(&before, &book, &board).await?;
            let now = self.ledger.now().max(before.updated_at);
            if events.is_empty() {
                let idle = before.due().is_some_and(|due| due <= now);
                return if idle { Err(TurnError::Idle) } else { Ok(()) };
            }
            crash::point("turn-before-commit");
            let (decided, asked) = (decided(&events), asked(before.seq, &events));
            let fired: Vec<String> = rules(&events);
            match self.ledger.commit(Commit::onto(&before, now, events).under(board.version)).await {
                Ok(after) => {
                    crash::point("turn-after-commit");
                    let mut counts = self.fired.lock().unwrap_or_else(PoisonError::into_inner);
                    fired.into_iter().for_each(|rule| *counts.entry(rule).or_default() += 1);
                    drop(counts);
                    if !asked.is_empty() {
                        self.ledger.hub.shows_writing(&after, true);
                        self.asking.call(&after, &book, asked);
                    }
                    for (route, latency_ms) in decided {
                        metrics::counter!("deskhand_decisions_total", "route" => route).increment(1);
                        metrics::histogram!("deskhand_decision_seconds").record(latency_ms as f64 / 1000.0);
                    }
                    return Ok(());
                }
                Err(CommitError::Conflict | CommitError::Already(_)) => {}
                Err(CommitError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(TurnError::Overtaken)
    }

    async fn conclude(
        &self,
        before: &Conversation,
        book: &Playbook,
        board: &Switchboard,
    ) -> Result<Vec<Event>, TurnError> {
        let now = self.ledger.now().max(before.updated_at);
        let mut talk = before.clone();
        let mut events =
            board.news(talk.channel, &talk.off).map(|off| vec![Event::Switched { off }]).unwrap_or_default();
        let known = events.len();
        for event in &events {
            talk.apply(&Entry { seq: talk.seq + 1, at: now, event: event.clone() });
        }
        for _ in 0..MAX_STEPS {
            let more = match triage::next(&talk, book, now) {
                // News of the switches alone is no reason to write.
                Step::Wait(_) if events.len() == known => return Ok(Vec::new()),
                Step::Wait(_) => return Ok(events),
                Step::Conclude(more) => more,
                Step::Ask(questions) => {
                    let asking = questions.into_iter().map(|question| self.ask(&talk, book, question));
                    let asking = futures::future::try_join_all(asking);
                    tokio::pin!(asking);
                    let answers = tokio::select! {
                        answers = &mut asking => answers?,
                        () = tokio::time::sleep(SHOWS_TYPING) => {
                            // Nobody writes where the bot is off.
                            if switch::muted(&talk.off, talk.channel).is_none() {
                                self.ledger.hub.shows_writing(&talk, true);
                            }
                            asking.await?
                        }
                    };
                    answers.into_iter().map(|answer| Event::Answered { answer: Box::new(answer) }).collect()
                }
            };
            for event in more {
                talk.apply(&Entry { seq: talk.seq + 1, at: now, event: event.clone() });
                events.push(event);
            }
        }
        Err(TurnError::Circles)
    }

    /// Asks; a directory that does not answer in time is an answer too.
    async fn ask(
        &self,
        talk: &Conversation,
        book: &Playbook,
        question: Question,
    ) -> Result<Answer, Unavailable> {
        let storage = &self.ledger.storage;
        let answered = match &question {
            Question::Context { message } => {
                let customer = storage.customer(talk.customer).await?;
                let customer =
                    customer.ok_or_else(|| Unavailable("the customer's record is missing".to_owned()))?;
                // Only a verified identity opens an account's facts to the rules.
                let account = match (&customer.external, &customer.email) {
                    (Some(external), _) if customer.verified => in_time(self.directory.by_id(external)).await,
                    (None, Some(email)) if customer.verified => in_time(self.directory.by_email(email)).await,
                    _ => Ok(None),
                };
                let desk = DeskState {
                    queue_length: storage.counts(UserId(uuid::Uuid::nil())).await?.queue,
                    agents_online: self.ledger.hub.agents_online(),
                };
                let demotions = storage.demotions().await?;
                account.map_err(|error| error.to_string()).map(|account| Answer::Context {
                    message: *message,
                    customer,
                    account,
                    desk,
                    demotions,
                    model: self.asking.standing(),
                })
            }
            Question::Call { action, input, step } => self
                .call(talk, book, action, input, step)
                .await?
                .map(|output| Answer::Called { step: step.clone(), output }),
            Question::Account { email, step } => in_time(self.directory.by_email(email))
                .await
                .map_err(|error| error.to_string())
                .map(|account| Answer::Account { step: step.clone(), account }),
        };
        Ok(answered.unwrap_or_else(|cause| {
            tracing::warn!(cause, "going on without an answer");
            Answer::Unavailable { question, cause }
        }))
    }

    /// Asks another system. Only what reads is asked here, and only for whom it may be asked.
    async fn call(
        &self,
        talk: &Conversation,
        book: &Playbook,
        action: &str,
        input: &Value,
        step: &str,
    ) -> Result<Result<Value, String>, Unavailable> {
        let Some(action) = book.actions.get(action).filter(|action| action.kind == ActionKind::Read) else {
            return Ok(Err(format!("there is no action {action} that reads")));
        };
        if action.requires == Some(Requirement::Verified) {
            let customer = self.ledger.storage.customer(talk.customer).await?;
            if !customer.is_some_and(|customer| customer.verified) {
                return Ok(Err(format!("{} is only for customers whose identity was verified", action.name)));
            }
        }
        let key = format!("{}/{step}", talk.id);
        let asked = tokio::time::timeout(action.timeout, self.actions.run(&key, action, input)).await;
        Ok(match asked {
            Ok(Ok(output)) => {
                action.gives(output).map_err(|why| format!("the answer is not as the action promises: {why}"))
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", action.timeout.as_secs_f32())),
        })
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, DirectoryError>>) -> Result<T, DirectoryError> {
    match tokio::time::timeout(ASK_LIMIT, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(DirectoryError(format!("no answer within {} s", ASK_LIMIT.as_secs()))),
    }
}

fn decided(events: &[Event]) -> Vec<(&'static str, i64)> {
    let decided = events.iter().filter_map(|event| match event {
        Event::Decided { decision } => Some((decision.route.name(), decision.latency_ms)),
        _ => None,
    });
    decided.collect()
}

fn rules(events: &[Event]) -> Vec<String> {
    let decisions = events.iter().filter_map(|event| match event {
        Event::Decided { decision } => Some(&decision.rules),
        _ => None,
    });
    decisions.flatten().cloned().collect()
}

/// What the language model is to be asked once these events are on the log after `seq`.
fn asked(seq: i64, events: &[Event]) -> Vec<Asked> {
    let asked = (seq + 1..).zip(events).filter_map(|(seq, event)| match event {
        Event::ModelAsked { question } => Some(Asked { seq, question: (**question).clone(), came: None }),
        _ => None,
    });
    asked.collect()
}
