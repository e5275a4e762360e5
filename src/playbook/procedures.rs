//! Checked playbooks: every name known, every template tried, every path leading to an answer.

use super::condition::{Condition, MoreNames};
use super::facts::Kind;
use super::fault::{Faults, unknown};
use super::policy::procedure::{Ask, Procedure, SlotKind, Step};
use super::replies::{self, Replies};
use super::typing::Scope;
use super::yaml::{self, Spanned};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A playbook that can run.
#[derive(Debug)]
pub struct CheckedProcedure {
    /// As people see it.
    pub name: String,
    /// The content address of its file: a run never goes on under other steps.
    pub version: String,
    /// In order.
    pub steps: Vec<Spanned<Step>>,
    /// By their source.
    conditions: BTreeMap<String, Condition>,
    /// Everything it may ask for.
    pub slots: BTreeSet<String>,
}

impl CheckedProcedure {
    /// The step at a path: indices into steps, alternating with the branch taken (0 then, 1 else).
    #[must_use]
    pub fn step(&self, path: &[usize]) -> Option<&Step> {
        let (last, lists) = path.split_last()?;
        let mut steps = &self.steps;
        for pair in lists.chunks_exact(2) {
            let Step::Branch(branch) = &steps.get(pair[0])?.value else { return None };
            steps = if pair[1] == 0 { &branch.then } else { &branch.otherwise };
        }
        steps.get(*last).map(|step| &step.value)
    }

    /// The path of the step after this one; `None` where the playbook ends.
    #[must_use]
    pub fn after(&self, path: &[usize]) -> Option<Vec<usize>> {
        let mut path = path.to_vec();
        loop {
            *path.last_mut()? += 1;
            if self.step(&path).is_some() {
                return Some(path);
            }
            path.pop();
            path.pop();
        }
    }

    /// The condition of a branch.
    #[must_use]
    pub fn condition(&self, source: &str) -> Option<&Condition> {
        self.conditions.get(source)
    }
}

/// What a playbook may refer to.
pub struct Known<'a> {
    /// The desk's teams.
    pub teams: &'a [String],
    /// The desk's intents.
    pub intents: &'a [String],
    /// The desk's sentences.
    pub replies: &'a Replies,
}

/// Checks one playbook.
pub fn check(
    file: &str,
    text: &str,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<(String, CheckedProcedure)> {
    let procedure: Procedure = yaml::parse(file, text, faults)?;
    let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or(file);
    if procedure.id.value != stem {
        let message = format!("the id is \"{}\", but the file is named \"{stem}.yaml\"", procedure.id.value);
        faults.add(file, yaml::line(&procedure.id), message);
    }
    let mut slots = BTreeSet::new();
    collect_slots(&procedure.steps, &mut slots);
    let mut check =
        Check { file, known, faults, slots: &slots, saved: BTreeSet::new(), conditions: BTreeMap::new() };
    if !check.steps(&procedure.steps) {
        let line = procedure.steps.last().map_or(1, yaml::line);
        let message =
            "not every path says something, resolves or hands off; end each with reply, resolve or hand_off";
        check.faults.add(file, line, message);
    }
    let conditions = check.conditions;
    Some((
        procedure.id.value,
        CheckedProcedure {
            name: procedure.name,
            version: super::address(text.as_bytes()),
            steps: procedure.steps,
            conditions,
            slots,
        },
    ))
}

fn collect_slots(steps: &[Spanned<Step>], into: &mut BTreeSet<String>) {
    for step in steps {
        match &step.value {
            Step::Ask(ask) => drop(into.insert(ask.slot.clone())),
            Step::Branch(branch) => {
                collect_slots(&branch.then, into);
                collect_slots(&branch.otherwise, into);
            }
            _ => {}
        }
    }
}

struct Check<'a> {
    file: &'a str,
    known: &'a Known<'a>,
    faults: &'a mut Faults,
    slots: &'a BTreeSet<String>,
    saved: BTreeSet<String>,
    conditions: BTreeMap<String, Condition>,
}

impl Check<'_> {
    /// Checks a list of steps; true if every path through it gives the customer an answer.
    fn steps(&mut self, steps: &[Spanned<Step>]) -> bool {
        let mut answered = false;
        let mut ended = false;
        for step in steps {
            let line = yaml::line(step);
            if ended {
                self.faults.add(self.file, line, "is never reached: the step before it ends the playbook");
                return true;
            }
            match &step.value {
                Step::Ask(ask) => self.ask(ask, line),
                Step::Call(call) => {
                    if call.action != "customers.find" {
                        self.faults.add(self.file, line, unknown("action", &call.action, ["customers.find"]));
                    } else if !call.with.keys().eq(["email"]) {
                        self.faults.add(self.file, line, "customers.find takes exactly `email`");
                    }
                    call.with.values().for_each(|template| self.template(template, line));
                    self.saved.insert(call.into.clone());
                }
                Step::Set(set) => set.team.iter().for_each(|team| self.team(team, line)),
                Step::Branch(branch) => {
                    let more = self.names();
                    let scope = Scope { intents: self.known.intents, more: &more };
                    match Condition::parse(&branch.when.value, &scope) {
                        Ok(condition) => drop(self.conditions.insert(branch.when.value.clone(), condition)),
                        Err(message) => self.faults.add(self.file, yaml::line(&branch.when), message),
                    }
                    let saved = self.saved.clone();
                    let one = self.steps(&branch.then);
                    let other = {
                        // What only one arm saves is not there after the branch.
                        let then_saved = std::mem::replace(&mut self.saved, saved);
                        let other = self.steps(&branch.otherwise);
                        self.saved = self.saved.intersection(&then_saved).cloned().collect();
                        other
                    };
                    answered |= one && other;
                }
                Step::Ticket(ticket) => {
                    self.template(&ticket.title, line);
                    ticket.team.iter().for_each(|team| self.team(team, line));
                    self.saved.insert(ticket.into.clone());
                }
                Step::Notify(notify) => {
                    self.team(&notify.team, line);
                    self.template(&notify.text, line);
                }
                Step::Reply(reply) => {
                    self.reply(&reply.text, line);
                    answered = true;
                }
                Step::HandOff(hand_off) => {
                    hand_off.team.iter().for_each(|team| self.team(team, line));
                    self.template(&hand_off.reason, line);
                    answered = true;
                    ended = true;
                }
                Step::Resolve(_) => {
                    answered = true;
                    ended = true;
                }
            }
        }
        answered
    }

    fn ask(&mut self, ask: &Ask, line: u64) {
        self.reply(&ask.text, line);
        ask.again.iter().for_each(|text| self.reply(text, line));
        if ask.tries == 0 || ask.tries > 5 {
            self.faults.add(self.file, line, "`tries` is 1 to 5");
        }
        if (ask.kind == SlotKind::Choice) == ask.choices.is_empty() {
            self.faults.add(self.file, line, "`choices` belong to `kind: choice`, and only to it");
        }
    }

    fn reply(&mut self, id: &str, line: u64) {
        if !self.known.replies.has(id) {
            self.faults.add(self.file, line, unknown("reply", id, self.known.replies.ids()));
        }
    }

    fn team(&mut self, id: &str, line: u64) {
        if !self.known.teams.iter().any(|team| team == id) {
            self.faults.add(
                self.file,
                line,
                unknown("team", id, self.known.teams.iter().map(String::as_str)),
            );
        }
    }

    fn template(&mut self, source: &str, line: u64) {
        let mut more: Map<String, Value> = Map::new();
        more.insert("slots".to_owned(), self.slots.iter().map(|slot| (slot.clone(), json!(""))).collect());
        for name in &self.saved {
            more.insert(name.clone(), saved_sample());
        }
        if let Err(message) = replies::try_template(source, &more) {
            self.faults.add(self.file, line, format!("the template \"{source}\": {message}"));
        }
    }

    fn names(&self) -> MoreNames {
        let slots = self.slots.iter().map(|slot| (format!("slots.{slot}"), Kind::Text));
        slots.chain(self.saved.iter().map(|name| (name.clone(), Kind::Anything))).collect()
    }
}

/// What a saved result may hold.
fn saved_sample() -> Value {
    json!({
        "found": true, "status": "active", "name": "Ada", "tier": "free", "plan": "Free", "company": "", "number": "T-1001",
        "title": "A ticket"
    })
}
