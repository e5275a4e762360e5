//! JSON Schemas of actions, compiled once at load.

use serde_json::Value;
use std::sync::Arc;

/// Mismatches told at most; the rest add nothing.
const TOLD: usize = 8;

/// A schema that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct SchemaFault {
    /// `input` or `output`.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// A value that is not what the schema says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub struct Mismatch {
    /// JSON pointer to the place, `/` for the whole.
    pub at: String,
    /// What is wrong there. It quotes the value: mask it before it is shown.
    pub why: String,
}

/// A compiled schema.
#[derive(Clone)]
pub(super) struct Schema {
    validator: Arc<jsonschema::Validator>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schema")
    }
}

impl Schema {
    /// References to other documents are refused: a schema must not cause a request. The crate is built without its
    /// fetching features, so such a reference is a fault here.
    pub(super) fn compile(field: &'static str, schema: &Value) -> Result<Self, SchemaFault> {
        let fault = |why: String| SchemaFault { field, why };
        if !(schema.is_object() || schema.is_boolean()) {
            return Err(fault("a JSON Schema is an object".to_owned()));
        }
        jsonschema::meta::validate(schema)
            .map_err(|error| fault(format!("at {}: {error}", place(error.instance_path().as_str()))))?;
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(schema)
            .map_err(|error| fault(error.to_string()))?;
        Ok(Self { validator: Arc::new(validator) })
    }

    pub(super) fn check(&self, value: &Value) -> Result<(), Vec<Mismatch>> {
        let mismatches: Vec<Mismatch> = self
            .validator
            .iter_errors(value)
            .take(TOLD)
            .map(|error| Mismatch {
                at: place(error.instance_path().as_str()),
                why: crate::guard::excerpt(&error.to_string()),
            })
            .collect();
        if mismatches.is_empty() { Ok(()) } else { Err(mismatches) }
    }
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { "/".to_owned() } else { pointer.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mistake_in_a_schema_is_told_at_load() {
        for (schema, word) in [
            (json!({"type": "strnig"}), "strnig"),
            (json!({"type": "object", "required": "id"}), "required"),
            (json!({"$ref": "https://example.com/schema.json"}), "example.com"),
            (json!({"$ref": "#/nowhere"}), "nowhere"),
            (json!({"pattern": "("}), "regex"),
            (json!("text"), "object"),
        ] {
            let fault = Schema::compile("output", &schema).unwrap_err();
            assert!(fault.to_string().contains(word), "{fault}");
        }
    }

    #[test]
    fn a_mismatch_names_its_place() {
        let schema =
            json!({"type": "object", "properties": {"order": {"type": "object", "required": ["id"]}}});
        let schema = Schema::compile("input", &schema).unwrap();
        assert!(schema.check(&json!({"order": {"id": 1}})).is_ok());
        assert_eq!(schema.check(&json!({"order": {}})).unwrap_err()[0].at, "/order");
    }
}
