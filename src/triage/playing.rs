//! Playbooks under way: step by step, until one has to wait.

use super::Step as Next;
use super::answer;
use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use super::slots;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, Lookup};
use crate::domain::decision::{Reason, Route};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Event, Question};
use crate::domain::run::{Run, Waiting};
use crate::domain::ticket::{NewTicket, Priority};
use crate::playbook::condition::Asked;
use crate::playbook::policy::procedure::{Ask, SlotKind, Step, Ticket};
use crate::playbook::procedures::CheckedProcedure;
use crate::playbook::{Playbook, replies};
use channels::Choice;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whether the run has something to do now.
pub(super) fn can_move(talk: &Conversation) -> bool {
    talk.run.as_ref().is_some_and(|run| match run.waiting {
        Waiting::Nothing => true,
        Waiting::Slot { .. } => false,
        Waiting::Effect { .. } => talk.came.is_some(),
    })
}

/// A run at its beginning, with what is known already filled in.
pub(super) fn start(playbook: &str, case: &Case<'_>, draft: &Draft<'_>) -> Run {
    let procedure = draft.book.procedures.get(playbook);
    let mut slots: BTreeMap<String, String> = BTreeMap::new();
    for step in procedure.iter().flat_map(|procedure| &procedure.steps) {
        let Step::Ask(ask) = &step.value else { continue };
        let known = slots::of_kind(ask.kind, &case.meaning.reading.entities).or_else(|| {
            let email = &case.facts.customer.email;
            (ask.kind == SlotKind::Email && !email.is_empty()).then(|| email.clone())
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
    }
}

/// What the run comes to before it has to wait: the route that its message takes.
pub(super) fn route(run: &Run, draft: &Draft<'_>) -> Route {
    let mut ahead = Draft::new(&draft.talk, draft.book, draft.now);
    ahead.push(Event::Progressed { run: Some(Box::new(run.clone())) });
    let Next::Conclude(events) = advance(&ahead.talk, draft.book, draft.now) else { return Route::Act };
    let asks = events.iter().any(
        |event| matches!(event, Event::Progressed { run: Some(run) } if matches!(run.waiting, Waiting::Slot { .. })),
    );
    let acts = events.iter().any(|event| matches!(event, Event::Requested { .. }));
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

/// The question that the run waits on, if its playbook is still the same.
pub(super) fn asked(run: &Run, book: &Playbook) -> Option<Ask> {
    let procedure =
        book.procedures.get(&run.playbook).filter(|procedure| procedure.version == run.version)?;
    match procedure.step(&run.path)? {
        Step::Ask(ask) => Some(ask.clone()),
        _ => None,
    }
}

/// The customer answered.
pub(super) fn filled(mut run: Run, slot: &str, value: String) -> Run {
    run.slots.insert(slot.to_owned(), value);
    run.waiting = Waiting::Nothing;
    run
}

/// The customer did not: the question is put once more.
pub(super) fn ask_again(draft: &mut Draft<'_>, mut run: Run, ask: &Ask, tries: u32) {
    run.waiting = Waiting::Slot { slot: ask.slot.clone(), tries };
    draft.push(Event::Progressed { run: Some(Box::new(run)) });
    question(draft, ask, ask.again.as_deref().unwrap_or(&ask.text));
}

fn question(draft: &mut Draft<'_>, ask: &Ask, reply: &str) {
    let language = draft.language();
    let label = |labels: &BTreeMap<String, String>| {
        let own = labels.get(&language).or_else(|| labels.get(&draft.book.desk.default_language));
        own.or_else(|| labels.values().next()).cloned().unwrap_or_default()
    };
    let choices = ask
        .choices
        .iter()
        .map(|choice| Choice { id: format!("slot:{}", choice.id), label: label(&choice.label) })
        .collect();
    draft.say(reply, &[], choices);
}

/// Goes on until something has to be waited for.
pub(super) fn advance(talk: &Conversation, book: &Playbook, now: Time) -> Next {
    let mut draft = Draft::new(talk, book, now);
    let Some(mut run) = talk.run.clone() else { return Next::Wait(None) };
    let procedure = book.procedures.get(&run.playbook).filter(|procedure| procedure.version == run.version);
    let Some(procedure) = procedure else {
        let reason =
            Reason::new("playbook-changed", "The playbook was changed while it ran; a human goes on.");
        hand_off(&mut draft, To::default(), vec![reason], Some("handoff"));
        return draft.done();
    };
    let mut spoke = false;
    if let (Waiting::Effect { .. }, Some(outcome)) = (&run.waiting, &talk.came)
        && !take_result(&mut draft, &mut run, procedure, outcome)
    {
        return draft.done();
    }
    loop {
        let Some(step) = procedure.step(&run.path) else {
            end(&mut draft, &run);
            return draft.done();
        };
        match step {
            Step::Ask(ask) if run.slots.contains_key(&ask.slot) => {}
            Step::Ask(ask) => {
                run.waiting = Waiting::Slot { slot: ask.slot.clone(), tries: 1 };
                draft.push(Event::Progressed { run: Some(Box::new(run)) });
                question(&mut draft, ask, &ask.text);
                return draft.done();
            }
            Step::Call(call) => {
                let key = key_of(&run);
                let Some(found) = draft.talk.lookups.get(&key) else {
                    if !draft.is_empty() {
                        // What was done so far is kept; the next look asks.
                        draft.push(Event::Progressed { run: Some(Box::new(run)) });
                        return draft.done();
                    }
                    let email =
                        template(&draft, &run, procedure, call.with.get("email").map_or("", String::as_str));
                    return Next::Ask(Question::Account { email, step: key });
                };
                run.saved.insert(call.into.clone(), account(found));
            }
            Step::Set(set) => {
                draft.push(Event::Marked {
                    urgency: set.urgency,
                    priority: set.priority,
                    team: set.team.clone(),
                    tags: set.tags.clone(),
                });
            }
            Step::Branch(branch) => {
                let asked =
                    Asked::new(&super::facts::of_conversation(&draft.talk, book), &names(&run, procedure));
                let holds = procedure.condition(&branch.when.value).map_or_else(
                    || Err("the condition is gone".to_owned()),
                    |condition| condition.ask(&asked),
                );
                let (arm, steps) = match holds {
                    Ok(true) => (0, &branch.then),
                    Ok(false) => (1, &branch.otherwise),
                    Err(error) => {
                        tracing::error!(playbook = run.playbook, error, "a branch could not be decided");
                        let reason =
                            Reason::new("branch-failed", "The playbook could not tell which way to go.");
                        hand_off(&mut draft, To::default(), vec![reason], Some("handoff"));
                        return draft.done();
                    }
                };
                if !steps.is_empty() {
                    run.path.extend([arm, 0]);
                    continue;
                }
            }
            Step::Ticket(ticket) => {
                let effect = Effect::OpenTicket(new_ticket(&draft, &run, procedure, ticket));
                let seq = draft.push(Event::Requested { effect });
                run.waiting = Waiting::Effect { seq };
                draft.push(Event::Progressed { run: Some(Box::new(run)) });
                return draft.done();
            }
            Step::Notify(notify) => {
                let text = template(&draft, &run, procedure, &notify.text);
                let priority = draft.talk.priority.max(by_urgency(&draft.talk));
                let effect = Effect::Notify { team: notify.team.clone(), text, priority };
                draft.push(Event::Requested { effect });
            }
            Step::Reply(reply) => {
                let slots = ("slots", Value::Object(slots_of(&run, procedure)));
                draft.say(&reply.text, &[slots], Vec::new());
                spoke = true;
            }
            Step::HandOff(to) => {
                let text = template(&draft, &run, procedure, &to.reason);
                // The run is in the summary, so it ends with the hand-off and not before.
                draft.push(Event::Progressed { run: Some(Box::new(run)) });
                let to = To { team: to.team.clone(), priority: to.priority };
                let tell = if spoke { None } else { Some("handoff") };
                hand_off(&mut draft, to, vec![Reason::new("playbook-handoff", text)], tell);
                return draft.done();
            }
            Step::Resolve(_) => {
                end(&mut draft, &run);
                return draft.done();
            }
        }
        match procedure.after(&run.path) {
            Some(path) => run.path = path,
            None => {
                end(&mut draft, &run);
                return draft.done();
            }
        }
    }
}

/// Takes in what came of an act; false if a human has to go on.
fn take_result(
    draft: &mut Draft<'_>,
    run: &mut Run,
    procedure: &CheckedProcedure,
    outcome: &Outcome,
) -> bool {
    run.waiting = Waiting::Nothing;
    match (procedure.step(&run.path), outcome) {
        (Some(Step::Ticket(ticket)), Outcome::TicketOpened(opened)) => {
            run.saved.insert(ticket.into.clone(), json!({"number": opened.number, "title": opened.title}));
            match procedure.after(&run.path) {
                Some(path) => run.path = path,
                None => run.path.clear(),
            }
            true
        }
        (_, outcome) => {
            let cause = match outcome {
                Outcome::Failed { cause } | Outcome::InDoubt { cause } => cause.as_str(),
                _ => "the result was not what the playbook waits for",
            };
            let reason =
                Reason::new("act-failed", format!("A step of the playbook could not be done: {cause}"));
            hand_off(draft, To::default(), vec![reason], Some("handoff"));
            false
        }
    }
}

/// The playbook is through. Should it have said nothing, a human says it.
fn end(draft: &mut Draft<'_>, run: &Run) {
    if draft.talk.pending.iter().any(|pending| pending.decided) {
        let text = format!("The playbook {} ended without a word to the customer.", run.playbook);
        hand_off(draft, To::default(), vec![Reason::new("playbook-said-nothing", text)], Some("handoff"));
        return;
    }
    draft.push(Event::Progressed { run: None });
    answer::await_silence(draft);
}

fn new_ticket(draft: &Draft<'_>, run: &Run, procedure: &CheckedProcedure, ticket: &Ticket) -> NewTicket {
    let team = ticket.team.clone().or_else(|| draft.talk.team.clone());
    let told: Vec<String> = run.slots.iter().map(|(slot, value)| format!("{slot}: {value}")).collect();
    let wrote: Vec<&str> = draft
        .talk
        .recent
        .iter()
        .filter(|line| line.from == "customer")
        .map(|line| line.text.as_str())
        .collect();
    NewTicket {
        title: template(draft, run, procedure, &ticket.title),
        body: format!("{}\n\n{}", wrote.join("\n"), told.join("\n")).trim().to_owned(),
        priority: ticket.priority.unwrap_or_else(|| draft.talk.priority.max(by_urgency(&draft.talk))),
        team: team.unwrap_or_else(|| draft.book.teams.default.clone()),
    }
}

fn by_urgency(talk: &Conversation) -> Priority {
    match talk.urgency {
        Some(nlu::signals::Urgency::High) => Priority::High,
        _ => Priority::Normal,
    }
}

/// A template of the playbook. It was tried when the playbook was checked; should it fail, its source says more
/// than nothing.
fn template(draft: &Draft<'_>, run: &Run, procedure: &CheckedProcedure, source: &str) -> String {
    let mut facts = draft.facts(&[]);
    facts.extend(names(run, procedure));
    replies::render(source, &facts).unwrap_or_else(|error| {
        tracing::error!(playbook = run.playbook, error, "a template could not be filled in");
        source.to_owned()
    })
}

/// Slots and what steps have saved.
fn names(run: &Run, procedure: &CheckedProcedure) -> Map<String, Value> {
    let mut names: Map<String, Value> =
        run.saved.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    names.insert("slots".to_owned(), Value::Object(slots_of(run, procedure)));
    names
}

fn slots_of(run: &Run, procedure: &CheckedProcedure) -> Map<String, Value> {
    let filled = |slot: &String| run.slots.get(slot).cloned().unwrap_or_default();
    procedure.slots.iter().map(|slot| (slot.clone(), filled(slot).into())).collect()
}

/// The place of a step, so that each asks once.
fn key_of(run: &Run) -> String {
    let path: Vec<String> = run.path.iter().map(usize::to_string).collect();
    format!("{}@{}/{}", run.playbook, run.message, path.join("."))
}

fn account(found: &Lookup) -> Value {
    let (account, available) = match found {
        Lookup::Answered { account } => (account.as_deref().cloned(), true),
        Lookup::Unavailable { .. } => (None, false),
    };
    let there = account.is_some();
    let account = account.unwrap_or_default();
    json!({
        "found": there,
        "available": available,
        "status": account.status,
        "name": account.name,
        "tier": account.tier,
        "plan": account.plan,
        "company": account.company,
    })
}
