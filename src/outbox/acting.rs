//! What is done in other systems: tickets and actions.

use super::{Dispatcher, TRY_LIMIT, Try, again, done, no_answer};
use crate::domain::conversation::{Conversation, State};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::ids::Seq;
use crate::domain::run::Waiting;
use crate::domain::ticket::NewTicket;
use crate::playbook::policy::action::Requirement;
use crate::ports::storage::{Count, Incident, Item, Unavailable};
use crate::ports::{CallError, TicketError};
use std::time::Duration;

/// How soon a ticket that another conversation is opening is looked for again.
const OPENING: Duration = Duration::from_secs(1);

/// What an adapter may take beyond an action's own limit.
const GRACE: Duration = Duration::from_secs(1);

/// What an agent reads where nobody can know.
pub(super) const LOST: &str = "It may or may not have been done.";

impl Dispatcher {
    /// Opens a ticket, or joins the one that stands for the same matter already.
    pub(super) async fn open_ticket(
        &self,
        item: &Item,
        talk: &Conversation,
        ticket: &NewTicket,
    ) -> Result<Try, Unavailable> {
        if let Some(key) = &ticket.incident {
            match self.ledger.storage.join_incident(key, item.place, self.ledger.now()).await? {
                Incident::Yours => {}
                Incident::Stands(reference) => return Ok(done(Outcome::TicketOpened(reference))),
                Incident::Opening => {
                    let cause = "another conversation is opening the ticket".to_owned();
                    let after = Some(OPENING);
                    return Ok(Try::Again { cause, count: Count::Waited, after });
                }
            }
        }
        let opening = self.world.tickets.open(item.place, talk.customer, ticket, self.ledger.now());
        let tried = match tokio::time::timeout(TRY_LIMIT, opening).await {
            Ok(Ok(reference)) => self.opened(item, talk, ticket, reference).await?,
            Ok(Err(TicketError::Retry(cause))) => again(cause),
            Ok(Err(TicketError::Refused(cause))) => done(Outcome::Failed { cause }),
            Err(_) => no_answer(),
        };
        if let Some(key) = &ticket.incident {
            let storage = &self.ledger.storage;
            match &tried {
                Try::Done(Outcome::TicketOpened(reference), _) => {
                    storage.incident_opened(key, item.place, reference).await?;
                }
                Try::Done(..) => storage.incident_given_up(key, item.place).await?,
                Try::Again { .. } | Try::Moved(_) | Try::Dead(_) | Try::Silenced(_) => {}
            }
        }
        Ok(tried)
    }

    /// Has another system do something. Everything that stood before it when it was asked for is looked at once more:
    /// meanwhile a human may have taken over, or the action may have been changed.
    pub(super) async fn have_done(&self, item: &Item, talk: &Conversation) -> Result<Try, Unavailable> {
        let Effect::Act { action, version, input, undoes } = &item.effect else {
            return Ok(done(Outcome::Dropped));
        };
        let book = self.library.current();
        let failed = |cause: String| Ok(done(Outcome::Failed { cause }));
        let Some(action) = book.actions.get(action).filter(|action| action.version == *version) else {
            return failed(format!("the action {action} was changed since it was asked for"));
        };
        if undoes.is_none() && !item.redriven && !is_awaited(talk, item.place.seq) {
            return Ok(match item.doubts {
                0 => done(Outcome::Dropped),
                _ => done(Outcome::InDoubt { cause: LOST.to_owned() }),
            });
        }
        if action.requires == Some(Requirement::Verified) {
            let customer = self.ledger.storage.customer(talk.customer).await?;
            if !customer.is_some_and(|customer| customer.verified) {
                return failed(format!("{} is only for customers whose identity was verified", action.name));
            }
        }
        if let Err(why) = action.takes(input) {
            return failed(format!("the input is not what the action takes: {why}"));
        }
        let key = item.place.to_string();
        let running = self.world.actions.run(&key, action, input);
        let tried = tokio::time::timeout(action.timeout + GRACE, running).await;
        let unknown = match tried {
            Ok(Ok(output)) => match action.gives(output) {
                Ok(output) => return Ok(done(Outcome::Acted { output })),
                Err(why) => {
                    let cause = format!("The other system answered, but not as the action promises: {why}.");
                    return Ok(done(Outcome::InDoubt { cause }));
                }
            },
            Ok(Err(CallError::Retry(cause))) => return Ok(again(cause)),
            Ok(Err(CallError::Later { cause, after })) => {
                // Patience is given, but not for ever: it counts as a try.
                return Ok(Try::Again { cause, count: Count::Tried, after: Some(after) });
            }
            Ok(Err(CallError::Refused(cause))) => return failed(cause),
            Ok(Err(CallError::InDoubt(cause))) => cause,
            Err(_) => format!("no answer within {} s", action.timeout.as_secs()),
        };
        Ok(match action.repeats_safely() {
            true => Try::Again { cause: unknown, count: Count::InDoubt, after: None },
            false => done(Outcome::InDoubt { cause: format!("{unknown} {LOST}") }),
        })
    }
}

/// Whether a playbook still waits for what comes of it.
pub(super) fn is_awaited(talk: &Conversation, effect: Seq) -> bool {
    talk.state == State::Bot
        && talk.run.as_ref().is_some_and(|run| match &run.waiting {
            Waiting::Effect { seq } => *seq == effect,
            Waiting::Effects { awaited } => awaited.iter().any(|(seq, _)| *seq == effect),
            _ => false,
        })
}
