//! The names that a step may speak of, with what they are and a sample of each.

use super::parts;
use crate::playbook::actions::Action;
use crate::playbook::condition::MoreNames;
use crate::playbook::facts::{Kind, VOCABULARY};
use crate::playbook::fault::Spot;
use crate::playbook::policy::procedure::{Ask, SlotKind, Step};
use crate::playbook::replies;
use crate::playbook::shape;
use crate::playbook::yaml::{self, Spanned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names beside the vocabulary.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) kinds: MoreNames,
    pub(super) sample: Map<String, Value>,
}

impl Names {
    /// Every slot is there from the beginning; it is empty until it is filled.
    pub(super) fn of_slots(
        slots: &BTreeMap<String, SlotKind>,
        choices: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let mut names = Self::default();
        let mut sample = Map::new();
        for (slot, kind) in slots {
            let (kind, value) = match kind {
                SlotKind::Choice => {
                    let words = choices.get(slot).cloned().unwrap_or_default();
                    let first = words.first().cloned().unwrap_or_default();
                    (Kind::OneOf(words), json!(first))
                }
                kind => (kind_of(*kind), sample_of(*kind)),
            };
            names.kinds.insert(format!("slots.{slot}"), kind);
            sample.insert(slot.clone(), value);
        }
        names.sample.insert("slots".to_owned(), Value::Object(sample));
        names
    }

    pub(super) fn save_output(&mut self, name: &str, action: &Action) {
        self.forget(name);
        let sample = action.describe(name, &mut self.kinds);
        self.sample.insert(name.to_owned(), sample);
    }

    /// Saves something of this JSON Schema.
    pub(super) fn save_shape(&mut self, name: &str, schema: &Value) {
        self.forget(name);
        let sample = shape::describe(name, schema, &mut self.kinds);
        self.sample.insert(name.to_owned(), sample);
    }

    /// Saves something of these parts.
    pub(super) fn save(&mut self, name: &str, parts: impl IntoIterator<Item = (String, Kind, Value)>) {
        self.forget(name);
        let mut sample = Map::new();
        for (part, kind, value) in parts {
            self.kinds.insert(format!("{name}.{part}"), kind);
            sample.insert(part, value);
        }
        self.sample.insert(name.to_owned(), Value::Object(sample));
    }

    /// Saves something that is known only when the playbook runs.
    pub(super) fn save_value(&mut self, name: &str, value: Value) {
        self.forget(name);
        let kind = match &value {
            Value::String(_) => Kind::Text,
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Bool,
            _ => Kind::Anything,
        };
        self.kinds.insert(name.to_owned(), kind);
        self.sample.insert(name.to_owned(), value);
    }

    fn forget(&mut self, name: &str) {
        let inner = format!("{name}.");
        self.kinds.retain(|path, _| path != name && !path.starts_with(&inner));
        self.sample.remove(name);
    }

    /// What is known whichever way was taken.
    pub(super) fn common(&self, other: &Self) -> Self {
        let kinds = self.kinds.iter().filter(|(name, kind)| other.kinds.get(*name) == Some(kind));
        let sample = self.sample.iter().filter(|(name, _)| other.sample.contains_key(*name));
        Self {
            kinds: kinds.map(|(name, kind)| (name.clone(), kind.clone())).collect(),
            sample: sample.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

pub(super) fn kind_of(kind: SlotKind) -> Kind {
    match kind {
        SlotKind::Number | SlotKind::Amount => Kind::Number,
        SlotKind::YesNo => Kind::Bool,
        _ => Kind::Text,
    }
}

pub(super) fn sample_of(kind: SlotKind) -> Value {
    match kind {
        SlotKind::Number => json!(1),
        SlotKind::Amount => json!(1.5),
        SlotKind::YesNo => json!(true),
        SlotKind::Date => json!("2026-01-31"),
        SlotKind::Email => json!("ada@example.com"),
        _ => json!("sample"),
    }
}

/// Why something may not be saved under that name.
pub(super) fn unfit(name: &str) -> Option<String> {
    let word = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if !word {
        return Some(format!("\"{name}\" is no name: use letters, digits and _"));
    }
    let roots = VOCABULARY.iter().map(|(path, _)| path.split('.').next().unwrap_or(path));
    let said = replies::sample();
    // A ticket is what `ticket` names everywhere.
    roots
        .chain(said.keys().map(String::as_str))
        .any(|root| root == name && root != "ticket")
        .then(|| format!("\"{name}\" is a fact already; take another name"))
}

/// Every slot of a playbook, with the choices of each; a slot that is asked for in two ways is a fault.
pub(super) fn slots(
    file: &str,
    steps: &[Spanned<Step>],
    slots: &mut BTreeMap<String, SlotKind>,
    choices: &mut BTreeMap<String, Vec<String>>,
    fault: &mut dyn FnMut(&str, Spot, String),
) {
    for step in steps {
        if let Step::Include(part) = &step.value {
            self::slots(&parts::file(&part.part), &part.steps, slots, choices, fault);
            continue;
        }
        if let Step::Ask(Ask { slot, kind, choices: offered, .. }) = &step.value {
            if slots.insert(slot.clone(), *kind).is_some_and(|before| before != *kind) {
                fault(
                    file,
                    yaml::spot(step),
                    format!("the slot \"{slot}\" is asked for as something else, too"),
                );
            }
            choices.entry(slot.clone()).or_default().extend(offered.iter().map(|choice| choice.id.clone()));
        }
        for arm in step.value.arms() {
            self::slots(file, arm, slots, choices, fault);
        }
    }
}
