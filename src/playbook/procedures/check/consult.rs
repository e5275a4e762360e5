//! The check of a `consult` step: what a language model may call, and that everything it could say can be checked.

use super::{Check, End};
use crate::playbook::actions::scalars::Scalar;
use crate::playbook::actions::{self, Action};
use crate::playbook::fault::{Spot, unknown};
use crate::playbook::policy::action::ActionKind;
use crate::playbook::policy::procedure::{Callable, Consult};
use crate::playbook::procedures::names::Names;
use crate::playbook::yaml;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The most calls of one step.
const MOST_STEPS: u32 = 8;
/// The most actions to choose from.
const MOST_ACTIONS: usize = 20;

impl Check<'_> {
    pub(super) fn consult(&mut self, consult: &Consult, line: Spot) -> Option<(End, Names)> {
        self.template(&consult.purpose, line);
        consult.tell.iter().for_each(|words| self.words(words, line));
        if !(1..=MOST_STEPS).contains(&consult.steps) {
            self.fault(line, format!("`steps` is 1 to {MOST_STEPS}"));
        }
        if !(1..=MOST_ACTIONS).contains(&consult.may_call.len()) {
            self.fault(line, format!("`may_call` names 1 to {MOST_ACTIONS} actions"));
        }
        let mut seen = BTreeSet::new();
        for callable in &consult.may_call {
            if !seen.insert(&callable.action) {
                self.fault(line, format!("`may_call` names {} twice", callable.action));
            }
            self.callable(callable, consult.approve, line);
        }
        let nothing = self.otherwise(&consult.otherwise, Some("consult"), true);
        let at = yaml::spot(&consult.result);
        match flat(&consult.result.value) {
            Ok(()) => {
                let schema = consult.result.value.clone();
                self.save(&consult.into, line, |names| names.save_shape(&consult.into, &schema));
            }
            Err(message) => self.fault(at, message),
        }
        nothing
    }

    fn callable(&mut self, callable: &Callable, approve: bool, line: Spot) {
        let bound: Vec<&String> = callable.with.keys().collect();
        for source in callable.with.values() {
            self.value(source, line);
        }
        let id = &callable.action;
        let Some(action) = self.known.actions.get(id) else {
            self.fault(line, unknown("action", id, self.known.actions.keys().map(String::as_str)));
            return;
        };
        self.actions.insert(id.clone());
        if action.kind == ActionKind::Act && !approve {
            let message = format!(
                "{id} changes something: a language model may propose it only with `approve: true`, and a human decides"
            );
            self.fault(line, message);
        }
        let declared = inputs(action);
        for name in bound.iter().copied().chain(&callable.free).filter(|name| !declared.contains_key(*name)) {
            let known = declared.keys().map(String::as_str);
            self.fault(line, format!("{id}: {}", unknown("input", name, known)));
        }
        for name in callable.free.iter().filter(|name| bound.contains(name)) {
            self.fault(line, format!("{id}: `{name}` is set in `with` and free at once"));
        }
        let required = action.input.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            let sayable = declared.get(name).is_some_and(|schema| Scalar::of(schema).is_some());
            if !bound.iter().any(|bound| *bound == name) && !sayable {
                let message = format!(
                    "{id}: `{name}` is no text, number or boolean, so the model can't say it; set it in `with`"
                );
                self.fault(line, message);
            }
        }
    }
}

fn inputs(action: &Action) -> Map<String, Value> {
    action.input.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What is wrong with the schema of a result.
fn flat(schema: &Value) -> Result<(), String> {
    actions::is_schema(schema).map_err(|error| format!("`result` is no JSON Schema: {error}"))?;
    let properties = schema.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty());
    let properties = properties.ok_or("`result` is an object that names its properties")?;
    match properties.iter().find(|(_, schema)| Scalar::of(schema).is_none()) {
        Some((name, _)) => {
            Err(format!("`result.{name}` is a text (`type: string`), a number, an integer or a boolean"))
        }
        None => Ok(()),
    }
}
