//! Steps that several playbooks share: `policies/parts/*.yaml`. An `include` stands for the steps of its part, so a part
//! is checked where it is included, with the names that are known there.

use crate::playbook::fault::{Faults, unknown};
use crate::playbook::policy::procedure::{Part, Step};
use crate::playbook::yaml::{self, Spanned};
use std::collections::BTreeMap;

/// How deep parts may include parts.
const MAX_DEPTH: usize = 4;

/// How many parts a playbook may include in all, so that parts of parts of parts stay readable, and finite.
const MAX_PARTS: usize = 100;

/// All parts by id, with the text of each.
pub type Parts = BTreeMap<String, (Part, String)>;

/// Where a part stands.
pub(super) fn file(id: &str) -> String {
    format!("policies/parts/{id}.yaml")
}

/// Reads all parts.
pub(in crate::playbook) fn read<'a>(
    files: impl Iterator<Item = (&'a String, &'a String)>,
    faults: &mut Faults,
) -> Parts {
    let mut parts = Parts::new();
    for (path, text) in files {
        let Some(part) = yaml::parse::<Part>(path, text, faults) else { continue };
        let id = part.id.value.clone();
        if *path != file(&id) {
            faults.add(path, yaml::spot(&part.id), format!("the part \"{id}\" belongs into {}", file(&id)));
        }
        parts.insert(id, (part, text.clone()));
    }
    parts
}

/// Puts the steps of parts where they are included; the parts in the order in which they come.
pub(super) fn join(
    path: &str,
    steps: &mut [Spanned<Step>],
    parts: &Parts,
    faults: &mut Faults,
) -> Vec<String> {
    let mut included = Vec::new();
    join_below(path, steps, &mut Vec::new(), &mut included, parts, faults);
    included
}

fn join_below(
    path: &str,
    steps: &mut [Spanned<Step>],
    within: &mut Vec<String>,
    included: &mut Vec<String>,
    parts: &Parts,
    faults: &mut Faults,
) {
    for step in steps {
        let at = yaml::spot(step);
        match &mut step.value {
            Step::Include(include) => {
                let id = include.part.clone();
                let Some((part, _)) = parts.get(&id) else {
                    faults.add(path, at, unknown("part", &id, parts.keys().map(String::as_str)));
                    continue;
                };
                if within.contains(&id) || within.len() == MAX_DEPTH {
                    let message =
                        format!("parts include each other in a circle or too deep: {}", within.join(", "));
                    faults.add(path, at, message);
                    continue;
                }
                if included.len() == MAX_PARTS {
                    faults.add(path, at, format!("the playbook includes more than {MAX_PARTS} parts"));
                    continue;
                }
                include.steps.clone_from(&part.steps);
                included.push(id.clone());
                within.push(id.clone());
                join_below(&file(&id), &mut include.steps, within, included, parts, faults);
                within.pop();
            }
            Step::Branch(branch) => {
                join_below(path, &mut branch.then, within, included, parts, faults);
                join_below(path, &mut branch.otherwise, within, included, parts, faults);
            }
            Step::Call(call) => join_below(path, &mut call.otherwise, within, included, parts, faults),
            Step::Consult(consult) => {
                join_below(path, &mut consult.otherwise, within, included, parts, faults);
            }
            Step::Verify(verify) => join_below(path, &mut verify.otherwise, within, included, parts, faults),
            Step::Approve(approve) => {
                join_below(path, &mut approve.otherwise, within, included, parts, faults);
            }
            Step::Wait(wait) => join_below(path, &mut wait.otherwise, within, included, parts, faults),
            _ => {}
        }
    }
}

/// The content address of a playbook with all that it includes: a run never goes on under other steps.
pub(super) fn version(text: &str, included: &[String], parts: &Parts) -> String {
    let mut all = text.to_owned();
    for (part, (_, text)) in included.iter().filter_map(|id| parts.get_key_value(id)) {
        // A NUL stands in no file: no two ways of cutting the same text are one.
        all.push('\0');
        all.push_str(part);
        all.push('\0');
        all.push_str(text);
    }
    crate::playbook::address(all.as_bytes())
}
