//! What editors are told is what the program reads.

use deskhand::library::starter;
use deskhand::playbook::schema;
use serde_json::{Value, json};

fn kind_of(path: &str) -> Option<&'static str> {
    let rest = path.strip_prefix("policies/")?;
    Some(match rest {
        "desk.yaml" => "desk",
        "teams.yaml" => "teams",
        "rules.yaml" => "rules",
        _ if rest.starts_with("triggers/") => "trigger",
        "replies.yaml" => "replies",
        "intents/out-of-scope.yaml" => "out-of-scope",
        _ if rest.starts_with("intents/") => "intent",
        _ if rest.starts_with("playbooks/") => "playbook",
        _ if rest.starts_with("parts/") => "part",
        _ if rest.starts_with("actions/") => "action",
        _ if rest.starts_with("cases/") => "cases",
        _ => return None,
    })
}

fn validator(kind: &str) -> jsonschema::Validator {
    let mut whole: Value = serde_json::from_str(&schema::text()).unwrap();
    whole.as_object_mut().unwrap().remove("anyOf");
    whole["$ref"] = json!(format!("#/$defs/{kind}"));
    jsonschema::validator_for(&whole).unwrap()
}

#[test]
fn the_schema_beside_the_policies_is_this_programs() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/schema.json");
    let there = std::fs::read_to_string(file).unwrap();
    assert!(there == schema::text(), "run: deskhand check --schema");
}

#[test]
fn every_shipped_file_is_of_its_kind() {
    let mut seen = 0;
    for (path, text) in starter() {
        let Some(kind) = kind_of(&path) else { continue };
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        let wrong: Vec<String> = validator(kind).iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:#?}");
        seen += 1;
    }
    assert!(seen > 50);
}

#[test]
fn a_mistyped_key_or_value_is_seen_by_an_editor() {
    for (kind, text) in [
        ("playbook", "{id: a, name: A, description: a, steps: [{replay: {text: a}}]}"),
        ("playbook", "{id: a, name: A, description: a, steps: [{reply: {txt: a}}]}"),
        ("playbook", "{id: a, name: A, description: a, steps: [{ask: {slot: a, kind: mail, text: a}}]}"),
        ("action", "{id: a, name: A, description: a, kind: writes}"),
        ("action", "{id: a, name: A, description: a, kind: act, http: {method: POTS, url: a}}"),
        (
            "intent",
            "{id: a, name: A, description: a, team: a, risk: none, automation: auto, then: {reply: a}, examples: {}}",
        ),
        ("rules", "{rules: [{id: a, when: b, then: {}}]}"),
        ("cases", "{cases: [{name: a, talk: [{says: a, expects: {}}]}]}"),
    ] {
        let value: Value = serde_saphyr::from_str(text).unwrap();
        assert!(!validator(kind).is_valid(&value), "{kind}: {text}");
    }
}
