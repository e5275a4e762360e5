//! What sets the desk off beside messages: looks at schedules, finds whose matter an event is, and commits what the
//! trigger's file says. An event is recorded before it is acknowledged; its work is done once in each conversation
//! however often it is tried, and by however many processes.

mod finding;
mod forms;
mod polling;

pub use forms::Sent;

use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::event::{Entry, Event};
use crate::domain::ids::ConversationId;
use crate::ledger::{Ledger, PATIENCE};
use crate::library::Library;
use crate::playbook::Playbook;
use crate::playbook::policy::trigger::{On, Schedule};
use crate::playbook::triggers::CheckedTrigger;
use crate::ports::storage::{Commit, CommitError, Firing, Unavailable};
use crate::ports::{Directory, Queries};
use crate::triage::triggered::{Fired, triggered};
use chrono::TimeDelta;
use finding::{Place, Target};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The table is looked at this often even when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// Occurrences in one look.
const AT_ONCE: i64 = 50;
/// A moment that passed longer ago was missed: the desk was down.
const MISSED: TimeDelta = TimeDelta::seconds(90);
/// After so many tries an occurrence is given up, and listed as such.
const MAX_TRIES: i64 = 50;
/// How the outcome of an occurrence begins that came to nothing, for good.
pub const GIVEN_UP: &str = "Given up after";
/// The same, where the trigger's own file is to blame.
pub const FAILED: &str = "A template failed";
/// The same, where a polled row is not as the trigger declares it.
pub const LEFT_OUT: &str = "The row was left out";
/// What is said of rows that the first look of a poll found: they set nothing off.
pub const BEFORE: &str = "It was there when the desk looked for the first time.";
/// The longest pause between two tries.
const MAX_PAUSE_S: i64 = 15 * 60;

/// The engine of triggers.
#[derive(Clone)]
pub struct Triggers {
    ledger: Ledger,
    library: Arc<Library>,
    directory: Arc<dyn Directory>,
    databases: Option<Arc<dyn Queries>>,
}

/// Why nothing was done in a conversation.
enum Undone {
    /// The database did not answer: later.
    Unavailable(Unavailable),
    /// The trigger's own templates fail on this event: never.
    Template(String),
}

impl From<Unavailable> for Undone {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl Triggers {
    /// An engine; without databases, polls come to nothing and say so.
    #[must_use]
    pub fn new(ledger: Ledger, library: Arc<Library>, directory: Arc<dyn Directory>) -> Self {
        Self { ledger, library, directory, databases: None }
    }

    /// Works until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.round().await {
                // There may be more.
                Ok(worked) if worked as i64 >= AT_ONCE => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "triggers could not be looked at; trying again"),
            }
            tokio::select! {
                () = self.ledger.hub.triggers.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// One look: schedules, then what is due. Returns how many occurrences were worked on.
    pub async fn round(&self) -> Result<usize, Unavailable> {
        let book = self.library.current();
        for trigger in book.triggers.values() {
            if let On::Schedule(schedule) = &trigger.on {
                self.look_at(trigger, schedule).await?;
            }
        }
        let due = self.ledger.storage.due_firings(self.ledger.now(), AT_ONCE).await?;
        let worked = due.len();
        for firing in due {
            self.work(&firing, &book).await?;
        }
        Ok(worked)
    }

    /// Fires a schedule whose moment has come. The moment itself is the occurrence's id, so it fires once over all
    /// processes; of several that were missed only the last is made up for, where the file wants that.
    async fn look_at(&self, trigger: &CheckedTrigger, schedule: &Schedule) -> Result<(), Unavailable> {
        let now = self.ledger.now();
        let storage = &self.ledger.storage;
        let Some(since) = storage.schedule(&trigger.id).await? else {
            // Seen for the first time: what was before it concerns nobody.
            storage.advance_schedule(&trigger.id, now, None).await?;
            return Ok(());
        };
        let Some(moment) = trigger.last_moment(since, now) else { return Ok(()) };
        let missed = now - moment > MISSED;
        let fires = (!missed || schedule.catch_up).then_some(moment);
        if missed && fires.is_none() {
            tracing::warn!(trigger = trigger.id, %moment, "a schedule was missed while the desk was down");
        }
        storage.advance_schedule(&trigger.id, now, fires).await?;
        Ok(())
    }

    async fn work(&self, firing: &Firing, book: &Playbook) -> Result<(), Unavailable> {
        let storage = &self.ledger.storage;
        let done = match book.triggers.get(&firing.trigger) {
            None => Ok("The trigger is not there any more.".to_owned()),
            Some(trigger) => self.carry_out(trigger, firing, book).await,
        };
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(Undone::Template(error)) => {
                tracing::error!(trigger = firing.trigger, error, "a trigger could not be carried out");
                format!("{FAILED}: {error}")
            }
            Err(Undone::Unavailable(error)) if firing.attempts + 1 >= MAX_TRIES => {
                tracing::error!(trigger = firing.trigger, %error, "a trigger was given up");
                format!("{GIVEN_UP} {MAX_TRIES} tries: {error}")
            }
            Err(Undone::Unavailable(error)) => {
                tracing::warn!(trigger = firing.trigger, %error, "a trigger is tried again later");
                let due = self.ledger.now() + pause_after(firing.attempts);
                return storage.firing_later(&firing.trigger, &firing.occurrence, due).await;
            }
        };
        metrics::counter!("deskhand_triggers_total", "trigger" => firing.trigger.clone()).increment(1);
        storage.firing_done(&firing.trigger, &firing.occurrence, &outcome).await
    }

    async fn carry_out(
        &self,
        trigger: &CheckedTrigger,
        firing: &Firing,
        book: &Playbook,
    ) -> Result<String, Undone> {
        if !trigger.wants(&firing.event, firing.at).map_err(Undone::Template)? {
            return Ok("Its condition does not hold.".to_owned());
        }
        let targets = self.find(trigger, firing, book).await?;
        let mut reached = 0;
        for target in &targets {
            reached += usize::from(self.reach(target, trigger, firing, book).await?);
        }
        Ok(match (targets.is_empty(), reached) {
            (true, _) => "Nobody was found whose matter it is.".to_owned(),
            (false, 0) => "There is no conversation that it could be said in.".to_owned(),
            (false, 1) => "In 1 conversation.".to_owned(),
            (false, many) => format!("In {many} conversations."),
        })
    }

    /// Commits what follows in one conversation; false where it cannot be reached.
    async fn reach(
        &self,
        target: &Target,
        trigger: &CheckedTrigger,
        firing: &Firing,
        book: &Playbook,
    ) -> Result<bool, Undone> {
        let fired = Fired {
            trigger,
            event: &firing.event,
            occurrence: &firing.occurrence,
            may_speak: target.may_speak,
        };
        let once =
            |whom: &dyn std::fmt::Display| format!("trigger/{}/{}/{whom}", firing.trigger, firing.occurrence);
        match &target.place {
            Place::Talk(id) => self.enrich(*id, fired, &once(id), book).await,
            Place::New(id) => self.open(*id, fired, &once(&"opened"), book).await,
        }
    }

    async fn enrich(
        &self,
        id: ConversationId,
        fired: Fired<'_>,
        once: &str,
        book: &Playbook,
    ) -> Result<bool, Undone> {
        for _ in 0..PATIENCE {
            let Some(talk) = self.ledger.conversation(id).await? else { return Ok(false) };
            let (mut events, version, known) = self.with_switches(&talk).await?;
            let now = self.ledger.now().max(talk.updated_at);
            events.extend(triggered(&known, book, fired, now).map_err(Undone::Template)?);
            let commit = Commit::onto(&talk, now, events).under(version).once(once.to_owned());
            match self.ledger.commit(commit).await {
                Ok(_) | Err(CommitError::Already(_)) => return Ok(true),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(Unavailable("too much happened at once in one conversation".to_owned()).into())
    }

    /// Opens a conversation that follows an old one at its address.
    async fn open(
        &self,
        before: ConversationId,
        fired: Fired<'_>,
        once: &str,
        book: &Playbook,
    ) -> Result<bool, Undone> {
        for _ in 0..PATIENCE {
            let Some(old) = self.ledger.conversation(before).await? else { return Ok(false) };
            let current = self.ledger.storage.current(old.channel, &old.address).await?;
            if let Some(newer) = current.filter(|current| *current != before) {
                return self.enrich(newer, fired, once, book).await;
            }
            let board = self.ledger.storage.switchboard().await?;
            if crate::domain::switch::muted(&board.on(old.channel), old.channel).is_some() {
                // Nobody asked for anything: a bot that is off begins no conversation.
                return Ok(false);
            }
            let now = self.ledger.now();
            let opened = Event::Opened {
                channel: old.channel,
                customer: old.customer,
                address: old.address.clone(),
                locale: old.written_in.clone().or_else(|| old.locale.clone()),
                page: None,
                follows: Some(old.id),
            };
            let id = ConversationId(self.ledger.ids.id());
            let commit = opening(id, opened, fired, board.off, book, now)?.under(board.version);
            match self.ledger.commit(commit.once(once.to_owned())).await {
                Ok(_) | Err(CommitError::Already(_)) => return Ok(true),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(Unavailable("too much happened at once at one address".to_owned()).into())
    }

    /// The state with what is switched off now, the event that says so where it is news, and the version it is of.
    async fn with_switches(
        &self,
        talk: &Conversation,
    ) -> Result<(Vec<Event>, i64, Conversation), Unavailable> {
        let board = self.ledger.storage.switchboard().await?;
        let mut known = talk.clone();
        let news = board.news(talk.channel, &talk.off).map(|off| Event::Switched { off });
        let events: Vec<Event> = news.into_iter().collect();
        for event in &events {
            known.apply(&Entry { seq: known.seq + 1, at: talk.updated_at, event: event.clone() });
        }
        Ok((events, board.version, known))
    }
}

/// A conversation that a trigger begins.
fn opening(
    id: ConversationId,
    opened: Event,
    fired: Fired<'_>,
    off: Vec<crate::domain::switch::SwitchedOff>,
    book: &Playbook,
    now: Time,
) -> Result<Commit, Undone> {
    let first = Entry { seq: 1, at: now, event: opened };
    let broken = |error: crate::domain::conversation::NotOpened| Undone::Template(error.to_string());
    let mut talk = Conversation::open(id, &first).map_err(broken)?;
    let mut events = vec![first.event];
    let board = crate::domain::switch::Switchboard { version: 0, off };
    if let Some(off) = board.news(talk.channel, &[]) {
        let switched = Event::Switched { off };
        talk.apply(&Entry { seq: 2, at: now, event: switched.clone() });
        events.push(switched);
    }
    events.extend(triggered(&talk, book, fired, now).map_err(Undone::Template)?);
    Commit::opening(id, now, events).map_err(broken)
}

/// Whether somebody could still be spoken to there.
fn is_open(talk: &Conversation) -> bool {
    !matches!(talk.state, State::Resolved { .. })
}

/// 2, 4, 8 … seconds up to a quarter of an hour.
fn pause_after(attempts: i64) -> TimeDelta {
    let growing = 2_i64.checked_shl(attempts.clamp(0, 20) as u32).unwrap_or(MAX_PAUSE_S).min(MAX_PAUSE_S);
    TimeDelta::seconds(growing)
}
