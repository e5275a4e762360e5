//! Discord's own OpenAPI document as a judge of every request and answer.

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

const URI: &str = "json-schema:///discord";

/// The document, and the validators made of its parts so far. Compiling one takes time, so each is made once.
pub(crate) struct Spec {
    document: &'static Value,
    registry: &'static Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation that the document knows.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// E.g. `/channels/{channel_id}/messages`.
    pub(crate) template: String,
    pub(crate) method: String,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The document of `../shared/specs` (or `$DESKHAND_SHARED/specs`), read once. Without it nothing is judged, except with
/// `CI=true`, where its absence is an error.
pub(crate) fn spec() -> Option<&'static Spec> {
    static SPEC: OnceLock<Option<Spec>> = OnceLock::new();
    SPEC.get_or_init(|| {
        let shared = std::env::var_os("DESKHAND_SHARED")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
        let path = shared.join("specs/discord-openapi.json");
        let Ok(text) = std::fs::read(&path) else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is needed", path.display());
            println!("Discord's spec is absent ({}): requests and answers are not judged", path.display());
            return None;
        };
        let document: &'static Value =
            Box::leak(Box::new(serde_json::from_slice(&text).expect("the spec is JSON")));
        let registry =
            Registry::new().add(URI, document).and_then(|new| new.prepare()).expect("the spec is a document");
        let registry: &'static Registry<'static> = Box::leak(Box::new(registry));
        Some(Spec { document, registry, compiled: Mutex::default() })
    })
    .as_ref()
}

impl Spec {
    /// The operation of a request; fixed parts of a path win over parameters.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object()?;
        let fits = |template: &str| {
            let slots: Vec<&str> = template.split('/').collect();
            let same = |(slot, part): (&&str, &&str)| slot.starts_with('{') || slot == part;
            (slots.len() == parts.len() && slots.iter().zip(&parts).all(same))
                .then(|| slots.iter().filter(|slot| slot.starts_with('{')).count())
        };
        let (_, template) = paths
            .iter()
            .filter(|(_, item)| item[method.to_lowercase()].is_object())
            .filter_map(|(template, _)| Some((fits(template)?, template)))
            .min()?;
        let slots = template.split('/').zip(&parts).filter(|(slot, _)| slot.starts_with('{'));
        let parameters =
            slots.map(|(slot, part)| (slot.trim_matches(['{', '}']).to_owned(), (*part).to_owned()));
        Some(Operation {
            template: template.clone(),
            method: method.to_lowercase(),
            parameters: parameters.collect(),
        })
    }

    /// What is wrong with a request.
    pub(crate) fn judge_request(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let item = pointer(&["paths", &operation.template]);
        let declared = [(&item, "path"), (&format!("{item}/{}", operation.method), "query")];
        for (at, place) in declared {
            let all = self.document.pointer(&format!("{at}/parameters")).and_then(Value::as_array);
            for (index, parameter) in all.into_iter().flatten().enumerate().filter(|(_, p)| p["in"] == place)
            {
                let name = parameter["name"].as_str().unwrap_or_default();
                let given = match place {
                    "path" => operation.parameters.get(name),
                    _ => query.iter().find(|(known, _)| known == name).map(|(_, value)| value),
                };
                let Some(given) = given else { continue };
                let schema = format!("{at}/parameters/{index}/schema");
                let as_text = self.errors(&schema, &json!(given));
                let as_json = serde_json::from_str::<Value>(given).map(|value| self.errors(&schema, &value));
                // Discord takes 1 and 0 for booleans in a query (discord.py sends them).
                let as_flag = matches!(given.as_str(), "0" | "1")
                    && self.errors(&schema, &json!(given == "1")).is_empty();
                if !as_text.is_empty() && !as_flag && !as_json.is_ok_and(|errors| errors.is_empty()) {
                    wrong.extend(
                        as_text.into_iter().map(|error| format!("{place} parameter {name}: {error}")),
                    );
                }
            }
        }
        let parameters = self
            .document
            .pointer(&format!("{item}/{}/parameters", operation.method))
            .and_then(Value::as_array);
        for (name, _) in query {
            if !parameters.into_iter().flatten().any(|p| p["in"] == "query" && p["name"] == name.as_str()) {
                wrong.push(format!("unknown query parameter {name}"));
            }
        }
        let content = format!("{item}/{}/requestBody/content/application~1json/schema", operation.method);
        match (self.document.pointer(&content), body) {
            (Some(_), Some(body)) => {
                wrong.extend(self.errors(&content, body).into_iter().map(|e| format!("body: {e}")))
            }
            (Some(_), None) => {}
            (None, Some(_)) => wrong.push("a body where none belongs".into()),
            (None, None) => {}
        }
        wrong
    }

    /// What is wrong with an answer.
    pub(crate) fn judge_answer(
        &self,
        operation: &Operation,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<String> {
        let responses =
            format!("{}/{}/responses", pointer(&["paths", &operation.template]), operation.method);
        let exact = format!("{responses}/{status}");
        let schema = match status {
            429 => pointer(&["components", "responses", "ClientRatelimitedResponse"]),
            400..500 => {
                let schema = pointer(&["components", "responses", "ClientErrorResponse"])
                    + "/content/application~1json/schema";
                return body.map_or_else(
                    || vec!["an answer without a body".into()],
                    |body| self.errors(&schema, &numbered(body)),
                );
            }
            500.. => return Vec::new(),
            _ if self.document.pointer(&exact).is_some() => exact,
            _ => return vec![format!("status {status} is not in the spec")],
        } + "/content/application~1json/schema";
        match (self.document.pointer(&schema), body) {
            (Some(_), Some(body)) => self.errors(&schema, body),
            (Some(_), None) => vec!["an answer without a body".into()],
            (None, Some(_)) => vec!["an answer with a body where none belongs".into()],
            (None, None) => Vec::new(),
        }
    }

    /// What is wrong with a value by one of the document's components.
    pub(crate) fn judge_component(&self, name: &str, value: &Value) -> Vec<String> {
        self.errors(&pointer(&["components", "schemas", name]), value)
    }

    fn errors(&self, pointer: &str, value: &Value) -> Vec<String> {
        let validator = {
            let mut compiled = self.compiled.lock().unwrap();
            Arc::clone(compiled.entry(pointer.to_owned()).or_insert_with(|| {
                let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
                let schema = json!({"$ref": format!("{URI}#{fragment}")});
                let made = jsonschema::options()
                    .with_registry(self.registry)
                    .should_validate_formats(false)
                    .build(&schema);
                Arc::new(made.unwrap_or_else(|error| panic!("{pointer}: {error}")))
            }))
        };
        validator
            .iter_errors(value)
            .take(3)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect()
    }
}

/// An error with numbers for the codes of its fields: the spec wants integers there, but what Discord documents and
/// sends are names such as `BASE_TYPE_MAX_LENGTH`.
fn numbered(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let inner = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("code", Value::String(_)) => (name.clone(), json!(0)),
                _ => (name.clone(), numbered(value)),
            };
            Value::Object(fields.iter().map(inner).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(numbered).collect()),
        other => other.clone(),
    }
}

fn pointer(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}
