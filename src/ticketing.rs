//! Tickets after they were opened: what is done to them here goes to the other system, what is done to them there comes
//! here, by its signed events or, where it sends none, by asking it from time to time.

use crate::domain::effect::Effect;
use crate::domain::ticket::{COMMENTED, Priority, TicketStatus};
use crate::hand::{Hand, HandError};
use crate::ledger::Ledger;
use crate::ports::storage::{TicketChange, TicketEntry, TicketRecord, Unavailable};
use crate::ports::{CallError, Remark, Tracker, Unheard};
use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether a ticket is due to be asked about.
const ROUND: Duration = Duration::from_secs(10);
/// Tickets asked about in one round: a system is not flooded after a night.
const AT_ONCE: i64 = 20;
/// A system that sends events is asked so much less often.
const SELDOM: i32 = 12;
/// The longest comment of the other system that is taken over, in characters.
const LONGEST: usize = 4000;
/// How long one question may take.
const ASK_LIMIT: Duration = Duration::from_secs(20);

/// The engine.
#[derive(Clone)]
pub struct Ticketing {
    ledger: Ledger,
    hand: Hand,
    tracker: Option<Arc<dyn Tracker>>,
    every: TimeDelta,
}

/// Why an event of the other system was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is none, or not for us.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// The database did not do it: the other side must send it again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Ticketing {
    /// An engine; tickets of a system that sends no events are asked about every `every`.
    #[must_use]
    pub fn new(ledger: Ledger, hand: Hand, tracker: Option<Arc<dyn Tracker>>, every: TimeDelta) -> Self {
        Self { ledger, hand, tracker, every }
    }

    /// The same, asking so often.
    #[must_use]
    pub fn every(mut self, every: TimeDelta) -> Self {
        self.every = every;
        self
    }

    /// Changes a ticket on somebody's behalf: its conversations hear of a new status, and so does the other system.
    /// `None` if there is no such ticket.
    pub async fn change(
        &self,
        number: i64,
        change: &TicketChange,
    ) -> Result<Option<TicketRecord>, Unavailable> {
        let Some(before) = self.ledger.storage.ticket(number).await? else { return Ok(None) };
        let Some(after) = self.apply(&before, change).await? else { return Ok(None) };
        let mut told = Vec::new();
        if after.status != before.status {
            told.push(format!("{} set the status to {}.", change.by, after.status.name()));
        }
        if after.ticket.priority != before.ticket.priority {
            told.push(format!("{} set the priority to {}.", change.by, after.ticket.priority.name()));
        }
        if !told.is_empty() {
            let status = (after.status != before.status).then_some(after.status);
            let priority = (after.ticket.priority != before.ticket.priority).then_some(after.ticket.priority);
            let told = Told { text: told.join(" "), status, priority };
            self.pass_on(&after, told, &version(&before)).await?;
        }
        Ok(Some(after))
    }

    /// Somebody comments on a ticket, here and there. The same `id` again changes nothing. False if there is no such
    /// ticket.
    pub async fn comment(&self, number: i64, by: &str, id: &str, text: &str) -> Result<bool, Unavailable> {
        let Some(record) = self.ledger.storage.ticket(number).await? else { return Ok(false) };
        let entry = TicketEntry { at: self.ledger.now(), who: by.to_owned(), what: text.to_owned() };
        if self.tracker.is_some() {
            let told = Told { text: format!("{by}: {text}"), status: None, priority: None };
            self.pass_on(&record, told, &format!("comment/{id}")).await?;
        }
        self.ledger.storage.note_ticket(number, &entry, id).await?;
        Ok(true)
    }

    /// Takes a request of the other system. Returns how many of our tickets it moved.
    pub async fn hear(
        &self,
        system: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Result<usize, EventError> {
        let tracker = self.tracker.as_ref().filter(|tracker| tracker.system() == system);
        let none = || Unheard::NotOffered(format!("no ticket system \"{system}\" is set up here"));
        let tracker = tracker.ok_or_else(none)?;
        let mut moved = 0;
        for heard in tracker.hear(headers, body, self.ledger.now())? {
            // A ticket that we did not open is none of our business.
            if let Some(record) = self.ledger.storage.ticket_outside(system, &heard.id).await? {
                if let Some(status) = heard.status {
                    moved += usize::from(self.moved(&record, status, system).await?);
                }
                if let Some(remark) = &heard.remark {
                    self.remarked(&record, remark, system).await?;
                }
            }
        }
        Ok(moved)
    }

    /// Asks about tickets until `stop` says so.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let Some(tracker) = self.tracker.clone() else { return };
        if tracker.tells() {
            // Events get lost, too.
            self.every = self.every * SELDOM;
        }
        while !*stop.borrow() {
            if let Err(error) = self.ask(tracker.as_ref()).await {
                tracing::warn!(%error, "tickets could not be asked about; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Asks about the tickets that are due; of several processes one asks about each.
    pub async fn ask(&self, tracker: &dyn Tracker) -> Result<usize, Unavailable> {
        let (now, system) = (self.ledger.now(), tracker.system());
        let due = self.ledger.storage.tickets_to_ask(system, now - self.every, now, AT_ONCE).await?;
        let mut moved = 0;
        for record in due {
            let Some(outside) = &record.outside else { continue };
            let asked = tokio::time::timeout(ASK_LIMIT, tracker.status(&outside.id)).await;
            match asked {
                Ok(Ok(status)) => moved += usize::from(self.moved(&record, status, system).await?),
                Ok(Err(CallError::Later { cause, .. })) => {
                    tracing::info!(cause, system, "the ticket system asks for patience");
                    break;
                }
                Ok(Err(error)) => tracing::info!(%error, system, "a ticket could not be asked about"),
                Err(_) => break,
            }
            let listed = tokio::time::timeout(ASK_LIMIT, tracker.remarks(&outside.id, record.created_at));
            match listed.await {
                Ok(Ok(remarks)) => {
                    for remark in remarks {
                        self.remarked(&record, &remark, system).await?;
                    }
                }
                Ok(Err(error)) => tracing::info!(%error, system, "a ticket's comments could not be read"),
                Err(_) => break,
            }
        }
        Ok(moved)
    }

    /// Somebody wrote below the ticket there: it stands in its history here, and whoever has a conversation about it
    /// sees it, once.
    async fn remarked(
        &self,
        record: &TicketRecord,
        remark: &Remark,
        system: &str,
    ) -> Result<(), Unavailable> {
        let (number, once) = (record.number, format!("theirs/{system}/{}", remark.id));
        if self.ledger.storage.is_noted(number, &once).await? {
            return Ok(());
        }
        let line = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let (author, text) = (line(&remark.author, 100), line(&remark.text, LONGEST));
        let reference = record.reference();
        let data = json!({
            "number": reference.shown(), "title": reference.title, "by": author, "text": text, "public": remark.public,
        });
        // The conversations first: should we end in between, the same comment is heard of again and is known there.
        self.hand.occurred(&once, COMMENTED, &reference.number, &data).await?;
        let entry = TicketEntry { at: self.ledger.now(), who: format!("{author} ({system})"), what: text };
        self.ledger.storage.note_ticket(number, &entry, &once).await
    }

    /// It stands there now. Where that is news, it stands so here, too, and whoever it stands for hears of it, once. What
    /// has not changed there changes nothing here: an agent's own word is not taken back.
    async fn moved(
        &self,
        record: &TicketRecord,
        status: TicketStatus,
        system: &str,
    ) -> Result<bool, Unavailable> {
        if status == record.there.unwrap_or(TicketStatus::Open) {
            return Ok(false);
        }
        let news = record.status != status;
        let change = TicketChange {
            status: news.then_some(status),
            there: Some(status),
            by: system.to_owned(),
            ..TicketChange::default()
        };
        Ok(self.apply(record, &change).await?.is_some() && news)
    }

    /// The conversations hear of it first: should we end in between, the same change is heard of again and is known.
    async fn apply(
        &self,
        before: &TicketRecord,
        change: &TicketChange,
    ) -> Result<Option<TicketRecord>, Unavailable> {
        if let Some(status) = change.status.filter(|status| *status != before.status) {
            let reference = before.reference();
            let data = json!({"number": reference.shown(), "title": reference.title, "by": change.by});
            let name = format!("ticket.{}", status.name());
            self.hand.occurred(&version(before), &name, &reference.number, &data).await?;
        }
        self.ledger.storage.change_ticket(before.number, change, self.ledger.now()).await
    }

    /// Asks the outbox to add a comment over there, where the ticket stands there or is on its way.
    async fn pass_on(&self, record: &TicketRecord, told: Told, version: &str) -> Result<(), Unavailable> {
        let reference = record.reference();
        if self.tracker.is_none() {
            return Ok(());
        }
        let Told { text, status, priority } = told;
        let effect = Effect::Comment { ticket: reference.number.clone(), text, status, priority };
        let storage = &self.ledger.storage;
        if record.outside.is_none() && !storage.is_waiting(record.conversation, &effect.lane()).await? {
            return Ok(());
        }
        let once = format!("ticket-told/{}/{version}", reference.number);
        match self.hand.ask(record.conversation, &effect, &once).await {
            Ok(()) | Err(HandError::NotFound | HandError::Refused(_)) => Ok(()),
            Err(HandError::Unavailable(error)) => Err(error),
        }
    }
}

/// What the other system is told.
struct Told {
    text: String,
    status: Option<TicketStatus>,
    priority: Option<Priority>,
}

/// The state that a change was made on: the same change of the same state is one.
fn version(record: &TicketRecord) -> String {
    record.updated_at.timestamp_micros().to_string()
}
