//! What the outbox was asked to do and what came of it, in a line for whoever reads the conversation.

use super::Named;
use super::event::{Delivery, Status, What};
use crate::domain::code::Claim;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::ids::Seq;
use crate::playbook::Playbook;

/// An action's name, or its id where it is gone.
pub(super) fn action_name<'a>(id: &'a str, book: &'a Playbook) -> &'a str {
    book.actions.get(id).map_or(id, |action| &action.name)
}

/// What was asked for.
pub(super) fn requested(effect: &Effect, book: &Playbook) -> What {
    What::Act {
        act: effect.name().to_owned(),
        status: Status::Requested,
        text: about(effect, book),
        ticket: None,
        effect: None,
    }
}

/// What an effect does, in a line.
pub(in crate::http::console) fn about(effect: &Effect, book: &Playbook) -> String {
    match effect {
        Effect::OpenTicket(ticket) => format!("Open a ticket: {}", ticket.title),
        Effect::Notify { team, text, .. } => format!("Tell {}: {text}", Named::team(team, book).name),
        Effect::Tell { channel, team, .. } => {
            format!("Tell {} by {channel}", Named::team(team, book).name)
        }
        Effect::Mirror(mirror) => {
            format!("Open {} in the other ticket system, too: {}", mirror.number, mirror.cause)
        }
        Effect::Attach { ticket, file } => {
            format!("Add the file {} to {ticket} in the other ticket system", file.name)
        }
        Effect::Comment { ticket, text, .. } => format!("Add to {ticket} in the other ticket system: {text}"),
        Effect::Send { text, .. } => format!("Send: {text}"),
        Effect::Act { action, undoes: None, .. } => action_name(action, book).to_owned(),
        Effect::Act { action, .. } => format!("Undo: {}", action_name(action, book)),
        Effect::SendCode { claim: Claim::Email(email) } => {
            format!("Send a code to the account under {email}")
        }
        Effect::SendCode { claim: Claim::Account(id) } => {
            format!("Send a code to the address of account {id}")
        }
    }
}

/// A message that went out needs no line of its own: it says so itself.
pub(super) fn finished(
    place: Seq,
    effect: Option<&Effect>,
    outcome: &Outcome,
    book: &Playbook,
) -> Option<What> {
    let act = effect.map_or("act", Effect::name);
    let what = effect.map(|effect| about(effect, book)).unwrap_or_default();
    let (act, status, text, ticket) = match outcome {
        Outcome::Delivered { perhaps_twice: true, .. } => {
            ("send", Status::Uncertain, format!("The customer may see this twice: {what}"), None)
        }
        Outcome::Delivered { .. } => return None,
        Outcome::TicketOpened(ticket) => {
            let text = match &ticket.outside {
                Some(outside) => format!(
                    "Ticket {} stands, in {} as {}: {}",
                    ticket.number, outside.system, outside.number, ticket.title
                ),
                None => format!("Ticket {} stands: {}", ticket.number, ticket.title),
            };
            ("ticket", Status::Done, text, Some(ticket.number.clone()))
        }
        Outcome::Mirrored { number, outside } => {
            let text = format!("Ticket {number} stands in {} as {}", outside.system, outside.number);
            ("ticket", Status::Done, text, Some(number.clone()))
        }
        Outcome::Commented => ("ticket", Status::Done, what, None),
        Outcome::Notified => ("notify", Status::Done, what, None),
        Outcome::Acted { .. } => ("act", Status::Done, what, None),
        Outcome::CodeSent => ("code", Status::Done, what, None),
        Outcome::CodeUnsent { cause } => {
            ("code", Status::Failed, format!("{what} ({cause}; the customer was not told)"), None)
        }
        Outcome::Dropped => {
            (act, Status::Failed, format!("Not done, because a human had taken over. {what}"), None)
        }
        Outcome::Failed { cause } => (act, Status::Failed, format!("{what} ({cause})"), None),
        Outcome::InDoubt { cause } => (act, Status::Uncertain, format!("{what} ({cause})"), None),
    };
    Some(What::Act { act: act.to_owned(), status, text, ticket, effect: Some(place) })
}

/// What became of a message.
pub(super) fn delivery(outcome: &Outcome) -> Delivery {
    match outcome {
        Outcome::InDoubt { .. } => Delivery::Uncertain,
        Outcome::Dropped | Outcome::Failed { .. } => Delivery::Failed,
        Outcome::Delivered { .. }
        | Outcome::TicketOpened(_)
        | Outcome::Mirrored { .. }
        | Outcome::Commented
        | Outcome::Notified
        | Outcome::Acted { .. }
        | Outcome::CodeSent
        | Outcome::CodeUnsent { .. } => Delivery::Sent,
    }
}
