//! What no single file shows: rules that can never speak, and what nothing refers to.

use super::CheckedRule;
use super::actions::Action;
use super::fault::{Fault, Faults, Spot};
use super::policy::intent::Then;
use super::policy::procedure::Words;
use super::procedures::CheckedProcedure;
use super::replies::{self, Replies};
use super::triggers::CheckedTrigger;
use crate::domain::release::Content;
use std::collections::BTreeMap;

/// A rule that never speaks because an earlier one has always concluded before.
pub(super) fn shadowed(file: &str, rules: &[CheckedRule], lines: &[Spot], faults: &mut Faults) {
    for (later, rule) in rules.iter().enumerate() {
        let earlier = rules[..later].iter().enumerate().find(|(place, other)| {
            // Urgency that a rule between the two raises may make the later one hold where the earlier did not.
            let raised = rules[*place..later].iter().any(|between| between.consequence.urgency.is_some());
            let asks_urgency = other.when.facts().iter().any(|fact| fact == "urgency");
            other.then.is_some() && !(raised && asks_urgency) && other.when.follows_from(&rule.when)
        });
        if let Some((_, earlier)) = earlier {
            let message = format!(
                "the rule \"{}\" never speaks: \"{}\" stands before it, holds whenever this one would, and concludes",
                rule.id, earlier.id
            );
            faults.add(file, lines[later], message);
        }
    }
}

/// What nothing refers to: allowed, but perhaps not meant.
pub(super) fn unused(
    content: &Content,
    replies_file: &str,
    replies: &Replies,
    actions: &BTreeMap<String, Action>,
    procedures: &BTreeMap<String, CheckedProcedure>,
    triggers: &BTreeMap<String, CheckedTrigger>,
    goals: &[&Then],
) -> Vec<Fault> {
    let mut warnings = Faults::default();
    let mut called: Vec<&str> =
        procedures.values().flat_map(|procedure| procedure.actions.iter().map(String::as_str)).collect();
    called
        .extend(actions.values().filter_map(|action| action.undo.as_ref().map(|undo| undo.action.as_str())));
    for action in actions.keys().filter(|id| !called.contains(&id.as_str())) {
        let file = format!("policies/actions/{action}.yaml");
        if content.contains_key(&file) {
            warnings.add(&file, 1, format!("no playbook calls \"{action}\""));
        }
    }
    let mut said: Vec<&str> =
        procedures.values().flat_map(|procedure| procedure.replies.iter().map(String::as_str)).collect();
    said.extend(goals.iter().filter_map(|then| match then {
        Then::Reply(id) => Some(id.as_str()),
        _ => None,
    }));
    said.extend(triggers.values().filter_map(|trigger| match &trigger.then.say {
        Some(Words::Id(id)) => Some(id.as_str()),
        _ => None,
    }));
    for (id, line) in replies.places() {
        if !replies::is_the_programs(id) && !said.contains(&id) {
            warnings.add(replies_file, line, format!("nothing says \"{id}\""));
        }
    }
    let by_trigger = triggers.values().filter_map(|trigger| trigger.then.playbook.as_deref());
    let included: Vec<&String> = procedures.values().flat_map(|procedure| &procedure.parts).collect();
    for file in content.keys() {
        let part = file.strip_prefix("policies/parts/").and_then(|name| name.strip_suffix(".yaml"));
        if let Some(part) = part.filter(|part| !included.iter().any(|id| id.as_str() == *part)) {
            warnings.add(file, 1, format!("no playbook includes \"{part}\""));
        }
    }
    let started: Vec<&str> = goals
        .iter()
        .filter_map(|then| match then {
            Then::Playbook(id) => Some(id.as_str()),
            _ => None,
        })
        .chain(by_trigger)
        .collect();
    for id in procedures.keys().filter(|id| !started.contains(&id.as_str())) {
        warnings.add(&format!("policies/playbooks/{id}.yaml"), 1, format!("nothing starts \"{id}\""));
    }
    warnings.sorted()
}
