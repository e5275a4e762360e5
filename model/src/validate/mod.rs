//! Whether an answer may be used: one JSON object, no key twice, the whole schema met, only ids that exist. Either all
//! of it holds or nothing is handed on.

mod json;

pub use json::parse;

use crate::wire::{extract, strict};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use std::sync::Arc;

/// The longest answer that is looked at, in bytes; a server's own cap is larger, for what surrounds it.
const MAX_ANSWER: usize = 256 << 10;

/// How many faults are named to the model.
const NAMED: usize = 3;

/// A schema, compiled.
#[derive(Debug, Clone)]
pub struct Schema {
    schema: Arc<Value>,
    validator: Arc<Validator>,
}

impl Schema {
    /// Compiles it; an error is a fault of the prompt, found when it is read.
    pub fn new(schema: Arc<Value>) -> Result<Self, String> {
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, validator: Arc::new(validator) })
    }

    /// The checked object, or what is wrong in words that a model can act on. They name places and rules and never
    /// repeat what the model wrote: the words go into the next prompt.
    pub fn check(&self, text: &str) -> Result<Value, String> {
        if text.len() > MAX_ANSWER {
            return Err("the answer is far too long".to_owned());
        }
        if text.contains('\u{fffd}') {
            return Err("the answer holds bytes that are no text".to_owned());
        }
        let object = extract::object(text).ok_or("there must be exactly one complete JSON object")?;
        let mut value = json::parse(object)?;
        strict::drop_nulls(&mut value, &self.schema);
        close(&value, &self.schema, "")?;
        let faults: Vec<String> =
            self.validator.iter_errors(&value).take(NAMED).map(|error| fault(&error)).collect();
        if faults.is_empty() { Ok(value) } else { Err(faults.join("; ")) }
    }
}

/// Nothing that the schema does not name, whether or not it says so itself.
fn close(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    match value {
        Value::Object(object) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
            for (name, value) in object {
                let Some(property) = properties.get(name) else {
                    return Err(format!("{} has a key that the schema does not know", place(at)));
                };
                close(value, property, &format!("{at}/{name}"))?;
            }
            Ok(())
        }
        Value::Array(entries) => {
            let Some(items) = schema.get("items") else { return Ok(()) };
            let mut all = entries.iter().enumerate();
            all.try_for_each(|(index, entry)| close(entry, items, &format!("{at}/{index}")))
        }
        _ => Ok(()),
    }
}

fn place(at: &str) -> String {
    if at.is_empty() { "the object".to_owned() } else { at.to_owned() }
}

fn fault(error: &jsonschema::ValidationError<'_>) -> String {
    let at = place(error.instance_path().as_str());
    let rule = match error.kind() {
        ValidationErrorKind::Required { property } => format!("lacks {property}"),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "is none of the allowed values".to_owned()
        }
        ValidationErrorKind::Type { .. } => "is of the wrong type".to_owned(),
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("is shorter than {limit} characters"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} entries"),
        ValidationErrorKind::MinItems { limit } => format!("has fewer than {limit} entries"),
        ValidationErrorKind::Maximum { limit } => format!("is more than {limit}"),
        ValidationErrorKind::Minimum { limit } => format!("is less than {limit}"),
        ValidationErrorKind::UniqueItems => "has an entry twice".to_owned(),
        ValidationErrorKind::Pattern { .. } => "has not the required form".to_owned(),
        other => format!("breaks the rule {}", other.keyword()),
    };
    format!("{at} {rule}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str) -> Result<Value, String> {
        let schema = json!({"type": "object", "required": ["intent"], "properties": {
            "intent": {"type": "string", "enum": ["refund", "other"]},
            "note": {"type": "string", "maxLength": 5},
            "sources": {"type": "array", "maxItems": 2, "uniqueItems": true, "items": {"type": "string", "enum": ["a1"]}},
        }});
        Schema::new(Arc::new(schema)).unwrap().check(text)
    }

    #[test]
    fn a_whole_right_answer_passes() {
        let value =
            check("```json\n{\"intent\": \"refund\", \"note\": null, \"sources\": [\"a1\"]}\n```").unwrap();
        assert_eq!(value, json!({"intent": "refund", "sources": ["a1"]}));
    }

    #[test]
    fn everything_else_is_named_without_repeating_it() {
        for (text, fault) in [
            ("", "there must be exactly one complete JSON object"),
            (r#"{"intent":"refund""#, "there must be exactly one complete JSON object"),
            (r#"{"intent":"refund","intent":"other"}"#, "a key stands twice in one object"),
            (r#"{"intent":"delete_everything"}"#, "/intent is none of the allowed values"),
            (r#"{"intent":"refund","note":"far too long"}"#, "/note is longer than 5 characters"),
            (r#"{"intent":"refund","tool":"rm"}"#, "the object has a key that the schema does not know"),
            (r#"{"intent":"refund","sources":["a1","zz"]}"#, "/sources/1 is none of the allowed values"),
            (r#"{"intent":"refund","sources":["a1","a1"]}"#, "/sources has an entry twice"),
            (r#"{"note":"x"}"#, "the object lacks \"intent\""),
            (r#"{"intent":7}"#, "/intent is"),
            ("{\"intent\":\"ref\u{fffd}und\"}", "the answer holds bytes that are no text"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.starts_with(fault), "{text}: {error}");
            assert!(!error.contains("delete_everything") && !error.contains("zz") && !error.contains("rm"));
        }
        let deep = format!("{{\"intent\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        assert!(check(&deep).is_err());
        assert!(check(&format!("{{\"intent\":\"{}\"}}", "x".repeat(300_000))).is_err());
    }
}
