//! Tickets in the system of somebody else's: opened once for each key, however often it is tried.
//!
//! The customer never waits for that system: where it does not take the ticket at the first try, ours stands, its number
//! is told, and a [`Mirror`] goes on by the timetable. Every try is written down before it begins (the claim), so that
//! after a crash or a lost answer the key is looked for before the ticket is opened again.

use super::{Dispatcher, TRY_LIMIT, Try, done};
use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::effect::{Effect, MIRROR_LANE, Mirror, Outcome};
use crate::domain::event::Event;
use crate::domain::ids::{CustomerId, UploadId};
use crate::domain::ticket::{NewTicket, Outside, Priority, TicketRef, TicketStatus};
use crate::ports::storage::{Count, Item, TicketChange, TicketRecord, Unavailable};
use crate::ports::{CallError, Mirrored, Tracker};
use channels::Attachment;
use std::sync::Arc;
use std::time::Duration;

/// How long a file waits for a ticket that does not stand there yet, before it is looked again.
const NOT_YET: Duration = Duration::from_secs(60);
/// Where the settings name no other system any more.
const NO_SYSTEM: &str = "no ticket system is set any more, in the settings under [tickets]";

impl Dispatcher {
    /// Opens our new ticket over there, too, at the first try if that can be.
    pub(super) async fn opened(
        &self,
        item: &Item,
        talk: &Conversation,
        ticket: &NewTicket,
        mut reference: TicketRef,
    ) -> Result<Try, Unavailable> {
        let Some(tracker) = &self.world.tracker else {
            return Ok(done(Outcome::TicketOpened(reference)));
        };
        if reference.outside.is_some() {
            return Ok(done(Outcome::TicketOpened(reference)));
        }
        let mut mirror = Mirror {
            number: reference.number.clone(),
            key: item.place,
            born: item.asked_at,
            ticket: NewTicket { incident: None, ..ticket.clone() },
            tried: item.tried,
            not_before: None,
            cause: String::new(),
        };
        let tried = self.over_there(tracker, &mirror, talk.customer, item.tried).await?;
        let more = match tried {
            Ok(outside) => {
                reference.outside = Some(outside);
                Vec::new()
            }
            Err(error) => {
                mirror.cause = error.to_string();
                match error {
                    CallError::InDoubt(_) => mirror.tried = Some(item.began),
                    CallError::Later { after, .. } => mirror.not_before = Some(self.ledger.now() + after),
                    CallError::Retry(_) | CallError::Refused(_) => {}
                }
                vec![Event::Requested { effect: Effect::Mirror(mirror) }]
            }
        };
        let mut more = more;
        // What the customer sent so far goes along, behind the ticket.
        more.extend(talk.files.iter().map(|file| {
            let (ticket, file) = (reference.number.clone(), file.clone());
            Event::Requested { effect: Effect::Attach { ticket, file } }
        }));
        Ok(Try::Done(Outcome::TicketOpened(reference), more))
    }

    /// Opens over there what did not come about at once.
    pub(super) async fn mirror(&self, item: &Item, mirror: &Mirror) -> Result<Try, Unavailable> {
        if let Some(wait) = mirror.not_before.and_then(|until| (until - self.ledger.now()).to_std().ok())
            && !wait.is_zero()
        {
            return Ok(Try::Again { cause: mirror.cause.clone(), count: Count::Waited, after: Some(wait) });
        }
        let Some(tracker) = &self.world.tracker else { return Ok(Try::Dead(NO_SYSTEM.to_owned())) };
        let Some(record) = self.our_ticket(&mirror.number).await? else {
            return Ok(done(Outcome::Failed { cause: "the ticket is gone".to_owned() }));
        };
        let number = mirror.number.clone();
        if let Some(outside) = record.outside {
            return Ok(done(Outcome::Mirrored { number, outside }));
        }
        let last = item.tried.max(mirror.tried);
        Ok(match self.over_there(tracker, mirror, record.customer, last).await? {
            Ok(outside) => done(Outcome::Mirrored { number, outside }),
            Err(error) => trouble(error, last),
        })
    }

    /// Says over there what was done here: changes what is given, and adds a comment. Whatever stands before it in its lane, the ticket itself above all, has been done or
    /// given up.
    pub(super) async fn comment(
        &self,
        item: &Item,
        number: &str,
        text: &str,
        status: Option<TicketStatus>,
        priority: Option<Priority>,
    ) -> Result<Try, Unavailable> {
        let Some(tracker) = &self.world.tracker else { return Ok(Try::Dead(NO_SYSTEM.to_owned())) };
        let failed = |cause: &str| Ok(done(Outcome::Failed { cause: cause.to_owned() }));
        let Some(record) = self.our_ticket(number).await? else { return failed("the ticket is gone") };
        let Some(outside) = record.outside.filter(|outside| outside.system == tracker.system()) else {
            return failed("the ticket does not stand there");
        };
        if status.is_some() || priority.is_some() {
            let changing = tracker.change(&outside.id, status, priority, item.asked_at);
            let changed = match tokio::time::timeout(TRY_LIMIT, changing).await {
                Ok(changed) => changed,
                Err(_) => Err(no_answer(tracker)),
            };
            if let Err(error) = changed {
                return Ok(trouble(error, item.tried));
            }
            self.look_again(tracker, &outside.id, number).await?;
        }
        let adding =
            tracker.comment(&outside.id, item.place, record.created_at, text, self.since(item.tried));
        let added = match tokio::time::timeout(TRY_LIMIT, adding).await {
            Ok(added) => added,
            Err(_) => Err(no_answer(tracker)),
        };
        Ok(match added {
            Ok(()) => done(Outcome::Commented),
            Err(error) => trouble(error, item.tried),
        })
    }

    /// What we have changed there ourselves is no news when it is heard of; and not every system has a word for all of
    /// ours, so what it made of it is read.
    async fn look_again(
        &self,
        tracker: &Arc<dyn Tracker>,
        id: &str,
        number: &str,
    ) -> Result<(), Unavailable> {
        let Some(number) = TicketRecord::number_of(number) else { return Ok(()) };
        match tokio::time::timeout(TRY_LIMIT, tracker.status(id)).await {
            Ok(Ok(there)) => {
                let by = tracker.system().to_owned();
                let change = TicketChange { there: Some(there), by, ..TicketChange::default() };
                self.ledger.storage.change_ticket(number, &change, self.ledger.now()).await?;
            }
            Ok(Err(error)) => {
                tracing::info!(%error, "what a ticket system made of a change is not known yet")
            }
            Err(_) => tracing::info!("what a ticket system made of a change is not known yet"),
        }
        Ok(())
    }

    /// Adds a customer's file over there, once the ticket stands.
    pub(super) async fn attach(
        &self,
        item: &Item,
        number: &str,
        file: &Attachment,
    ) -> Result<Try, Unavailable> {
        let failed = |cause: &str| Ok(done(Outcome::Failed { cause: cause.to_owned() }));
        let Some(tracker) = &self.world.tracker else { return failed(NO_SYSTEM) };
        let Some(record) = self.our_ticket(number).await? else { return failed("the ticket is gone") };
        let outside = record.outside.filter(|outside| outside.system == tracker.system());
        let Some(outside) = outside else {
            let lane = format!("{MIRROR_LANE}{number}");
            if self.ledger.storage.is_waiting(record.conversation, &lane).await? {
                let cause = "the ticket does not stand there yet".to_owned();
                return Ok(Try::Again { cause, count: Count::Waited, after: Some(NOT_YET) });
            }
            return failed("the ticket does not stand there");
        };
        let id = file.id.parse().ok().map(UploadId);
        let stored = match id {
            Some(id) => self.ledger.storage.upload(id).await?,
            None => None,
        };
        let Some(stored) = stored else { return failed("the file is gone") };
        let since = self.since(item.tried);
        let adding = tracker.attach(&outside.id, item.place, record.created_at, &stored, since);
        let added = match tokio::time::timeout(TRY_LIMIT, adding).await {
            Ok(added) => added,
            Err(_) => Err(no_answer(tracker)),
        };
        Ok(match added {
            Ok(()) => done(Outcome::Commented),
            Err(error) => trouble(error, item.tried),
        })
    }

    /// One try, and what is known of the ticket over there is kept with ours.
    async fn over_there(
        &self,
        tracker: &Arc<dyn Tracker>,
        mirror: &Mirror,
        customer: CustomerId,
        tried: Option<Time>,
    ) -> Result<Result<Outside, CallError>, Unavailable> {
        let ticket = self.mirrored(mirror, customer).await?;
        let opening = tracker.open(&ticket, self.since(tried));
        let opened = match tokio::time::timeout(TRY_LIMIT, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(no_answer(tracker)),
        };
        if let (Ok(outside), Some(number)) = (&opened, TicketRecord::number_of(&mirror.number)) {
            self.ledger.storage.mirror_ticket(number, outside, self.ledger.now()).await?;
        }
        Ok(opened)
    }

    async fn mirrored(&self, mirror: &Mirror, customer: CustomerId) -> Result<Mirrored, Unavailable> {
        let customer = self.ledger.storage.customer(customer).await?;
        let requester = customer.and_then(|customer| {
            let email = customer.email?;
            Some((customer.name.unwrap_or_else(|| email.clone()), email))
        });
        Ok(Mirrored {
            key: mirror.key,
            born: mirror.born,
            number: mirror.number.clone(),
            ticket: mirror.ticket.clone(),
            requester,
        })
    }

    async fn our_ticket(&self, number: &str) -> Result<Option<TicketRecord>, Unavailable> {
        match TicketRecord::number_of(number) {
            Some(number) => self.ledger.storage.ticket(number).await,
            None => Ok(None),
        }
    }

    /// How long ago.
    fn since(&self, tried: Option<Time>) -> Option<Duration> {
        tried.map(|at| (self.ledger.now() - at).to_std().unwrap_or_default())
    }
}

fn no_answer(tracker: &Arc<dyn Tracker>) -> CallError {
    CallError::InDoubt(format!("no answer from {} within {} s", tracker.system(), TRY_LIMIT.as_secs()))
}

/// `tried`: an earlier try may have done it, so that a wait may be for its coming to light, which is no try.
fn trouble(error: CallError, tried: Option<Time>) -> Try {
    match error {
        CallError::Retry(cause) => Try::Again { cause, count: Count::Tried, after: None },
        CallError::Later { cause, after } => {
            let count = if tried.is_some() { Count::Waited } else { Count::Tried };
            Try::Again { cause, count, after: Some(after) }
        }
        CallError::Refused(cause) => Try::Dead(cause),
        CallError::InDoubt(cause) => Try::Again { cause, count: Count::InDoubt, after: None },
    }
}
