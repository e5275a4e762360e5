//! GitHub's and Jira's own descriptions of their APIs, from `../shared/specs`: what they do not allow is a violation.

use super::Vendor;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A vendor's OpenAPI document, and the validators made of it so far.
pub struct Spec {
    document: Value,
    made: Mutex<HashMap<String, Option<std::sync::Arc<Validator>>>>,
}

fn folder() -> PathBuf {
    let shared = std::env::var_os("DESKHAND_SHARED").map(PathBuf::from);
    shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared")).join("specs")
}

/// The vendor's spec, where the vendor has one and it is at hand.
#[must_use]
pub fn of(vendor: Vendor) -> Option<&'static Spec> {
    static GITHUB: OnceLock<Option<Spec>> = OnceLock::new();
    static JIRA: OnceLock<Option<Spec>> = OnceLock::new();
    match vendor {
        Vendor::GitHub => GITHUB.get_or_init(|| Spec::read("github-issues.json")).as_ref(),
        Vendor::Jira => JIRA.get_or_init(|| Spec::read("jira-issue.json")).as_ref(),
        _ => None,
    }
}

/// What is wrong with a request, by its vendor's spec.
pub(super) fn violation(vendor: Vendor, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<String> {
    let spec = of(vendor)?;
    // Younger than the file: held to the older search, whose body has the same names.
    let path = if path == "/rest/api/3/search/jql" { "/rest/api/3/search" } else { path };
    if kind.starts_with("multipart/form-data") {
        return spec.form(method, path).err();
    }
    let body = if body.is_empty() { Ok(None) } else { serde_json::from_slice(body).map(Some) };
    match body {
        Ok(body) => spec.request(method, path, body.as_ref()).err(),
        Err(error) => Some(format!("{method} {path}: no JSON: {error}")),
    }
}

impl Spec {
    fn read(name: &str) -> Option<Self> {
        let text = std::fs::read_to_string(folder().join(name)).ok()?;
        let mut document: Value = serde_json::from_str(&text).ok()?;
        as_json_schema(&mut document["components"]);
        as_json_schema(&mut document["paths"]);
        Some(Self { document, made: Mutex::default() })
    }

    /// Whether the spec knows a form there.
    fn form(&self, method: &str, path: &str) -> Result<(), String> {
        let (template, operation) = self.operation(method, path)?;
        match operation.pointer("/requestBody/content/multipart~1form-data") {
            Some(_) => Ok(()),
            None => Err(format!("{method} {template} takes no form")),
        }
    }

    /// Whether a request is one that the spec knows, with a body that it allows.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(), String> {
        let (template, operation) = self.operation(method, path)?;
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        match (schema, body) {
            (Some(schema), Some(body)) => self.check(&format!("{method} {template}"), schema, body),
            (None, Some(_)) => Err(format!("{method} {template} takes no body")),
            (Some(_), None) if operation["requestBody"]["required"] == true => {
                Err(format!("{method} {template} takes a body"))
            }
            _ => Ok(()),
        }
    }

    /// Whether an answer is one that the spec allows.
    pub fn response(&self, method: &str, path: &str, status: u16, body: &Value) -> Result<(), String> {
        let (template, operation) = self.operation(method, path)?;
        let mut answer = &operation["responses"][status.to_string()];
        if let Some(reference) = answer["$ref"].as_str() {
            answer = self.document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
        match answer.pointer("/content/application~1json/schema") {
            Some(schema) => self.check(&format!("{method} {template} {status}"), schema, body),
            None => Err(format!("{method} {template} has no JSON answer {status}")),
        }
    }

    fn operation(&self, method: &str, path: &str) -> Result<(&String, &Value), String> {
        let paths = self.document["paths"].as_object().ok_or("the spec has no paths")?;
        let fits = |template: &str| {
            let (ours, theirs): (Vec<&str>, Vec<&str>) =
                (path.split('/').collect(), template.split('/').collect());
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(our, their)| *our == their || their.starts_with('{'))
        };
        // A template without a variable in the place is the better fit.
        let mut found: Vec<&String> = paths.keys().filter(|template| fits(template)).collect();
        found.sort_by_key(|template| template.matches('{').count());
        let template = found.first().ok_or_else(|| format!("the spec has no path {path}"))?;
        let operation = &paths[*template][method.to_ascii_lowercase()];
        if operation.is_null() {
            Err(format!("{template} has no {method}"))
        } else {
            Ok((template, operation))
        }
    }

    fn check(&self, name: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let make = || {
                let whole = json!({"allOf": [schema], "components": self.document["components"]});
                jsonschema::draft7::new(&whole).ok().map(std::sync::Arc::new)
            };
            made.entry(name.to_owned()).or_insert_with(make).clone()
        };
        let validator = validator.ok_or_else(|| format!("{name}: its schema can't be compiled"))?;
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .take(5)
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("{name}: {}", wrong.join("; "))) }
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema says null; `readOnly` and the rest are ignored by validators.
fn as_json_schema(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(as_json_schema),
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                let inner = Value::Object(std::mem::take(fields));
                fields.insert("anyOf".to_owned(), json!([{"type": "null"}, inner]));
            }
        }
        _ => {}
    }
}
