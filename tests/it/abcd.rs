//! The 55 support workflows of the ABCD dataset as a desk of their own (`tests/abcd/`): the language expresses them, and
//! offline every one of them does what it should and refuses what it must.

use deskhand::cases;
use deskhand::library::{ModelCache, load};
use deskhand::playbook::policy::case::Case;
use deskhand::playbook::policy::procedure::Step;
use deskhand::playbook::yaml::Spanned;
use deskhand::playbook::{self, Playbook};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the dataset's ontology counts.
const WORKFLOWS: usize = 55;

fn desk() -> Playbook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abcd");
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
    let content = load(&folder).unwrap();
    playbook::read(&content, &|set, options| models.train(set, options)).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())
    })
}

#[test]
fn all_workflows_are_in_order_and_their_cases_hold() {
    let book = desk();
    assert_eq!(book.warnings, Vec::new());
    assert_eq!(book.procedures.len(), WORKFLOWS);
    let misses: Vec<String> = cases::run(&book)
        .iter()
        .flat_map(|outcome| {
            outcome
                .misses
                .iter()
                .map(|miss| format!("{}:{}: {}: {}", outcome.file, miss.line, outcome.name, miss.message))
        })
        .collect();
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

/// The playbook that a case is about: that of the intent whose example opens it.
fn about(case: &Case, book: &Playbook) -> String {
    let opening = &case.talk[0].says.as_ref().expect("a case begins with the customer").value;
    let intent = book
        .intents
        .values()
        .find(|intent| intent.examples.values().flatten().any(|example| example.value == *opening));
    intent.unwrap_or_else(|| panic!("{opening} is no example")).id.value.replace('_', "-")
}

#[test]
fn each_workflow_has_a_case_that_passes_and_one_that_must_be_refused() {
    let book = desk();
    let mut passing: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = passing.clone();
    for (_, case) in &book.cases {
        let kind = if case.name.value.contains(" must ") { &mut refused } else { &mut passing };
        *kind.entry(about(case, &book)).or_default() += 1;
    }
    for id in book.procedures.keys() {
        assert!(passing.contains_key(id), "no case shows that {id} works");
        assert!(refused.contains_key(id), "no case shows what {id} refuses");
    }
}

/// The dataset's file, where it is; CI must have it.
fn shared(name: &str) -> Option<Value> {
    let shared = std::env::var_os("DESKHAND_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    match std::fs::read_to_string(shared.join("data/abcd").join(name)) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "CI needs ../shared/data/abcd/{name}: {error}");
            eprintln!("SKIPPED: ../shared/data/abcd/{name} is not here, so the workflows are not held to it");
            None
        }
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

/// What the dataset calls the things that a playbook does, in the order in which they stand.
fn does(steps: &[Spanned<Step>], into: &mut Vec<String>) {
    for step in steps {
        match &step.value {
            Step::Call(call) => into.push(call.action.clone()),
            Step::Notify(_) => into.push("notify-team".to_owned()),
            _ => {}
        }
        step.value.arms().into_iter().for_each(|arm| does(arm, into));
    }
}

#[test]
fn every_flow_of_the_ontology_has_its_playbooks() {
    let Some(ontology) = shared("ontology.json") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abcd/policies/playbooks");
    let intents = &ontology["intents"];
    let mut seen = 0;
    for flow in texts(&intents["flows"]) {
        for subflow in texts(&intents["subflows"][flow]) {
            let file = format!("{flow}/{subflow}.yaml").replace('_', "-");
            assert!(folder.join(&file).is_file(), "{file} is missing");
            seen += 1;
        }
    }
    assert_eq!(seen, WORKFLOWS);
}

#[test]
fn the_actions_of_every_workflow_stand_in_their_order() {
    let Some(known) = shared("kb.json") else { return };
    let book = desk();
    for (subflow, wanted) in known.as_object().unwrap() {
        let procedure = &book.procedures[&subflow.replace('_', "-")];
        let mut done = Vec::new();
        does(&procedure.steps, &mut done);
        let mut rest = done.iter();
        for action in texts(wanted) {
            assert!(rest.any(|one| one == action), "{subflow}: {action} is missing or too early in {done:?}");
        }
    }
}
