//! Questions of a playbook, and what counts as an answer.

use super::player::{names, procedure_of, words};
use crate::domain::event::Event;
use crate::domain::run::{Run, Waiting};
use crate::playbook::Playbook;
use crate::playbook::condition::Asked;
use crate::playbook::policy::procedure::{Ask, SlotKind, Step, Words};
use crate::triage::draft::Draft;
use crate::triage::facts;
use crate::triage::judge::Case;
use crate::triage::pressed::Pressed;
use crate::triage::slots;
use channels::Choice;
use serde_json::Value;
use std::collections::BTreeMap;

/// The button for those who do not have what is asked for.
const WITHOUT: &str = "not-at-hand";

/// What a message is to a question.
pub(in crate::triage) enum Fill {
    /// An answer.
    Answer(Value),
    /// The customer does not have it, and the playbook can go on without.
    Without,
    /// One that does not satisfy the question's check, and what is said to it.
    Unfit(Words),
    /// None.
    Nothing,
}

/// The question that the run waits on, if its playbook is still the same.
pub(in crate::triage) fn asked(run: &Run, book: &Playbook) -> Option<Ask> {
    match procedure_of(run, book)?.step(&run.path)? {
        Step::Ask(ask) => Some(ask.clone()),
        _ => None,
    }
}

/// The answer in a message, if it holds one.
pub(in crate::triage) fn fill(
    draft: &Draft<'_>,
    run: &Run,
    ask: &Ask,
    case: &Case<'_>,
    press: Option<&Pressed>,
) -> Fill {
    let Some(procedure) = procedure_of(run, draft.book) else { return Fill::Nothing };
    let pattern = ask.rx.as_ref().and_then(|rx| procedure.pattern(rx));
    if ask.optional && slots::is_without(ask, case, press) {
        return Fill::Without;
    }
    match slots::fill(ask, pattern, case, press) {
        Some(value) => checked(draft, run, ask, value),
        None => Fill::Nothing,
    }
}

/// The value as an answer, if it satisfies the question's check.
pub(in crate::triage) fn checked(draft: &Draft<'_>, run: &Run, ask: &Ask, value: Value) -> Fill {
    let Some(check) = &ask.check else { return Fill::Answer(value) };
    let Some(procedure) = procedure_of(run, draft.book) else { return Fill::Nothing };
    let mut more = names(run, procedure);
    more.insert("value".to_owned(), value.clone());
    let holds = procedure.condition(&check.when.value).map_or_else(
        || Err("the condition is gone".to_owned()),
        |condition| condition.ask(&Asked::new(&facts::of_conversation(&draft.talk, draft.book), &more)),
    );
    match holds {
        Ok(true) => Fill::Answer(value),
        Ok(false) => Fill::Unfit(check.text.clone()),
        Err(error) => {
            tracing::error!(playbook = run.playbook, error, "an answer could not be checked");
            Fill::Unfit(check.text.clone())
        }
    }
}

/// The customer gave no answer: the question is put once more.
pub(in crate::triage) fn ask_again(
    draft: &mut Draft<'_>,
    mut run: Run,
    ask: &Ask,
    tries: u32,
    unfit: Option<&Words>,
) {
    run.waiting = Waiting::Slot { slot: ask.slot.clone(), tries };
    draft.push(Event::Progressed { run: Some(Box::new(run.clone())) });
    question(draft, &run, ask, unfit.or(ask.again.as_ref()).unwrap_or(&ask.text), None);
}

/// Puts a question, perhaps after a word that leads to it.
pub(super) fn question(draft: &mut Draft<'_>, run: &Run, ask: &Ask, text: &Words, before: Option<String>) {
    let language = draft.language();
    let label = |labels: &BTreeMap<String, String>| {
        let own = labels.get(&language).or_else(|| labels.get(&draft.book.desk.default_language));
        own.or_else(|| labels.values().next()).cloned().unwrap_or_default()
    };
    let mut choices: Vec<Choice> = ask
        .choices
        .iter()
        .map(|choice| Choice { id: format!("slot:{}", choice.id), label: label(&choice.label) })
        .collect();
    if ask.kind == SlotKind::YesNo {
        choices.extend(
            ["yes", "no"].map(|word| Choice { id: format!("slot:{word}"), label: draft.sentence(word, &[]) }),
        );
    }
    if ask.optional && draft.book.replies.has(WITHOUT) {
        choices.push(Choice { id: "slot:".to_owned(), label: draft.sentence(WITHOUT, &[]) });
    }
    let text = words(draft, run, text);
    let text = before.map_or(text.clone(), |before| format!("{before}\n\n{text}"));
    draft.say_text(text, choices, Vec::new());
}
