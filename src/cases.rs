//! Runs the cases that lie beside the policies, offline.

use crate::desk::{self, Command};
use crate::domain::Time;
use crate::domain::customer::Account;
use crate::domain::effect::Effect;
use crate::domain::event::{Author, DeskState, Event};
use crate::domain::ids::{Seq, UserId};
use crate::domain::person::PersonRef;
use crate::playbook::Playbook;
use crate::playbook::fault::unknown;
use crate::playbook::policy::case::{Case, CaseFiring, CaseTurn, Expect, OneOf, OutsideAnswer};
use crate::playbook::yaml;
use crate::rehearsal::{Cast, Rehearsal, decision};
use crate::triage::triggered::{Fired, triggered};
use channels::Channel;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Debug;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The file.
    pub file: String,
    /// The case.
    pub name: String,
    /// What was not as expected; empty where the case holds.
    pub misses: Vec<Miss>,
}

/// One expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// The line of the message.
    pub line: u64,
    /// What was expected and what came.
    pub message: String,
}

/// Runs every case of a release.
#[must_use]
pub fn run(book: &Playbook) -> Vec<Outcome> {
    let mut names = HashSet::new();
    book.cases
        .iter()
        .map(|(file, case)| {
            let mut misses = play(book, case);
            if !names.insert(&case.name.value) {
                let message = "another case has the same name".to_owned();
                misses.push(Miss { line: yaml::line(&case.name), message });
            }
            Outcome { file: file.clone(), name: case.name.value.clone(), misses }
        })
        .collect()
}

fn play(book: &Playbook, case: &Case) -> Vec<Miss> {
    let own = case.customer.as_ref();
    let account = own.map(|customer| customer.account());
    let known = account.clone();
    let known = known.filter(|account| !account.email.is_empty());
    let directory =
        move |claim: &str| known.clone().filter(|account| account.email == claim || account.id == claim);
    let outside = |action: &str, _: &Value| {
        case.outside.get(action).map(|answer| match answer {
            OutsideAnswer::Gives(value) => Ok(value.clone()),
            OutsideAnswer::Fails(cause) => Err(cause.clone()),
        })
    };
    let cast = Cast {
        channel: Channel::Web,
        name: own.and_then(|customer| customer.name.clone()),
        email: own.and_then(|customer| customer.email.clone()),
        verified: own.is_some_and(|customer| customer.verified),
        account: account.filter(|account: &Account| !account.tier.is_empty() || !account.status.is_empty()),
        desk: DeskState { queue_length: case.desk.queue_length, agents_online: case.desk.agents_online },
        directory: &directory,
        outside: &outside,
        demotions: Vec::new(),
    };
    let first_line = yaml::line(&case.name);
    let Some(now) = moment(book, case.desk.open) else {
        return vec![Miss {
            line: first_line,
            message: "the default team is never as the case wants it (open or closed)".to_owned(),
        }];
    };
    let Ok(mut rehearsal) = Rehearsal::new(book, cast, now) else {
        return vec![Miss { line: first_line, message: "the talk could not begin".to_owned() }];
    };
    let mut misses = Vec::new();
    for action in case.outside.keys().filter(|action| !book.actions.contains_key(*action)) {
        let known = book.actions.keys().map(String::as_str);
        misses.push(Miss { line: first_line, message: unknown("action", action, known) });
    }
    for turn in &case.talk {
        match happen(turn, &mut rehearsal, book) {
            Ok((line, events)) => compare(turn, line, &events, &rehearsal, &mut misses),
            Err((line, message)) => misses.push(Miss { line: line.unwrap_or(first_line), message }),
        }
    }
    misses
}

/// Lets one turn happen; the line it stands on and everything that followed, or what is wrong with it.
fn happen(
    turn: &CaseTurn,
    rehearsal: &mut Rehearsal<'_>,
    book: &Playbook,
) -> Result<(u64, Vec<Event>), (Option<u64>, String)> {
    if let Some(fires) = &turn.fires {
        let line = yaml::line(fires);
        let others = [
            turn.says.is_some(),
            turn.waits.is_some(),
            turn.occurs.is_some(),
            turn.approves.is_some(),
            turn.rejects.is_some(),
        ];
        if others.contains(&true) {
            return Err((Some(line), ONE_OF.to_owned()));
        }
        return fire(&fires.value, rehearsal, book)
            .map(|events| (line, events))
            .map_err(|why| (Some(line), why));
    }
    match (&turn.says, &turn.waits, &turn.occurs, &turn.approves, &turn.rejects) {
        (Some(says), None, None, None, None) => {
            Ok((yaml::line(says), rehearsal.says(&says.value, turn.choice.clone(), Vec::new())))
        }
        (None, Some(waits), None, None, None) => {
            Ok((yaml::line(waits), rehearsal.waits(waits.value.delta())))
        }
        (None, None, Some(occurs), None, None) => {
            let newest = rehearsal.talk.tickets.last().map(|ticket| ticket.number.clone());
            let about = occurs.value.about.clone().or(newest).unwrap_or_default();
            let events = rehearsal.occurs(&occurs.value.event, &about, occurs.value.data.clone());
            Ok((yaml::line(occurs), events))
        }
        (None, None, None, Some(edits), None) => {
            let line = yaml::line(edits);
            let command = |approval| Command::Approve { approval, edits: edits.value.clone() };
            rule(command, rehearsal, book).map(|events| (line, events)).map_err(|why| (Some(line), why))
        }
        (None, None, None, None, Some(reason)) => {
            let line = yaml::line(reason);
            let command = |approval| Command::Reject { approval, reason: reason.value.clone() };
            rule(command, rehearsal, book).map(|events| (line, events)).map_err(|why| (Some(line), why))
        }
        _ => Err((None, ONE_OF.to_owned())),
    }
}

const ONE_OF: &str = "each turn is one of `says`, `waits`, `occurs`, `fires`, `approves` and `rejects`";

/// A trigger goes off; who is found is not a matter of cases.
fn fire(firing: &CaseFiring, rehearsal: &mut Rehearsal<'_>, book: &Playbook) -> Result<Vec<Event>, String> {
    let trigger = book
        .triggers
        .get(&firing.trigger)
        .ok_or_else(|| unknown("trigger", &firing.trigger, book.triggers.keys().map(String::as_str)))?;
    let event = trigger.takes(firing.event.clone()).map_err(|error| error.to_string())?;
    if !trigger.wants(&event, rehearsal.now())? {
        return Err("the trigger's condition does not hold for this event".to_owned());
    }
    let fired = Fired { trigger, event: &event, occurrence: "case", may_speak: true };
    triggered(&rehearsal.talk, book, fired, rehearsal.now()).map(|events| rehearsal.happens(events))
}

/// A human rules on what was asked last.
fn rule(
    command: impl Fn(Seq) -> Command,
    rehearsal: &mut Rehearsal<'_>,
    book: &Playbook,
) -> Result<Vec<Event>, String> {
    let newest = rehearsal.talk.open_approvals().map(|(seq, _)| seq).last();
    let newest = newest.ok_or("there is nothing to approve")?;
    let by = PersonRef { id: UserId(uuid::Uuid::nil()), name: "A colleague".to_owned() };
    let ruled = desk::decide(&command(newest), &by, &rehearsal.talk, book, rehearsal.now());
    ruled.map(|events| rehearsal.happens(events)).map_err(|refusal| refusal.to_string())
}

/// A moment at which the default team is there, or is not; the same for every run.
fn moment(book: &Playbook, open: bool) -> Option<Time> {
    let team = book.team(&book.teams.default).1?;
    let monday = "2026-03-02T00:05:00Z".parse::<Time>().ok()?;
    (0..24 * 7).map(|hour| monday + chrono::TimeDelta::hours(hour)).find(|at| team.is_open(*at) == open)
}

fn compare(turn: &CaseTurn, line: u64, events: &[Event], rehearsal: &Rehearsal<'_>, misses: &mut Vec<Miss>) {
    let expect: &Expect = &turn.expect;
    let talk = &rehearsal.talk;
    let mut miss = |message: String| misses.push(Miss { line, message });
    let decided = decision(events);
    if let Some(decision) = decided {
        let intent = decision.intent.clone().unwrap_or_else(|| "out of scope".to_owned());
        let detail = format!(" ({} at {:.2}, {} needed)", intent, decision.confidence, decision.threshold);
        check("intent", &expect.intent, &decision.intent.clone().unwrap_or_default(), &detail, &mut miss);
        check("route", &expect.route, &decision.route.name().to_owned(), &detail, &mut miss);
        check("urgency", &expect.urgency, &decision.urgency, "", &mut miss);
        check("sentiment", &expect.sentiment, &decision.sentiment, "", &mut miss);
        check("language", &expect.language, &decision.language.clone().unwrap_or_default(), "", &mut miss);
        let codes: Vec<String> = decision.reasons.iter().map(|reason| reason.code.clone()).collect();
        any_of("rules", &expect.rules, &decision.rules, &detail, &mut miss);
        any_of("reasons", &expect.reasons, &codes, &detail, &mut miss);
    } else if expect.route.is_some() || expect.intent.is_some() || expect.rules.is_some() {
        miss(format!("no decision was made; the conversation is {}", talk.state.name()));
    }
    check("team", &expect.team, &talk.team.clone().unwrap_or_default(), "", &mut miss);
    check("priority", &expect.priority, &talk.priority, "", &mut miss);
    check("state", &expect.state, &talk.state.name().to_owned(), "", &mut miss);
    if let Some(tickets) = expect.tickets.filter(|tickets| *tickets != talk.tickets.len()) {
        miss(format!("tickets: expected {tickets}, came {}", talk.tickets.len()));
    }
    if let Some(playbook) = &expect.playbook {
        let ran = events
            .iter()
            .any(|event| matches!(event, Event::Progressed { run: Some(run) } if run.playbook == *playbook))
            || talk.run.as_ref().is_some_and(|run| run.playbook == *playbook);
        if !ran {
            miss(format!("the playbook {playbook} did not run"));
        }
    }
    if let Some(wanted) = &expect.acts {
        let acts: Vec<&String> = events
            .iter()
            .filter_map(|event| match event {
                Event::Requested { effect: Effect::Act { action, .. } } => Some(action),
                _ => None,
            })
            .collect();
        if !acts.iter().copied().eq(wanted) {
            miss(format!("acts: expected {wanted:?}, came {acts:?}"));
        }
    }
    let proposed = events.iter().filter_map(|event| match event {
        Event::ApprovalAsked { proposal } => Some(format!("{}\n{}", proposal.title, proposal.details)),
        _ => None,
    });
    holds("approval", &expect.approval, proposed.collect(), &mut miss);
    let said = events.iter().filter_map(|event| match event {
        Event::Said { author: Author::Bot | Author::System, text, .. } => Some(text.clone()),
        _ => None,
    });
    holds("replies_with", &expect.replies_with, said.collect(), &mut miss);
}

/// Some text holds the words, or any of them.
fn holds(what: &str, wanted: &Option<OneOf<String>>, texts: Vec<String>, miss: &mut impl FnMut(String)) {
    let Some(wanted) = wanted else { return };
    let any = |words: &String| texts.iter().any(|text| text.to_lowercase().contains(&words.to_lowercase()));
    let held = match wanted {
        OneOf::One(words) => any(words),
        OneOf::Many(many) => many.iter().any(any),
    };
    if !held {
        miss(format!("{what}: nothing holds {wanted:?}; there was: {texts:?}"));
    }
}

fn any_of(
    what: &str,
    expected: &Option<Vec<String>>,
    came: &[String],
    detail: &str,
    miss: &mut impl FnMut(String),
) {
    if let Some(expected) =
        expected.as_ref().filter(|expected| !expected.iter().any(|one| came.contains(one)))
    {
        miss(format!("{what}: expected any of {expected:?}, came {came:?}{detail}"));
    }
}

fn check<T: PartialEq + Debug>(
    what: &str,
    expected: &Option<OneOf<T>>,
    came: &T,
    detail: &str,
    miss: &mut impl FnMut(String),
) {
    if let Some(expected) = expected.as_ref().filter(|expected| !expected.allows(came)) {
        miss(format!("{what}: expected {expected:?}, came {came:?}{detail}"));
    }
}
