//! Buttons: what was pressed, or typed in the same words.

use super::answer::{DID_NOT_HELP, HELPED};
use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use super::playing;
use super::rating;
use crate::domain::conversation::{Conversation, Pending};
use crate::domain::decision::{Reason, Route};
use crate::domain::event::{Event, Resolution};
use channels::Choice;

/// The id of the button that says none is meant.
pub(super) const NONE: &str = "intent:none";

/// What was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pressed {
    /// The answer helped.
    Helped,
    /// It did not.
    DidNotHelp,
    /// None of the offered intents.
    NoneOfThese,
    /// This intent.
    Intent(String),
    /// A choice of a playbook's question.
    Slot(String),
}

/// The button behind a message: only one that is on offer counts, whatever id came in.
pub(super) fn find(message: &Pending, talk: &Conversation) -> Option<Pressed> {
    let typed = message.text.trim().to_lowercase();
    let choice = talk.offered.iter().find(|offered| match &message.choice {
        Some(id) => offered.id == *id,
        None => !typed.is_empty() && offered.label.to_lowercase() == typed,
    })?;
    Some(match choice.id.as_str() {
        HELPED => Pressed::Helped,
        DID_NOT_HELP => Pressed::DidNotHelp,
        NONE => Pressed::NoneOfThese,
        id => match id.split_once(':') {
            Some(("intent", intent)) => Pressed::Intent(intent.to_owned()),
            _ => Pressed::Slot(id.strip_prefix("slot:").unwrap_or(id).to_owned()),
        },
    })
}

/// The customer says that the answer helped: the matter is settled, and we know it.
pub(super) fn helped(draft: &mut Draft<'_>, case: &Case<'_>) {
    case.decide(
        draft,
        Route::Reply,
        vec![Reason::new("answer-helped", "The customer says that the answer helped.")],
    );
    draft.push(Event::Rated { helpful: Some(true), rating: None, comment: None });
    if draft.talk.runs().next().is_some() {
        // One matter is settled, another is not.
        draft.say("thanks", &[], Vec::new());
        playing::lead_back(draft);
        return;
    }
    draft.say("resolved", &[], Vec::new());
    draft.push(Event::Resolved { resolution: Resolution::Confirmed, by: None });
    for event in rating::request(&draft.talk, draft.book) {
        draft.push(event);
    }
}

/// It did not. Once, the customer may put it another way, with a person one press away; then a human goes on.
pub(super) fn did_not_help(draft: &mut Draft<'_>, case: &Case<'_>) {
    let reason = Reason::new("answer-did-not-help", "The customer says that the answer did not help.");
    let first = draft.talk.failed_answers == 0;
    case.decide(draft, if first { Route::Ask } else { Route::Handoff }, vec![reason.clone()]);
    draft.push(Event::Rated { helpful: Some(false), rating: None, comment: None });
    if first {
        let person = Choice { id: NONE.to_owned(), label: draft.sentence("clarify-none", &[]) };
        draft.say("ask-again", &[], vec![person]);
    } else {
        hand_off(draft, To::default(), vec![reason], Some("handoff"));
    }
}

/// None of the offered intents: a human finds out.
pub(super) fn none_of_these(draft: &mut Draft<'_>, case: &Case<'_>) {
    let reason = Reason::new(
        "none-of-these",
        "The customer wants a person: it was nothing of what the bot thought of.",
    );
    case.decide(draft, Route::Handoff, vec![reason.clone()]);
    hand_off(draft, To::default(), vec![reason], Some("handoff"));
}
