//! Playbooks under way: step by step, until one has to wait.

mod acting;
mod asking;
mod inquiring;
mod pausing;
mod player;
mod tools;
mod verifying;

pub(super) use asking::{Fill, ask_again, asked, checked, fill};
pub(super) use inquiring::inputs as inquiry;
pub(super) use player::{advance, procedure_of, shown, words};
pub(super) use verifying::{
    AGAIN as CODE_AGAIN, NONE as CODE_NONE, buttons as code_buttons, not_verified, step as verify_step,
    verified,
};

use super::Step as Next;
use super::draft::Draft;
use super::judge::Case;
use super::slots;
use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::decision::{Automation, Route};
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::run::{Run, Waiting};
use crate::domain::switch;
use crate::playbook::Playbook;
use crate::playbook::policy::procedure::SlotKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many matters a customer may leave open at the side.
pub(super) const ASIDE: usize = 3;

/// What a playbook does now, if one has something to do: the one in front, else one at the side, which comes to the
/// front.
pub(super) fn wake(talk: &Conversation, book: &Playbook, now: Time) -> Option<Next> {
    if talk.run.as_ref().is_some_and(|run| moves(talk, run, now)) {
        return Some(advance(talk, book, now));
    }
    let woken = talk.aside.iter().rev().find(|run| moves(talk, run, now))?;
    let mut events = Vec::new();
    if talk.run.is_some() {
        events.push(Event::PutAside);
    }
    events.push(Event::Resumed { message: woken.message });
    Some(Next::Conclude(events))
}

/// The place of the event that started the playbook in front, where what is known of the customer is older: no message
/// has led to it, but a trigger.
pub(super) fn unknown_to(talk: &Conversation) -> Option<Seq> {
    let run = talk.run.as_ref().filter(|run| run.waiting == Waiting::Nothing)?;
    let known = talk.context.as_ref().is_some_and(|context| context.message >= run.message);
    (!known).then_some(run.message)
}

fn moves(talk: &Conversation, run: &Run, now: Time) -> bool {
    talk.has_come(run) || run.until().is_some_and(|until| until <= now)
}

/// Whether any playbook has something to do now.
pub(super) fn can_move(talk: &Conversation, now: Time) -> bool {
    talk.runs().any(|run| moves(talk, run, now))
}

/// A run at its beginning, with what is known already filled in.
pub(super) fn start(playbook: &str, automation: Automation, case: &Case<'_>, draft: &Draft<'_>) -> Run {
    let procedure = draft.book.procedures.get(playbook);
    let mut slots: BTreeMap<String, Value> = BTreeMap::new();
    for ask in procedure.iter().flat_map(|procedure| procedure.asks()) {
        // What must satisfy more than its kind is asked for and checked.
        if ask.check.is_some() {
            continue;
        }
        let known = slots::of_kind(ask.kind, &case.meaning.reading.entities).or_else(|| {
            let email = &case.facts.customer.email;
            (ask.kind == SlotKind::Email && !email.is_empty()).then(|| json!(email))
        });
        if let Some(value) = known {
            slots.insert(ask.slot.clone(), value);
        }
    }
    Run {
        playbook: playbook.to_owned(),
        version: procedure.map(|procedure| procedure.version.clone()).unwrap_or_default(),
        message: case.message.seq,
        path: vec![0],
        slots,
        saved: BTreeMap::new(),
        waiting: Waiting::Nothing,
        intent: case.meaning.intent.clone().filter(|_| case.meaning.sure),
        automation,
        approved: None,
        inquiry: None,
        returned: false,
    }
}

/// What the run comes to before it has to wait: the route that its message takes.
pub(super) fn route(run: &Run, draft: &Draft<'_>) -> Route {
    let mut ahead = Draft::new(&draft.talk, draft.book, draft.now);
    ahead.push(Event::Progressed { run: Some(Box::new(run.clone())) });
    let Next::Conclude(events) = advance(&ahead.talk, draft.book, draft.now) else { return Route::Act };
    let asks = events.iter().any(|event| {
        matches!(event, Event::Progressed { run: Some(run) } if run.asks() || matches!(run.waiting, Waiting::Code { .. }))
    });
    let acts =
        events.iter().any(|event| matches!(event, Event::Requested { .. } | Event::ApprovalAsked { .. }));
    let hands_off = events.iter().any(|event| matches!(event, Event::HandedOff { .. }));
    let says = events.iter().any(|event| matches!(event, Event::Said { .. }));
    match (asks, acts, hands_off, says) {
        (true, ..) => Route::Ask,
        (_, true, ..) => Route::Act,
        (_, _, true, _) => Route::Handoff,
        (_, _, _, true) => Route::Reply,
        _ => Route::Act,
    }
}

/// The customer answered.
pub(super) fn filled(mut run: Run, slot: &str, value: Value) -> Run {
    run.slots.insert(slot.to_owned(), value);
    run.waiting = Waiting::Nothing;
    run
}

/// Leads the customer back to what they were asked before they changed the subject; once.
pub(super) fn lead_back(draft: &mut Draft<'_>) {
    let open = match (&draft.talk.run, draft.talk.aside.last()) {
        (None, Some(run))
            if run.asks() && !run.returned && switch::stopped(&draft.talk.off, run).is_none() =>
        {
            run.clone()
        }
        _ => return,
    };
    draft.push(Event::Resumed { message: open.message });
    let asked = asked(&open, draft.book);
    let mut run = Run { returned: true, ..open };
    let Some(ask) = asked else {
        // The playbook is not what it was when it asked: going on, it says so.
        run.waiting = Waiting::Nothing;
        draft.push(Event::Progressed { run: Some(Box::new(run)) });
        return;
    };
    draft.push(Event::Progressed { run: Some(Box::new(run.clone())) });
    let name = draft.book.procedures.get(&run.playbook).map_or("", |procedure| procedure.name.as_str());
    let back = draft.sentence("back-to", &[("matter", json!({"name": name}))]);
    asking::question(draft, &run, &ask, &ask.text, Some(back));
}
