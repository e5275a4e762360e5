//! The check of actions' files.

use super::ways::plausible;
use super::{Action, CUSTOMERS_FIND, TIMEOUT, Via, built_in};
use crate::playbook::condition::MoreNames;
use crate::playbook::fault::{Faults, Spot, unknown};
use crate::playbook::policy::action::{ActionFile, ActionKind, Undo};
use crate::playbook::yaml::{self, Spanned};
use crate::playbook::{shape, templates};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest that one try may be allowed: the customer waits for it.
const LONGEST: Duration = Duration::from_secs(20);

pub(in crate::playbook) fn compiled(schema: &Value) -> Result<Arc<Validator>, String> {
    if !schema.is_object() {
        return Err("a JSON Schema is a mapping".to_owned());
    }
    jsonschema::meta::validate(schema).map_err(|error| format!("at {}: {error}", error.instance_path()))?;
    let built = jsonschema::options().should_validate_formats(true).build(schema);
    built.map(Arc::new).map_err(|error| error.to_string())
}

/// Checks all actions, and what they say of each other.
pub(in crate::playbook) fn read<'a>(
    files: impl Iterator<Item = (&'a String, &'a String)>,
    teams: &[String],
    faults: &mut Faults,
) -> BTreeMap<String, Action> {
    let mut actions = built_in();
    let mut undos: Vec<(String, String, Spanned<Undo>)> = Vec::new();
    for (file, text) in files {
        let Some(parsed) = yaml::parse::<ActionFile>(file, text, faults) else { continue };
        if let Some(team) = parsed.on_failure.team.as_ref().filter(|team| !teams.contains(*team)) {
            faults.add(file, 1, unknown("team", team, teams.iter().map(String::as_str)));
        }
        if let Some(undo) = &parsed.undo {
            undos.push((file.clone(), parsed.id.value.clone(), undo.clone()));
        }
        if let Some(action) = check(file, text, parsed, faults) {
            actions.insert(action.id.clone(), action);
        }
    }
    for (file, id, undo) in undos {
        let Some(action) = actions.get(&id) else { continue };
        if let Err(message) = undoes(action, &undo.value, &actions) {
            faults.add(&file, yaml::spot(&undo), message);
        }
    }
    actions
}

fn undoes(action: &Action, undo: &Undo, actions: &BTreeMap<String, Action>) -> Result<(), String> {
    let by = actions
        .get(&undo.action)
        .ok_or_else(|| unknown("action", &undo.action, actions.keys().map(String::as_str)))?;
    if by.kind != ActionKind::Act || action.kind != ActionKind::Act {
        return Err("what undoes and what is undone are both of `kind: act`".to_owned());
    }
    let facts = Map::from_iter([
        ("input".to_owned(), shape::describe("", &action.input, &mut MoreNames::new())),
        ("output".to_owned(), action.sample()),
    ]);
    templates::fill_all(&undo.with, &facts).map(drop)
}

/// How it is done, if the file says so once.
fn only_way(file: &ActionFile) -> Option<(Via, Spot)> {
    let ActionFile { http, sql, command, mcp, .. } = file;
    let ways = [
        http.as_ref().map(|way| (Via::Http(way.value.clone()), yaml::spot(way))),
        sql.as_ref().map(|way| (Via::Sql(way.value.clone()), yaml::spot(way))),
        command.as_ref().map(|way| (Via::Command(way.value.clone()), yaml::spot(way))),
        mcp.as_ref().map(|way| (Via::Tool(way.value.clone()), yaml::spot(way))),
    ];
    let mut ways = ways.into_iter().flatten();
    let first = ways.next();
    first.filter(|_| ways.next().is_none())
}

fn check(file: &str, text: &str, parsed: ActionFile, faults: &mut Faults) -> Option<Action> {
    let id = &parsed.id.value;
    let line = yaml::spot(&parsed.id);
    if file != format!("policies/actions/{id}.yaml") {
        faults.add(file, line, format!("the action \"{id}\" belongs into policies/actions/{id}.yaml"));
    }
    if id == CUSTOMERS_FIND {
        faults.add(file, line, format!("\"{id}\" is built in; take another id"));
    }
    let timeout = parsed.timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.value.0);
    if !(Duration::from_millis(100)..=LONGEST).contains(&timeout) {
        let line = parsed.timeout.as_ref().map_or(line, yaml::spot);
        faults.add(file, line, "`timeout` is 100ms to 20s: a customer waits for it");
    }
    if !(1..=20).contains(&parsed.retry.tries) {
        faults.add(file, line, "`retry.tries` is 1 to 20");
    }
    let Some((via, via_line)) = only_way(&parsed) else {
        faults.add(file, line, "an action has `http`, `sql`, `command` or `mcp`, and only one of them");
        return None;
    };
    if let Err(message) = plausible(&via, &parsed) {
        faults.add(file, via_line, message);
    }
    let mut schema = |given: Option<&Spanned<Value>>, default: Value| {
        let line = given.map_or(Spot::from(1), yaml::spot);
        let schema = given.map_or(default, |given| given.value.clone());
        match compiled(&schema) {
            Ok(validator) => Some((schema, validator)),
            Err(message) => {
                faults.add(file, line, format!("is no JSON Schema: {message}"));
                None
            }
        }
    };
    let nothing = json!({"type": "object", "additionalProperties": false});
    let (input, takes) = schema(parsed.input.as_ref(), nothing)?;
    let output = parsed.output.as_ref().map(|output| schema(Some(output), Value::Null));
    let (output, gives) = match output {
        None => (None, None),
        Some(None) => return None,
        Some(Some((schema, validator))) => (Some(schema), Some(validator)),
    };
    let action = Action {
        id: id.clone(),
        version: crate::playbook::address(text.as_bytes()),
        name: parsed.name,
        description: parsed.description,
        kind: parsed.kind,
        via,
        auth: parsed.auth,
        timeout,
        tries: parsed.retry.tries,
        success: parsed.success,
        idempotency: parsed.idempotency,
        risk: parsed.risk,
        requires: parsed.requires,
        undo: parsed.undo.map(|undo| undo.value),
        on_failure: parsed.on_failure,
        input,
        output,
        takes,
        gives,
    };
    let sample = shape::describe("", &action.input, &mut MoreNames::new());
    if let Err(message) = action.request(&sample) {
        faults.add(file, via_line, format!("a template fails on a sample of the input: {message}"));
    }
    Some(action)
}
