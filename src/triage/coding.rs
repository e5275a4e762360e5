//! What a customer writes while a code is waited for: the code, something about it, or another matter.

use super::answering::{calls_a_human, is_of_another_subject};
use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use super::playing;
use super::pressed::Pressed;
use crate::domain::code::Tried;
use crate::domain::decision::{Reason, Route};
use crate::domain::event::Event;
use crate::domain::run::{Run, Waiting};
use crate::playbook::policy::procedure::Verify;
use serde_json::json;

/// True if the message was dealt with here; false if it is to be judged like any other.
pub(super) fn hears(draft: &mut Draft<'_>, case: &Case<'_>, press: Option<&Pressed>) -> bool {
    let tried = case.message.code;
    let waits = |run: &&Run| matches!(run.waiting, Waiting::Code { .. });
    let front = draft.talk.run.as_ref().filter(waits).cloned();
    let in_front = front.is_some();
    // Another matter came between: the code itself brings the first one back, other words do not.
    let aside = || tried.and_then(|_| draft.talk.aside.iter().rev().find(waits).cloned());
    let Some(run) = front.or_else(aside) else { return false };
    let Some(verify) = playing::verify_step(&run, draft.book).cloned() else {
        if in_front {
            // The playbook is not what it was when it asked; the message is judged afresh.
            draft.push(Event::Progressed { run: None });
        }
        return false;
    };
    if !in_front {
        if draft.talk.run.is_some() {
            draft.push(Event::PutAside);
        }
        draft.push(Event::Resumed { message: run.message });
    }
    match (tried, press) {
        (Some(Tried::Right { .. }), _) => {
            let reason = Reason::new("identity-verified", "The customer gave the code from their e-mail.");
            let run = playing::verified(run, draft);
            case.decide(draft, playing::route(&run, draft), vec![reason]);
            draft.push(Event::Progressed { run: Some(Box::new(run)) });
        }
        (Some(Tried::Wrong { left }), _) if left > 0 => {
            let text = format!("The code was wrong; {left} tries are left.");
            case.decide(draft, Route::Ask, vec![Reason::new("code-wrong", text)]);
            let buttons = playing::code_buttons(draft);
            draft.say("code-wrong", &[("code", json!({"digits": "", "minutes": 0, "left": left}))], buttons);
        }
        (Some(Tried::Wrong { .. }), _) => give_up(draft, case, run, &verify, "The code was wrong too often."),
        (Some(Tried::Gone), _) => give_up(draft, case, run, &verify, "The code had run out."),
        (None, Some(Pressed::Slot(id))) if id == playing::CODE_AGAIN => {
            case.decide(
                draft,
                Route::Ask,
                vec![Reason::new("code-again", "The customer asks for another code.")],
            );
            draft.push(Event::Progressed { run: Some(Box::new(Run { waiting: Waiting::Nothing, ..run })) });
        }
        (None, Some(Pressed::Slot(id))) if id == playing::CODE_NONE => {
            give_up(draft, case, run, &verify, "The customer gets no code.");
        }
        _ => return beside(draft, case, press, run, &verify),
    }
    true
}

/// No code, and none of its buttons.
fn beside(
    draft: &mut Draft<'_>,
    case: &Case<'_>,
    press: Option<&Pressed>,
    run: Run,
    verify: &Verify,
) -> bool {
    if press.is_none() && calls_a_human(draft, case) {
        return false;
    }
    if is_of_another_subject(draft, case, &run) && draft.talk.aside.len() < playing::ASIDE {
        draft.push(Event::PutAside);
        return false;
    }
    let Waiting::Code { seq, until, reminded } = run.waiting else { return false };
    if reminded {
        give_up(draft, case, run, verify, "The customer gave no code.");
    } else {
        case.decide(draft, Route::Ask, vec![Reason::new("asked-again", "That held no code.")]);
        let waiting = Waiting::Code { seq, until, reminded: true };
        draft.push(Event::Progressed { run: Some(Box::new(Run { waiting, ..run })) });
        let buttons = playing::code_buttons(draft);
        draft.say("code-awaited", &[], buttons);
    }
    true
}

/// They could not show who they are: the declared way, else a human.
fn give_up(draft: &mut Draft<'_>, case: &Case<'_>, run: Run, verify: &Verify, cause: &str) {
    let reason = Reason::new("identity-not-verified", cause);
    match playing::not_verified(run, verify, cause) {
        Some(run) => {
            case.decide(draft, playing::route(&run, draft), vec![reason]);
            draft.push(Event::Progressed { run: Some(Box::new(run)) });
        }
        None => {
            case.decide(draft, Route::Handoff, vec![reason.clone()]);
            hand_off(draft, To::default(), vec![reason], Some("handoff"));
        }
    }
}
