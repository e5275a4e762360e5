//! JSON Schema of the files in `policies/`, made from the types that read them, for editors that help while typing.

use super::policy::action::ActionFile;
use super::policy::case::CasesFile;
use super::policy::desk::DeskPolicy;
use super::policy::guardrails::Guardrails;
use super::policy::intent::{Intent, OutOfScope};
use super::policy::procedure::{Part, Procedure};
use super::policy::rule::RulesFile;
use super::policy::team::TeamsFile;
use super::policy::trigger::TriggerFile;
use super::replies::RepliesFile;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The schema: a file is any one of the kinds, each of which also stands below `$defs` by its name.
#[must_use]
pub fn text() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut kinds = Map::new();
    add::<DeskPolicy>("desk", &mut kinds, &mut generator);
    add::<Guardrails>("guardrails", &mut kinds, &mut generator);
    add::<TeamsFile>("teams", &mut kinds, &mut generator);
    add::<Intent>("intent", &mut kinds, &mut generator);
    add::<OutOfScope>("out-of-scope", &mut kinds, &mut generator);
    add::<RulesFile>("rules", &mut kinds, &mut generator);
    add::<Procedure>("playbook", &mut kinds, &mut generator);
    add::<Part>("part", &mut kinds, &mut generator);
    add::<ActionFile>("action", &mut kinds, &mut generator);
    add::<TriggerFile>("trigger", &mut kinds, &mut generator);
    add::<RepliesFile>("replies", &mut kinds, &mut generator);
    add::<CasesFile>("cases", &mut kinds, &mut generator);
    let any: Vec<Value> = kinds.keys().map(|name| json!({"$ref": format!("#/$defs/{name}")})).collect();
    let mut all = generator.take_definitions(true);
    all.extend(kinds);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Deskhand policies",
        "description": "In an editor with the YAML language server, a file's first line may name its kind: # yaml-language-server: $schema=../schema.json#/$defs/playbook",
        "anyOf": any,
        "$defs": all,
    });
    format!("{schema:#}\n")
}

fn add<T: JsonSchema>(name: &str, kinds: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let reference = generator.subschema_for::<T>();
    kinds.insert(name.to_owned(), reference.to_value());
}
