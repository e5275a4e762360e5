//! Does what agents command, and what customers do beside writing: decides on the newest state, commits, and
//! decides anew where somebody was faster.

use crate::desk::{self, Command, Refusal};
use crate::domain::conversation::{Conversation, State};
use crate::domain::effect::Effect;
use crate::domain::event::{Event, Resolution};
use crate::domain::ids::{ConversationId, Place, Seq};
use crate::domain::person::PersonRef;
use crate::ledger::{Ledger, PATIENCE};
use crate::library::Library;
use crate::playbook::policy::trigger::On;
use crate::ports::storage::{Commit, CommitError, Seen, Unavailable};
use crate::triage::{commented, solved};
use serde_json::{Value, json};
use std::sync::Arc;

/// The human's engine.
#[derive(Clone)]
pub struct Hand {
    ledger: Ledger,
    library: Arc<Library>,
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandError {
    /// It makes no sense now; the sentence is for the agent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NotFound,
    /// The database did not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What the customer said of the help they got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Whether it helped.
    pub helpful: Option<bool>,
    /// 1 to 5.
    pub rating: Option<u8>,
    /// In their words.
    pub comment: Option<String>,
}

impl Hand {
    /// A hand.
    #[must_use]
    pub fn new(ledger: Ledger, library: Arc<Library>) -> Self {
        Self { ledger, library }
    }

    /// Does one command and returns the state after it, with the place of its last event. The same message or note
    /// again (by its `client_id`) changes nothing and gives the same place.
    pub async fn act(
        &self,
        id: ConversationId,
        by: &PersonRef,
        command: &Command,
    ) -> Result<(Conversation, Seq), HandError> {
        let once = match command {
            Command::Say { client_id, .. } => Some(format!("say/{id}/{}/{client_id}", by.id)),
            Command::Note { client_id, .. } => Some(format!("note/{id}/{}/{client_id}", by.id)),
            _ => None,
        };
        if let Some(key) = &once
            && let Some(Seen { seq, .. }) = self.ledger.storage.seen(key).await?
        {
            let talk = self.ledger.conversation(id).await?.ok_or(HandError::NotFound)?;
            return Ok((talk, seq));
        }
        let book = self.library.current();
        self.commit(id, once.as_deref(), |talk| {
            Ok(desk::decide(command, by, talk, &book, self.ledger.now())?)
        })
        .await
    }

    /// Keeps what the customer said of the help. "It helped" settles a matter that is with the bot.
    pub async fn rate(
        &self,
        id: ConversationId,
        rating: &Rating,
        once: Option<&str>,
    ) -> Result<Conversation, HandError> {
        let events = |talk: &Conversation| {
            let mut events = vec![Event::Rated {
                helpful: rating.helpful,
                rating: rating.rating,
                comment: rating.comment.clone(),
            }];
            if rating.helpful == Some(true)
                && talk.state == State::Bot
                && talk.pending.is_empty()
                && talk.runs().next().is_none()
            {
                events.push(Event::Resolved { resolution: Resolution::Confirmed, by: None });
                if rating.rating.is_none() {
                    events.push(Event::RatingAsked);
                }
            }
            Ok(events)
        };
        self.commit(id, once, events).await.map(|(talk, _)| talk)
    }

    /// Something happened outside: every conversation that it concerns learns of it, once for each `occurrence` (an id
    /// of whoever reports it). Returns how many.
    pub async fn occurred(
        &self,
        occurrence: &str,
        name: &str,
        about: &str,
        data: &Value,
    ) -> Result<usize, Unavailable> {
        if name == "ticket.solved" {
            // First: whoever reports the same from now on reports something new.
            self.ledger.storage.incident_over(about).await?;
        }
        let mut told = 0;
        for id in self.ledger.storage.concerned(name, about).await? {
            let once = format!("occurred/{id}/{name}/{about}/{occurrence}");
            let event =
                Event::Occurred { name: name.to_owned(), about: about.to_owned(), data: data.clone() };
            let book = self.library.current();
            let events = |talk: &Conversation| {
                let mut events = vec![event.clone()];
                events.extend(solved::tell(talk, &book, self.ledger.now(), name, about));
                events.extend(commented::tell(talk, &book, name, about, data));
                Ok(events)
            };
            match self.commit(id, Some(&once), events).await {
                Ok(_) => told += 1,
                Err(HandError::Unavailable(error)) => return Err(error),
                Err(HandError::NotFound | HandError::Refused(_)) => {}
            }
        }
        self.fire(occurrence, name, about, data).await?;
        Ok(told)
    }

    /// Sets off the triggers that are meant for what happened to a ticket.
    async fn fire(&self, occurrence: &str, name: &str, about: &str, data: &Value) -> Result<(), Unavailable> {
        let book = self.library.current();
        let meant = |on: &On| matches!(on, On::Ticket(ticket) if ticket.event == name);
        for trigger in book.triggers.values().filter(|trigger| meant(&trigger.on)) {
            let text = |field: &str| data.get(field).and_then(Value::as_str).unwrap_or_default();
            let event = json!({"number": about, "title": text("title"), "status": text("status"), "text": text("text")});
            let occurrence = format!("{name}/{about}/{occurrence}");
            self.ledger.storage.put_firing(&trigger.id, &occurrence, &event, self.ledger.now()).await?;
            self.ledger.hub.triggers.notify_one();
        }
        Ok(())
    }

    /// Decides about a dead letter: it is tried again, or given up for good. False where there is none any more.
    pub async fn redrive(&self, place: Place, by: &PersonRef, again: bool) -> Result<bool, HandError> {
        for _ in 0..PATIENCE {
            if self.ledger.storage.letter(place).await?.is_none() {
                return Ok(false);
            }
            let talk = self.ledger.conversation(place.conversation).await?.ok_or(HandError::NotFound)?;
            let event = Event::Redriven { effect: place.seq, again, by: by.clone() };
            let commit = Commit::onto(&talk, self.ledger.now().max(talk.updated_at), vec![event]);
            match self.ledger.commit(commit).await {
                Ok(_) => {
                    self.ledger.hub.outbox.notify_one();
                    return Ok(true);
                }
                Err(CommitError::Conflict | CommitError::Already(_)) => {}
                Err(CommitError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(Unavailable("too much happened at once in one conversation".to_owned()).into())
    }

    /// Asks the outbox for something about a conversation, whoever has it.
    pub async fn ask(&self, id: ConversationId, effect: &Effect, once: &str) -> Result<(), HandError> {
        let event = Event::Requested { effect: effect.clone() };
        self.commit(id, Some(once), |_| Ok(vec![event.clone()])).await.map(drop)
    }

    async fn commit(
        &self,
        id: ConversationId,
        once: Option<&str>,
        events: impl Fn(&Conversation) -> Result<Vec<Event>, HandError>,
    ) -> Result<(Conversation, Seq), HandError> {
        for _ in 0..PATIENCE {
            let talk = self.ledger.conversation(id).await?.ok_or(HandError::NotFound)?;
            let mut commit = Commit::onto(&talk, self.ledger.now(), events(&talk)?);
            commit.once = once.map(str::to_owned);
            match self.ledger.commit(commit).await {
                Ok(after) => {
                    let seq = after.seq;
                    return Ok((after, seq));
                }
                Err(CommitError::Already(Seen { seq, .. })) => return Ok((talk, seq)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(Unavailable("too much happened at once in one conversation".to_owned()).into())
    }
}
