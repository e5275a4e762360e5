//! Requests held to OpenAI's specification. Its schemas leave most objects open; what a vendor does not know is a
//! mistake of ours all the same, so unknown keys at the top of a request are refused as well.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The compiled schemas of the requests that the fake takes.
pub struct Spec {
    chat: (Validator, BTreeSet<String>),
    embeddings: (Validator, BTreeSet<String>),
    completion: Validator,
    piece: Validator,
}

/// Where the vendors' specifications lie: `DESKHAND_SHARED`, else beside the repository.
pub fn shared() -> PathBuf {
    std::env::var_os("DESKHAND_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
}

impl Spec {
    /// Reads `specs/openai-chat.json`; none where it is absent.
    pub fn load() -> Result<Option<Self>, String> {
        let path = shared().join("specs/openai-chat.json");
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
        let mut document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        nullable(&mut document);
        let of = |name: &str| validator(&document, name);
        let keys = |name: &str| {
            let mut keys = BTreeSet::new();
            top_keys(&document, &document["components"]["schemas"][name], &mut keys);
            keys
        };
        Ok(Some(Self {
            chat: (of("CreateChatCompletionRequest")?, keys("CreateChatCompletionRequest")),
            embeddings: (of("CreateEmbeddingRequest")?, keys("CreateEmbeddingRequest")),
            completion: of("CreateChatCompletionResponse")?,
            piece: of("CreateChatCompletionStreamResponse")?,
        }))
    }

    /// What is wrong with a request for a completion.
    pub fn chat(&self, request: &Value) -> Vec<String> {
        faults(&self.chat.0, &self.chat.1, request)
    }

    /// What is wrong with a request for embeddings.
    pub fn embeddings(&self, request: &Value) -> Vec<String> {
        faults(&self.embeddings.0, &self.embeddings.1, request)
    }

    /// What is wrong with an answer of this fake that is meant to be right.
    pub fn completion(&self, answer: &Value) -> Vec<String> {
        errors(&self.completion, answer)
    }

    /// What is wrong with a piece of a streamed answer that is meant to be right.
    pub fn piece(&self, piece: &Value) -> Vec<String> {
        errors(&self.piece, piece)
    }
}

fn validator(document: &Value, name: &str) -> Result<Validator, String> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
        "components": document["components"],
    });
    jsonschema::validator_for(&schema).map_err(|error| format!("{name}: {error}"))
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let say = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(value).map(say).collect()
}

fn faults(validator: &Validator, keys: &BTreeSet<String>, request: &Value) -> Vec<String> {
    let mut faults = errors(validator, request);
    let unknown = request.as_object().into_iter().flat_map(Map::keys).filter(|key| !keys.contains(*key));
    faults.extend(unknown.map(|key| format!("/{key}: the API has no such parameter")));
    faults
}

/// OpenAPI 3.0's `nullable`, which stands in this 3.1 document here and there, as JSON Schema says it.
fn nullable(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.remove("nullable") == Some(Value::Bool(true)) {
                match object.get_mut("type") {
                    Some(Value::String(kind)) => {
                        let kinds = json!([kind, "null"]);
                        object.insert("type".to_owned(), kinds);
                        if let Some(Value::Array(values)) = object.get_mut("enum") {
                            values.push(Value::Null);
                        }
                    }
                    _ => {
                        let rest = Value::Object(std::mem::take(object));
                        object.insert("anyOf".to_owned(), json!([rest, {"type": "null"}]));
                    }
                }
            }
            object.values_mut().for_each(nullable);
        }
        Value::Array(entries) => entries.iter_mut().for_each(nullable),
        _ => {}
    }
}

fn top_keys(document: &Value, schema: &Value, keys: &mut BTreeSet<String>) {
    if let Some(path) = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        top_keys(document, document.pointer(path).unwrap_or(&Value::Null), keys);
    }
    keys.extend(schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
    for inner in
        ["allOf", "anyOf", "oneOf"].iter().flat_map(|word| schema[*word].as_array().into_iter().flatten())
    {
        top_keys(document, inner, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_defects_are_caught() {
        let Some(spec) = Spec::load().expect("a readable specification") else {
            assert!(std::env::var_os("CI").is_none(), "specs/openai-chat.json is absent");
            println!("skipped: specs/openai-chat.json is absent");
            return;
        };
        let right = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5});
        assert_eq!(spec.chat(&right), Vec::<String>::new());
        for (pointer, defect) in [
            ("/messages", json!([])),
            ("/messages/0/role", json!("robot")),
            ("/messages/0", json!({"role": "user"})),
            ("/max_tokens", json!("many")),
            ("/model", json!(7)),
        ] {
            let mut wrong = right.clone();
            *wrong.pointer_mut(pointer).expect("a place") = defect;
            assert_ne!(spec.chat(&wrong), Vec::<String>::new(), "{pointer}");
        }
        for (key, value) in [
            ("max_token", json!(5)),
            ("temperature", json!(3)),
            ("response_format", json!({"type": "json_schema"})),
            ("tools", json!([{"type": "function"}])),
            ("stream", json!("yes")),
        ] {
            let mut wrong = right.clone();
            wrong[key] = value;
            assert_ne!(spec.chat(&wrong), Vec::<String>::new(), "{key}");
        }
        assert_ne!(spec.embeddings(&json!({"model": "m"})), Vec::<String>::new());
    }
}
