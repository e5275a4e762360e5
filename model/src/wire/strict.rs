//! From a prompt's JSON Schema to what OpenAI's strict mode takes: every property required, optional ones nullable,
//! nothing additional, and only the keywords it knows. What is left out here is checked by ourselves afterwards.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Keywords that stay on the wire.
const KEPT: &[&str] =
    &["type", "description", "properties", "required", "items", "enum", "additionalProperties"];

/// Keywords that are ours to check, and ours to explain.
const CHECKED_HERE: &[&str] = &[
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "x-ids",
];

/// The strict schema, or the first thing that strict mode has no word for.
pub fn of(schema: &Value) -> Result<Value, String> {
    let Some(object) = schema.as_object() else { return Err("every schema is an object".to_owned()) };
    if let Some(word) = object.keys().find(|word| !known(word)) {
        return Err(format!("\"{word}\" is not supported; use {}", [KEPT, CHECKED_HERE].concat().join(", ")));
    }
    let mut strict = Map::new();
    for word in ["type", "description", "enum"] {
        if let Some(value) = object.get(word) {
            strict.insert(word.to_owned(), value.clone());
        }
    }
    say_limits(object, &mut strict);
    if !object.contains_key("type") {
        return Err("every schema has a type".to_owned());
    }
    if let Some(items) = object.get("items") {
        strict.insert("items".to_owned(), of(items)?);
    }
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        let required = required(object);
        let mut all = Map::new();
        for (name, property) in properties {
            let property = of(property).map_err(|message| format!("{name}: {message}"))?;
            let property = if required.contains(name.as_str()) { property } else { nullable(property) };
            all.insert(name.clone(), property);
        }
        strict.insert("required".to_owned(), all.keys().cloned().collect());
        strict.insert("properties".to_owned(), Value::Object(all));
        strict.insert("additionalProperties".to_owned(), false.into());
    } else if object.get("type") == Some(&Value::from("object")) {
        return Err("an object names its properties".to_owned());
    }
    Ok(Value::Object(strict))
}

/// Limits that strict mode has no keyword for are said in words.
fn say_limits(object: &Map<String, Value>, strict: &mut Map<String, Value>) {
    let mut words = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (limit, unit) in [("maxLength", "characters"), ("maxItems", "entries")] {
        if let Some(most) = object.get(limit).and_then(Value::as_u64) {
            words.push_str(&format!(" At most {most} {unit}."));
        }
    }
    if !words.is_empty() {
        strict.insert("description".to_owned(), words.trim().into());
    }
}

fn known(word: &str) -> bool {
    KEPT.contains(&word) || CHECKED_HERE.contains(&word)
}

fn required(object: &Map<String, Value>) -> BTreeSet<&str> {
    object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn nullable(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").cloned() {
        let mut kinds = match kind {
            Value::Array(kinds) => kinds,
            one => vec![one],
        };
        if !kinds.iter().any(|kind| kind == "null") {
            kinds.push("null".into());
        }
        schema["type"] = Value::Array(kinds);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}

/// What strict mode made nullable is absent again: a null of an optional property that cannot be null is dropped.
pub fn drop_nulls(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(object) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
            let required = schema.as_object().map(required).unwrap_or_default();
            object.retain(|name, value| {
                let may_be_null = properties.get(name).is_none_or(|property| match property.get("type") {
                    Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "null"),
                    Some(kind) => kind == "null",
                    None => true,
                });
                !value.is_null() || may_be_null || required.contains(name.as_str())
            });
            for (name, value) in object {
                if let Some(property) = properties.get(name) {
                    drop_nulls(value, property);
                }
            }
        }
        Value::Array(entries) => {
            if let Some(items) = schema.get("items") {
                entries.iter_mut().for_each(|entry| drop_nulls(entry, items));
            }
        }
        _ => {}
    }
}

/// The inputs whose ids a schema refers to with `x-ids`.
#[must_use]
pub fn id_sources(schema: &Value) -> BTreeSet<&str> {
    let mut sources = BTreeSet::new();
    collect(schema, &mut sources);
    sources
}

fn collect<'a>(schema: &'a Value, sources: &mut BTreeSet<&'a str>) {
    let Some(object) = schema.as_object() else { return };
    sources.extend(object.get("x-ids").and_then(Value::as_str));
    let properties = object.get("properties").and_then(Value::as_object);
    for inner in properties.into_iter().flat_map(Map::values).chain(object.get("items")) {
        collect(inner, sources);
    }
}

/// Ids that exist, in the place of each `x-ids`: nothing else is a valid answer.
#[must_use]
pub fn fill_ids(schema: &Value, ids: &BTreeMap<&str, BTreeSet<String>>) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    let mut filled = Map::new();
    for (word, value) in object {
        match word.as_str() {
            "x-ids" => {
                let known = value.as_str().and_then(|name| ids.get(name)).cloned().unwrap_or_default();
                let mut known: Vec<Value> = known.into_iter().map(Value::from).collect();
                if object
                    .get("type")
                    .and_then(Value::as_array)
                    .is_some_and(|kinds| kinds.contains(&json!("null")))
                {
                    known.push(Value::Null);
                }
                filled.insert("enum".to_owned(), Value::Array(known));
            }
            "properties" => {
                let inner = value.as_object().into_iter().flatten();
                let inner = inner.map(|(name, property)| (name.clone(), fill_ids(property, ids)));
                filled.insert(word.clone(), Value::Object(inner.collect()));
            }
            "items" => {
                filled.insert(word.clone(), fill_ids(value, ids));
            }
            _ => {
                filled.insert(word.clone(), value.clone());
            }
        }
    }
    Value::Object(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_becomes_nullable_and_absent_again() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "string", "maxLength": 3}, "b": {"type": "integer", "minimum": 1},
            "c": {"type": "array", "items": {"type": "string", "x-ids": "articles"}},
        }});
        let strict = of(&schema).unwrap();
        assert_eq!(strict["required"], json!(["a", "b", "c"]));
        assert_eq!(strict["properties"]["b"], json!({"type": ["integer", "null"]}));
        assert_eq!(strict["additionalProperties"], json!(false));
        assert_eq!(
            strict["properties"]["a"],
            json!({"type": "string", "description": "At most 3 characters."})
        );
        let mut answer = json!({"a": null, "b": null, "c": ["x"]});
        drop_nulls(&mut answer, &schema);
        assert_eq!(answer, json!({"a": null, "c": ["x"]}));

        assert_eq!(id_sources(&schema), BTreeSet::from(["articles"]));
        let ids = BTreeMap::from([("articles", BTreeSet::from(["x".to_owned()]))]);
        assert_eq!(
            fill_ids(&schema, &ids)["properties"]["c"]["items"],
            json!({"type": "string", "enum": ["x"]})
        );
    }

    #[test]
    fn what_strict_mode_does_not_know_is_named() {
        let error = of(&json!({"type": "object", "properties": {"a": {"oneOf": []}}})).unwrap_err();
        assert!(error.starts_with("a: \"oneOf\" is not supported"), "{error}");
        assert!(of(&json!({"type": "object"})).is_err());
    }
}
