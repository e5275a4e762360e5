//! `/start`, `/help` and `/human`: the same on every channel.

use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use crate::domain::decision::{Reason, Route};

/// A word that is meant as a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Start,
    Help,
    Human,
}

/// The command that a message is, if it is one.
pub(super) fn of(text: &str) -> Option<Command> {
    match text.trim() {
        "/start" => Some(Command::Start),
        "/help" => Some(Command::Help),
        "/human" => Some(Command::Human),
        _ => None,
    }
}

/// Does it. A playbook under way goes on waiting, unless a human was asked for.
pub(super) fn obey(command: Command, draft: &mut Draft<'_>, case: &Case<'_>) {
    match command {
        Command::Start | Command::Help => {
            let reason = Reason::new("command", "The customer asked what this is.");
            case.decide(draft, Route::Reply, vec![reason]);
            draft.introduce(command == Command::Start);
        }
        Command::Human => {
            let reason = Reason::new("asked-for-human", "The customer asked for a person.");
            case.decide(draft, Route::Handoff, vec![reason.clone()]);
            hand_off(draft, To::default(), vec![reason], Some("handoff"));
        }
    }
}
