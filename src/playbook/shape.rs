//! What a JSON Schema says of a value, for those who write conditions and templates: which names it has, what they
//! are, and a sample to try on. Declared values are always there, as all facts are: see `completed`.

use super::condition::MoreNames;
use super::facts::Kind;
use serde_json::{Map, Value, json};

/// How deep a schema is looked into; below, a value is anything.
const MAX_DEPTH: usize = 6;

/// Adds the names that a value of this schema has below `root`, and returns a sample of it.
pub(super) fn describe(root: &str, schema: &Value, kinds: &mut MoreNames) -> Value {
    describe_at(root, schema, kinds, 0)
}

fn describe_at(path: &str, schema: &Value, kinds: &mut MoreNames, depth: usize) -> Value {
    let words = schema
        .get("enum")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>());
    let (kind, sample) = match (kind_of(schema), schema.get("properties").and_then(Value::as_object)) {
        (Some("object"), Some(properties)) if depth < MAX_DEPTH => {
            let inner = properties.iter().map(|(name, schema)| {
                (name.clone(), describe_at(&format!("{path}.{name}"), schema, kinds, depth + 1))
            });
            // The object itself is no condition; its parts are.
            return Value::Object(inner.collect());
        }
        (Some("string"), _) => match words.filter(|words| !words.is_empty()) {
            Some(words) => {
                let first = words[0].clone();
                (Kind::OneOf(words), json!(first))
            }
            None if schema.get("format").and_then(Value::as_str) == Some("date") => {
                (Kind::Text, json!("2026-01-31"))
            }
            None => (Kind::Text, json!("sample")),
        },
        (Some("number" | "integer"), _) => (Kind::Number, json!(1)),
        (Some("boolean"), _) => (Kind::Bool, json!(true)),
        (Some("array"), _) => match schema.get("items").filter(|_| depth < MAX_DEPTH) {
            Some(items) if kind_of(items) == Some("string") => (Kind::Texts, json!(["sample"])),
            Some(items) => {
                let one = describe_at("", items, &mut MoreNames::new(), depth + 1);
                (Kind::Anything, json!([one]))
            }
            None => (Kind::Anything, json!([])),
        },
        (Some("object"), _) => (Kind::Anything, json!({})),
        _ => (Kind::Anything, Value::Null),
    };
    kinds.insert(path.to_owned(), kind);
    sample
}

/// The value with everything that its schema declares: what the other side left out, or gave as `null`, is empty.
#[must_use]
pub(crate) fn completed(schema: &Value, value: Value) -> Value {
    completed_at(schema, value, 0)
}

fn completed_at(schema: &Value, value: Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return value;
    }
    match (kind_of(schema), value) {
        (Some("object"), Value::Object(mut map)) => {
            for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let there = map.remove(name).unwrap_or_default();
                map.insert(name.clone(), completed_at(schema, there, depth + 1));
            }
            Value::Object(map)
        }
        (Some("object"), Value::Null) => completed_at(schema, Value::Object(Map::new()), depth),
        (Some("array"), Value::Array(list)) => match schema.get("items") {
            Some(items) => list.into_iter().map(|one| completed_at(items, one, depth + 1)).collect(),
            None => Value::Array(list),
        },
        (Some("string"), Value::Null) => json!(""),
        (Some("number" | "integer"), Value::Null) => json!(0),
        (Some("boolean"), Value::Null) => json!(false),
        (Some("array"), Value::Null) => json!([]),
        (_, value) => value,
    }
}

/// `type`, also where it is a list of which one is `null`.
pub(super) fn kind_of(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => Some(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ if schema.get("properties").is_some() => Some("object"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Value {
        json!({"type": "object", "properties": {
            "found": {"type": "boolean"},
            "status": {"type": ["string", "null"], "enum": ["open", "shipped"]},
            "total": {"type": "number"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}}
        }})
    }

    #[test]
    fn a_schema_names_what_conditions_may_speak_of() {
        let mut kinds = MoreNames::new();
        let sample = describe("order", &order(), &mut kinds);
        assert_eq!(kinds["order.found"], Kind::Bool);
        assert_eq!(kinds["order.status"], Kind::OneOf(vec!["open".to_owned(), "shipped".to_owned()]));
        assert_eq!(kinds["order.address.city"], Kind::Text);
        assert!(!kinds.contains_key("order"));
        assert_eq!(sample["lines"], json!([{"name": "sample"}]));
    }

    #[test]
    fn what_is_declared_is_always_there() {
        let whole = completed(&order(), json!({"status": null, "lines": [{}], "more": 1}));
        let expected = json!({"found": false, "status": "", "total": 0, "lines": [{"name": ""}],
            "address": {"city": ""}, "more": 1});
        assert_eq!(whole, expected);
        assert_eq!(completed(&order(), Value::Null)["found"], json!(false));
    }
}
