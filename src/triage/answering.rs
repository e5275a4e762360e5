//! Messages that may answer what a playbook has asked.

use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use super::playing::{self, Fill};
use super::pressed::Pressed;
use super::reading::{self, Read};
use super::rules::{self, Conclusion, Limits};
use super::slots;
use crate::domain::decision::{Reason, Route};
use crate::domain::event::Event;
use crate::domain::run::{Run, Waiting};
use crate::domain::switch;
use crate::playbook::policy::intent::Then;
use serde_json::Value;

/// While a playbook waits for a slot, the message may be its answer, a change of subject, or a matter of rules.
/// True if it was dealt with here.
pub(super) fn a_question(draft: &mut Draft<'_>, case: &Case<'_>, press: Option<&Pressed>) -> bool {
    let Some(run) = draft.talk.run.clone().filter(Run::asks) else {
        return an_older_question(draft, case, press);
    };
    let Waiting::Slot { slot, tries } = &run.waiting else { return false };
    let Some(ask) = playing::asked(&run, draft.book) else {
        // The playbook is not what it was when it asked; the message is judged afresh.
        draft.push(Event::Progressed { run: None });
        return false;
    };
    let filled = playing::fill(draft, &run, &ask, case, press);
    let answered = matches!(filled, Fill::Answer(_) | Fill::Without) && slots::is_exact(&ask);
    if press.is_none() && !answered && calls_a_human(draft, case) {
        // A rule calls a human: asking for one always works, also in the middle of a playbook.
        return false;
    }
    let unfit = match filled {
        Fill::Answer(value) => {
            take_answer(draft, case, run.clone(), slot, value, None);
            return true;
        }
        Fill::Without => {
            go_on_without(draft, case, run.clone(), slot);
            return true;
        }
        Fill::Unfit(words) => Some(words),
        Fill::Nothing => None,
    };
    if unfit.is_none() && is_of_another_subject(draft, case, &run) {
        if draft.talk.aside.len() >= playing::ASIDE {
            let reason = Reason::new(
                "too-many-matters",
                "The customer has more open matters than a bot should juggle.",
            );
            case.decide(draft, Route::Handoff, vec![reason.clone()]);
            hand_off(draft, To::default(), vec![reason], Some("handoff"));
            return true;
        }
        draft.push(Event::PutAside);
        return false;
    }
    let (unfit, why) = match unfit {
        Some(words) => (Some(words), None),
        None if press.is_some() => (None, None),
        None => match reading::answer(draft, case, &run, &ask) {
            Read::Ask(asked) => {
                draft.push(asked);
                return true;
            }
            Read::Found { fill: Fill::Answer(value), ahead, reason } => {
                let mut run = run.clone();
                run.slots.extend(ahead);
                take_answer(draft, case, run, slot, value, Some(reason));
                return true;
            }
            Read::Found { fill: Fill::Unfit(words), reason, .. } => (Some(words), Some(reason)),
            Read::Found { .. } => (None, None),
            Read::Nothing(why) => (None, why),
        },
    };
    if *tries >= ask.tries && ask.optional {
        go_on_without(draft, case, run.clone(), slot);
    } else if *tries >= ask.tries {
        let text = format!("The {} was asked for {tries} times without an answer.", slot.replace('_', " "));
        let reason = Reason::new("slot-missing", text);
        let all = std::iter::once(reason.clone()).chain(why);
        case.decide(draft, Route::Handoff, all.collect());
        hand_off(draft, To::default(), vec![reason], Some("too-many-tries"));
    } else {
        let (code, text) = match unfit {
            Some(_) => ("answer-unfit", format!("That {} can't be taken.", slot.replace('_', " "))),
            None => ("asked-again", format!("That held no {}.", slot.replace('_', " "))),
        };
        let all = std::iter::once(Reason::new(code, text)).chain(why);
        case.decide(draft, Route::Ask, all.collect());
        playing::ask_again(draft, run.clone(), &ask, tries + 1, unfit.as_ref());
    }
    true
}

/// Whether a rule brings a human, whatever is under way.
pub(super) fn calls_a_human(draft: &Draft<'_>, case: &Case<'_>) -> bool {
    let ruled = rules::judge(&case.facts, &case.meaning, false, Limits::of(&draft.talk), draft.book);
    ruled.ruled && matches!(ruled.conclusion, Conclusion::Then(Then::HandOff(_)))
}

/// The customer may come back by themselves to what they were asked before another matter; only an answer that can't
/// be mistaken counts.
fn an_older_question(draft: &mut Draft<'_>, case: &Case<'_>, press: Option<&Pressed>) -> bool {
    let goes_on = |run: &&Run| run.asks() && switch::stopped(&draft.talk.off, run).is_none();
    let Some(run) = draft.talk.aside.iter().rev().find(goes_on).cloned() else { return false };
    let Waiting::Slot { slot, .. } = &run.waiting else { return false };
    let Some(ask) = playing::asked(&run, draft.book).filter(slots::is_exact) else { return false };
    if is_of_another_subject(draft, case, &run) {
        return false;
    }
    let Fill::Answer(value) = playing::fill(draft, &run, &ask, case, press) else { return false };
    if draft.talk.run.is_some() {
        draft.push(Event::PutAside);
    }
    draft.push(Event::Resumed { message: run.message });
    take_answer(draft, case, run.clone(), slot, value, None);
    true
}

fn take_answer(
    draft: &mut Draft<'_>,
    case: &Case<'_>,
    run: Run,
    slot: &str,
    value: Value,
    read: Option<Reason>,
) {
    let text = format!("The customer told the {}.", slot.replace('_', " "));
    let run = playing::filled(run, slot, value);
    let reasons = std::iter::once(Reason::new("slot-filled", text)).chain(read);
    case.decide(draft, playing::route(&run, draft), reasons.collect());
    draft.push(Event::Progressed { run: Some(Box::new(run)) });
}

fn go_on_without(draft: &mut Draft<'_>, case: &Case<'_>, run: Run, slot: &str) {
    let text = format!("The customer has no {}.", slot.replace('_', " "));
    let run = playing::filled(run, slot, Value::Null);
    case.decide(draft, playing::route(&run, draft), vec![Reason::new("slot-left-empty", text)]);
    draft.push(Event::Progressed { run: Some(Box::new(run)) });
}

/// Whether the message is surely about something else than the playbook.
pub(super) fn is_of_another_subject(draft: &Draft<'_>, case: &Case<'_>, run: &Run) -> bool {
    let intent = case.meaning.intent.as_ref().filter(|_| case.meaning.sure);
    intent
        .and_then(|intent| draft.book.intents.get(intent))
        .is_some_and(|intent| intent.then.value != Then::Playbook(run.playbook.clone()))
}
