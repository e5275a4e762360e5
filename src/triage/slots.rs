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
            Some(Pressed::Slot(id)) => ask.choices.iter().find(|choice| choice.id == *id).map(|choice| choice.id.clone()),
            _ => None,
        },
        SlotKind::Text => Some(case.message.text.chars().take(MAX_ANSWER).collect()),
        kind => of_kind(kind, &case.meaning.reading.entities).or_else(|| bare_number(kind, &case.message.text)),
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

/// Asked for a number, people write just the number.
fn bare_number(kind: SlotKind, text: &str) -> Option<String> {
    if !matches!(kind, SlotKind::OrderNumber | SlotKind::InvoiceNumber) {
        return None;
    }
    let text = text.trim().trim_start_matches('#').trim_end_matches(['.', '!']);
    let fits = (3..=24).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/' | '_'))
        && text.chars().filter(char::is_ascii_digit).count() >= 3;
    fits.then(|| text.to_uppercase())
}

/// Whether an answer of this kind cannot be mistaken for something else.
pub(super) fn is_exact(ask: &Ask) -> bool {
    ask.kind != SlotKind::Text
}
