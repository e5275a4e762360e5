//! Answers to a playbook's questions.

use super::judge::Case;
use super::pressed::Pressed;
use crate::playbook::policy::procedure::{Ask, SlotKind};
use nlu::signals::{Entity, EntityKind};

/// The longest answer kept, in characters.
const MAX_ANSWER: usize = 2000;

/// The answer in a message, if it holds one.
pub(super) fn fill(ask: &Ask, case: &Case<'_>, press: Option<&Pressed>) -> Option<String> {
    match ask.kind {
        SlotKind::Choice => match press {
            Some(Pressed::Slot(id)) => {
                ask.choices.iter().find(|choice| choice.id == *id).map(|choice| choice.id.clone())
            }
            _ => None,
        },
        SlotKind::Text => Some(case.message.text.chars().take(MAX_ANSWER).collect()),
        kind => {
            of_kind(kind, &case.meaning.reading.entities).or_else(|| bare_number(kind, &case.message.text))
        }
    }
}

/// The value of that kind among what was found in a message.
pub(super) fn of_kind(kind: SlotKind, entities: &[Entity]) -> Option<String> {
    let wanted = match kind {
        SlotKind::Email => EntityKind::Email,
        SlotKind::OrderNumber => EntityKind::OrderNumber,
        SlotKind::InvoiceNumber => EntityKind::InvoiceNumber,
        SlotKind::Text | SlotKind::Choice => return None,
    };
    entities.iter().find(|entity| entity.kind == wanted).map(|entity| entity.value.clone())
}

/// Asked for a number, people write just the number, or a sentence with one thing in it that looks like one.
fn bare_number(kind: SlotKind, text: &str) -> Option<String> {
    if !matches!(kind, SlotKind::OrderNumber | SlotKind::InvoiceNumber) {
        return None;
    }
    let mut numbers = text.split_whitespace().filter_map(|word| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let fits = (3..=24).contains(&word.len())
            && word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/' | '_'))
            && word.chars().filter(char::is_ascii_digit).count() >= 3;
        fits.then(|| word.to_uppercase())
    });
    // Two candidates would be a guess.
    numbers.next().filter(|_| numbers.next().is_none())
}

/// Whether an answer of this kind cannot be mistaken for something else.
pub(super) fn is_exact(ask: &Ask) -> bool {
    ask.kind != SlotKind::Text
}
