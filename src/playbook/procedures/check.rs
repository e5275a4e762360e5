//! The check of one playbook.

mod consult;
mod verify;
mod waits;

use super::CheckedProcedure;
use super::names::{self, Names};
use super::parts::{self, Parts};
use crate::playbook::actions::Action;
use crate::playbook::condition::Condition;
use crate::playbook::facts::Kind;
use crate::playbook::fault::{Faults, Spot, unknown};
use crate::playbook::policy::procedure::{Ask, Call, Procedure, SlotKind, Step, Ticket, Words};
use crate::playbook::replies::{self, Replies};
use crate::playbook::templates;
use crate::playbook::typing::Scope;
use crate::playbook::yaml::{self, Span, Spanned};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The longest that a playbook may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(400 * 24 * 3600);

/// What a playbook may refer to.
pub struct Known<'a> {
    /// The desk's teams.
    pub teams: &'a [String],
    /// The desk's intents.
    pub intents: &'a [String],
    /// The desk's sentences.
    pub replies: &'a Replies,
    /// What other systems can do.
    pub actions: &'a BTreeMap<String, Action>,
    /// Steps that playbooks share.
    pub parts: &'a Parts,
    /// The language that everything must be said in.
    pub language: &'a str,
}

/// Checks one playbook.
pub fn check(
    file: &str,
    text: &str,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<(String, CheckedProcedure)> {
    let mut procedure: Procedure = yaml::parse(file, text, faults)?;
    let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or(file);
    if procedure.id.value != stem {
        let message = format!("the id is \"{}\", but the file is named \"{stem}.yaml\"", procedure.id.value);
        faults.add(file, yaml::spot(&procedure.id), message);
    }
    let included = parts::join(file, &mut procedure.steps, known.parts, faults);
    let (mut slots, mut choices) = (BTreeMap::new(), BTreeMap::new());
    names::slots(file, &procedure.steps, &mut slots, &mut choices, &mut |file, line, message| {
        faults.add(file, line, message);
    });
    let mut check = Check {
        file: file.to_owned(),
        playbook: file,
        known,
        faults,
        names: Names::of_slots(&slots, &choices),
        conditions: BTreeMap::new(),
        patterns: BTreeMap::new(),
        actions: BTreeSet::new(),
        said: BTreeSet::new(),
        reads: BTreeSet::new(),
    };
    let end = check.steps(&procedure.steps, true);
    if end.goes_on && end.owes {
        let line = procedure.steps.last().map_or(Spot::from(1), yaml::spot);
        let message =
            "not every path says something, resolves or hands off; end each with reply, resolve or hand_off";
        check.fault(line, message);
    }
    let Check { conditions, patterns, actions, said, reads, .. } = check;
    Some((
        procedure.id.value,
        CheckedProcedure {
            name: procedure.name,
            version: parts::version(text, &included, known.parts),
            steps: procedure.steps,
            parts: included,
            conditions,
            patterns,
            slots,
            reads: reads.into_iter().collect(),
            actions: actions.into_iter().collect(),
            replies: said.into_iter().collect(),
        },
    ))
}

/// How a list of steps ends.
#[derive(Clone, Copy)]
struct End {
    /// Whether what comes after it is reached.
    goes_on: bool,
    /// Whether the customer may be waiting for a word then.
    owes: bool,
}

impl End {
    fn or(self, other: Self) -> Self {
        let owes = self.goes_on && self.owes || other.goes_on && other.owes;
        Self { goes_on: self.goes_on || other.goes_on, owes }
    }
}

struct Check<'a> {
    /// Where the steps stand that are looked at: the playbook's own file, or that of a part.
    file: String,
    playbook: &'a str,
    known: &'a Known<'a>,
    faults: &'a mut Faults,
    names: Names,
    conditions: BTreeMap<String, Condition>,
    patterns: BTreeMap<String, Regex>,
    actions: BTreeSet<String>,
    said: BTreeSet<String>,
    /// The desk's facts that are read.
    reads: BTreeSet<String>,
}

impl Check<'_> {
    fn steps(&mut self, steps: &[Spanned<Step>], owes: bool) -> End {
        let mut end = End { goes_on: true, owes };
        for step in steps {
            let line = yaml::spot(step);
            if !end.goes_on {
                self.fault(line, "is never reached: the step before it ends the playbook");
                return end;
            }
            end = self.step(&step.value, line, end.owes);
        }
        end
    }

    fn step(&mut self, step: &Step, line: Spot, owes: bool) -> End {
        let on = |owes: bool| End { goes_on: true, owes };
        match step {
            Step::Ask(ask) => {
                self.ask(ask, line);
                on(true)
            }
            Step::Call(call) => {
                let failed = self.otherwise(&call.otherwise, Some(&call.action), owes);
                self.call(call, line);
                self.joined(on(owes), failed)
            }
            Step::Consult(consult) => {
                let failed = self.consult(consult, line);
                self.joined(on(true), failed)
            }
            Step::Set(set) => {
                set.team.iter().for_each(|team| self.team(team, line));
                for (name, source) in &set.vars {
                    let value = self.value(source, line);
                    self.save(name, line, |names| names.save_value(name, value));
                }
                on(owes)
            }
            Step::Branch(branch) => {
                self.condition(&branch.when);
                let before = self.names.clone();
                let one = self.steps(&branch.then, owes);
                let one = (one, std::mem::replace(&mut self.names, before));
                let other = self.steps(&branch.otherwise, owes);
                // What only one arm saves is not there after the branch.
                self.joined(other, Some(one))
            }
            Step::Approve(approve) => {
                let rejected = self.approve(approve, line);
                self.joined(on(true), rejected)
            }
            Step::Verify(verify) => {
                let failed = self.verify(verify, line);
                self.joined(on(true), failed)
            }
            Step::Wait(wait) => {
                let missed = self.wait(wait, line);
                self.joined(on(true), missed)
            }
            Step::Together(steps) => {
                self.together(steps, line);
                on(owes)
            }
            Step::Ticket(ticket) => {
                self.ticket(ticket, line);
                on(owes)
            }
            Step::Notify(notify) => {
                self.team(&notify.team, line);
                self.template(&notify.text, line);
                on(owes)
            }
            Step::Reply(reply) => {
                self.words(&reply.text, line);
                on(false)
            }
            Step::HandOff(hand_off) => {
                hand_off.team.iter().for_each(|team| self.team(team, line));
                self.template(&hand_off.reason, line);
                End { goes_on: false, owes: false }
            }
            Step::Resolve(_) => {
                if owes {
                    self.fault(line, "resolves before the customer was told anything; put a reply before it");
                }
                End { goes_on: false, owes: false }
            }
            Step::Include(part) => {
                let outside = std::mem::replace(&mut self.file, parts::file(&part.part));
                let end = self.steps(&part.steps, owes);
                self.file = outside;
                end
            }
        }
    }

    /// Two ways come together: what both know is known.
    fn joined(&mut self, end: End, other: Option<(End, Names)>) -> End {
        let Some((other, names)) = other else { return end };
        match (end.goes_on, other.goes_on) {
            (true, true) => self.names = self.names.common(&names),
            (false, true) => self.names = names,
            _ => {}
        }
        end.or(other)
    }

    /// The steps of an `otherwise`; they know why they are taken and not what would have come.
    fn otherwise(
        &mut self,
        steps: &[Spanned<Step>],
        failing: Option<&str>,
        owes: bool,
    ) -> Option<(End, Names)> {
        if steps.is_empty() {
            return None;
        }
        let before = self.names.clone();
        if let Some(action) = failing {
            let part = |name: &str, sample: &str| (name.to_owned(), Kind::Text, json!(sample));
            self.names.save("failure", [part("action", action), part("cause", "no answer")]);
        }
        let end = self.steps(steps, owes);
        Some((end, std::mem::replace(&mut self.names, before)))
    }

    fn ask(&mut self, ask: &Ask, line: Spot) {
        self.words(&ask.text, line);
        ask.again.iter().for_each(|text| self.words(text, line));
        if ask.tries == 0 || ask.tries > 5 {
            self.fault(line, "`tries` is 1 to 5");
        }
        if (ask.kind == SlotKind::Choice) == ask.choices.is_empty() {
            self.fault(line, "`choices` belong to `kind: choice`, and only to it");
        }
        if (ask.kind == SlotKind::Pattern) != ask.rx.is_some() {
            self.fault(line, "`rx` belongs to `kind: pattern`, and only to it");
        }
        if let Some(rx) = &ask.rx {
            match Regex::new(rx) {
                Ok(pattern) => drop(self.patterns.insert(rx.clone(), pattern)),
                Err(error) => self.fault(line, format!("{rx:?} is no pattern: {error}")),
            }
        }
        if let Some(check) = &ask.check {
            let kind = names::kind_of(ask.kind);
            let before = self.names.clone();
            self.names.kinds.insert("value".to_owned(), kind);
            self.names.sample.insert("value".to_owned(), names::sample_of(ask.kind));
            self.condition(&check.when);
            self.words(&check.text, line);
            self.names = before;
        }
    }

    fn call(&mut self, call: &Call, line: Spot) {
        let given: serde_json::Map<String, Value> =
            call.with.iter().map(|(name, source)| (name.clone(), self.value(source, line))).collect();
        let Some(action) = self.known.actions.get(&call.action) else {
            self.fault(line, unknown("action", &call.action, self.known.actions.keys().map(String::as_str)));
            if let Some(into) = &call.into {
                self.names.save_value(into, Value::Null);
            }
            return;
        };
        self.actions.insert(call.action.clone());
        // A sample need not satisfy a pattern or a range; names and kinds it must.
        let declared = action.input.get("properties").and_then(Value::as_object);
        for name in given.keys().filter(|name| declared.is_none_or(|declared| !declared.contains_key(*name)))
        {
            let known = declared.into_iter().flatten().map(|(name, _)| name.as_str());
            self.fault(line, format!("{}: {}", call.action, unknown("input", name, known)));
        }
        let required = action.input.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !given.contains_key(name) {
                self.fault(line, format!("{} needs `{name}` in `with`", call.action));
            }
        }
        if let Some(into) = &call.into {
            self.save(into, line, |names| names.save_output(into, action));
        }
    }

    fn together(&mut self, steps: &[Spanned<Step>], line: Spot) {
        if steps.len() < 2 {
            self.fault(line, "`together` joins two steps at least");
        }
        let before = self.names.clone();
        let mut all = before.clone();
        for step in steps {
            let line = yaml::spot(step);
            // None sees what another saves: they are asked at once.
            self.names = before.clone();
            match &step.value {
                Step::Call(call) => {
                    if !call.otherwise.is_empty() {
                        self.fault(line, "`otherwise` is not for steps that run together");
                    }
                    self.call(call, line);
                }
                Step::Ticket(ticket) => self.ticket(ticket, line),
                Step::Notify(notify) => {
                    self.team(&notify.team, line);
                    self.template(&notify.text, line);
                }
                _ => self.fault(line, "only call, ticket and notify run together"),
            }
            all.kinds.append(&mut self.names.kinds);
            all.sample.append(&mut self.names.sample);
        }
        self.names = all;
    }

    fn ticket(&mut self, ticket: &Ticket, line: Spot) {
        self.template(&ticket.title, line);
        ticket.body.iter().chain(&ticket.incident).for_each(|template| self.template(template, line));
        ticket.team.iter().for_each(|team| self.team(team, line));
        let text = |name: &str, sample: &str| (name.to_owned(), Kind::Text, json!(sample));
        let joined = ("joined".to_owned(), Kind::Bool, json!(false));
        let parts = [text("number", "T-1001"), text("title", "A ticket"), joined];
        self.save(&ticket.into, line, |names| names.save(&ticket.into, parts));
    }

    fn save(&mut self, name: &str, line: Spot, save: impl FnOnce(&mut Names)) {
        match names::unfit(name) {
            Some(message) => self.fault(line, message),
            None => save(&mut self.names),
        }
    }

    fn condition(&mut self, source: &Spanned<String>) {
        let scope =
            Scope { intents: self.known.intents, more: &self.names.kinds, sample: &self.names.sample };
        match Condition::parse(&source.value, &scope) {
            Ok(condition) => {
                self.reads.extend(condition.facts().iter().cloned());
                self.conditions.insert(source.value.clone(), condition);
            }
            Err(message) => self.fault(yaml::spot(source), message),
        }
    }

    fn words(&mut self, words: &Words, line: Spot) {
        match words {
            Words::Id(id) if self.known.replies.has(id) => drop(self.said.insert(id.clone())),
            Words::Id(id) => self.fault(line, unknown("reply", id, self.known.replies.ids())),
            Words::Inline(by_language) => {
                if !by_language.contains_key(self.known.language) {
                    let message = format!("has no text in the desk's language, {}", self.known.language);
                    self.fault(line, message);
                }
                by_language.values().for_each(|text| self.template(text, line));
            }
        }
    }

    fn team(&mut self, id: &str, line: Spot) {
        if !self.known.teams.iter().any(|team| team == id) {
            self.fault(line, unknown("team", id, self.known.teams.iter().map(String::as_str)));
        }
    }

    fn span(&mut self, span: Span, line: Spot) {
        if span.0 > LONGEST_WAIT || span.0.is_zero() {
            self.fault(line, "waits for more than nothing and at most 400 days");
        }
    }

    fn template(&mut self, source: &str, line: Spot) {
        if let Err(message) = replies::try_template(source, &self.names.sample) {
            self.fault(line, format!("the template {source:?}: {message}"));
        }
        self.read(source);
    }

    /// Notes the desk's own facts that a template reads; what the playbook itself knows is none.
    fn read(&mut self, source: &str) {
        let facts = templates::reads(source).into_iter().filter(|path| {
            path.contains('.')
                && matches!(
                    path.split('.').next(),
                    Some("customer" | "conversation" | "desk" | "message" | "entities")
                )
                || matches!(path.as_str(), "intent" | "confidence" | "urgency" | "sentiment")
        });
        self.reads.extend(facts);
    }

    fn value(&mut self, source: &Value, line: Spot) -> Value {
        self.read_within(source);
        replies::try_value(source, &self.names.sample).unwrap_or_else(|message| {
            self.fault(line, format!("the template {source}: {message}"));
            Value::Null
        })
    }

    fn read_within(&mut self, source: &Value) {
        match source {
            Value::String(text) => self.read(text),
            Value::Array(list) => list.iter().for_each(|one| self.read_within(one)),
            Value::Object(map) => map.values().for_each(|one| self.read_within(one)),
            _ => {}
        }
    }

    fn fault(&mut self, line: Spot, message: impl Into<String>) {
        match self.file == self.playbook {
            true => self.faults.add(self.playbook, line, message),
            false => self.faults.add_included(&self.file, line, message, self.playbook),
        }
    }
}
