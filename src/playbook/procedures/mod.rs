//! Checked playbooks: every name known, every template tried, every path leading to an answer.

mod check;
mod names;
mod parts;

pub use check::{Known, check};
pub use parts::Parts;
pub(super) use parts::read as read_parts;

use super::condition::Condition;
use super::policy::procedure::{Ask, SlotKind, Step};
use super::yaml::Spanned;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A playbook that can run.
#[derive(Debug)]
pub struct CheckedProcedure {
    /// As people see it.
    pub name: String,
    /// The content address of its file: a run never goes on under other steps.
    pub version: String,
    /// In order.
    pub steps: Vec<Spanned<Step>>,
    /// The parts that it includes, also those within parts.
    pub parts: Vec<String>,
    /// By their source.
    conditions: BTreeMap<String, Condition>,
    /// By their source.
    patterns: BTreeMap<String, Regex>,
    /// Everything it may ask for.
    pub slots: BTreeMap<String, SlotKind>,
    /// The facts that its conditions, templates and inputs read, as paths such as `customer.tier`.
    pub reads: Vec<String>,
    /// The actions that it may call.
    pub actions: Vec<String>,
    /// The sentences that it may say.
    pub replies: Vec<String>,
}

impl CheckedProcedure {
    /// The step at a path: indices into steps, alternating with the arm taken (0 then, 1 else or otherwise).
    #[must_use]
    pub fn step(&self, path: &[usize]) -> Option<&Step> {
        let (last, lists) = path.split_last()?;
        let mut steps = self.steps.as_slice();
        for pair in lists.chunks_exact(2) {
            steps = steps.get(pair[0])?.value.arms().get(pair[1])?;
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

    /// The condition of a branch or of a check.
    #[must_use]
    pub fn condition(&self, source: &str) -> Option<&Condition> {
        self.conditions.get(source)
    }

    /// The pattern of an `ask`.
    #[must_use]
    pub fn pattern(&self, source: &str) -> Option<&Regex> {
        self.patterns.get(source)
    }

    /// What was told, with something empty for what was not.
    #[must_use]
    pub fn slots_of(&self, told: &BTreeMap<String, Value>) -> Map<String, Value> {
        let filled = |(slot, kind): (&String, &SlotKind)| {
            // Asked for and not to be had, it is as empty as before it was asked for.
            let value = told.get(slot).filter(|value| !value.is_null());
            (slot.clone(), value.cloned().unwrap_or_else(|| empty(*kind)))
        };
        self.slots.iter().map(filled).collect()
    }

    /// Whether a language model may be consulted in it.
    #[must_use]
    pub fn consults(&self) -> bool {
        fn within(steps: &[Spanned<Step>]) -> bool {
            steps.iter().any(|step| {
                matches!(step.value, Step::Consult(_)) || step.value.arms().into_iter().any(within)
            })
        }
        within(&self.steps)
    }

    /// The `ask` that fills a slot.
    #[must_use]
    pub fn ask_of(&self, slot: &str) -> Option<&Ask> {
        fn within<'a>(steps: &'a [Spanned<Step>], slot: &str) -> Option<&'a Ask> {
            steps.iter().find_map(|step| match &step.value {
                Step::Ask(ask) if ask.slot == slot => Some(ask),
                step => step.arms().into_iter().find_map(|arm| within(arm, slot)),
            })
        }
        within(&self.steps, slot)
    }

    /// Every `ask` at its outermost level: what may be known before anything was asked.
    #[must_use]
    pub fn asks(&self) -> Vec<&Ask> {
        outermost(&self.steps)
    }
}

fn outermost(steps: &[Spanned<Step>]) -> Vec<&Ask> {
    let mut all = Vec::new();
    for step in steps {
        match &step.value {
            Step::Ask(ask) => all.push(ask),
            Step::Include(part) => all.extend(outermost(&part.steps)),
            _ => {}
        }
    }
    all
}

/// The value of a slot that was not filled.
fn empty(kind: SlotKind) -> Value {
    match kind {
        SlotKind::Number | SlotKind::Amount => json!(0),
        SlotKind::YesNo => json!(false),
        _ => json!(""),
    }
}
