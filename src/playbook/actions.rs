//! Checked actions: what they take and give is known, every template was tried, and what is sent is made here, without
//! I/O, so that a dry run shows exactly what would go out.

mod check;
pub mod query;
pub mod scalars;
mod ways;

pub(super) use check::{compiled, read};
pub use ways::{Body, Request, Via};

use super::condition::MoreNames;
use super::policy::action::{ActionKind, Auth, OnFailure, Requirement, Undo};
use super::policy::intent::Risk;
use super::shape;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The action that asks the desk's own customer directory.
pub const CUSTOMERS_FIND: &str = "customers.find";

/// How long one try may take where the file says nothing.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Mismatches told at most.
const TOLD: usize = 3;

/// An action that can be run.
#[derive(Clone)]
pub struct Action {
    /// Names it in playbooks, effects and the audit.
    pub id: String,
    /// The content address of its file.
    pub version: String,
    /// As people see it.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Whether it changes anything.
    pub kind: ActionKind,
    /// What is sent where.
    pub via: Via,
    /// How the other side knows us.
    pub auth: Option<Auth>,
    /// How long one try may take.
    pub timeout: Duration,
    /// Tries in all, by the outbox.
    pub tries: u32,
    /// Statuses of success; 200 to 299 where empty.
    pub success: Vec<u16>,
    /// The header that gets the key.
    pub idempotency: Option<String>,
    /// What a mistake would cost.
    pub risk: Risk,
    /// Who it may be done for.
    pub requires: Option<Requirement>,
    /// What undoes it.
    pub undo: Option<Undo>,
    /// Who goes on where it fails.
    pub on_failure: OnFailure,
    /// JSON Schema of what it takes.
    pub input: Value,
    /// JSON Schema of what it gives, where it is known.
    pub output: Option<Value>,
    takes: Arc<Validator>,
    gives: Option<Arc<Validator>>,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

impl Action {
    /// Whether the same run twice is as good as once.
    #[must_use]
    pub fn repeats_safely(&self) -> bool {
        self.kind == ActionKind::Read
            || self.idempotency.is_some()
            || matches!(&self.via, Via::Http(http) if http.method.is_idempotent())
    }

    /// Whether it takes this; what is wrong otherwise.
    pub fn takes(&self, input: &Value) -> Result<(), String> {
        conforms(&self.takes, input)
    }

    /// What came, with everything that the action promises; what is wrong with it otherwise.
    pub fn gives(&self, output: Value) -> Result<Value, String> {
        match (&self.gives, &self.output) {
            (Some(validator), Some(schema)) => {
                conforms(validator, &output)?;
                Ok(shape::completed(schema, output))
            }
            _ => Ok(output),
        }
    }

    /// What is sent for this input. A template that fails says so.
    pub fn request(&self, input: &Value) -> Result<Request, String> {
        let facts = Map::from_iter([("input".to_owned(), shape::completed(&self.input, input.clone()))]);
        ways::request(&self.via, &facts)
    }

    /// Names below `root` in what it gives, and a sample of it.
    pub(super) fn describe(&self, root: &str, kinds: &mut MoreNames) -> Value {
        shape::describe(root, self.output.as_ref().unwrap_or(&Value::Null), kinds)
    }

    /// A sample of what it gives: what a rehearsal goes on with.
    #[must_use]
    pub fn sample(&self) -> Value {
        self.describe("", &mut MoreNames::new())
    }
}

/// Whether this is a JSON Schema; what is wrong otherwise.
pub fn is_schema(schema: &Value) -> Result<(), String> {
    check::compiled(schema).map(drop)
}

/// Whether a value is of a schema that was checked; what is wrong otherwise.
pub fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    conforms(check::compiled(schema)?.as_ref(), value)
}

pub(super) fn conforms(validator: &Validator, value: &Value) -> Result<(), String> {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .take(TOLD)
        .map(|error| match error.instance_path().as_str() {
            "" => error.masked().to_string(),
            path => format!("{path}: {}", error.masked()),
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// The actions that the desk brings itself.
pub(super) fn built_in() -> BTreeMap<String, Action> {
    let input = json!({
        "type": "object", "required": ["email"], "additionalProperties": false,
        "properties": {"email": {"type": "string"}}
    });
    let text = json!({"type": "string"});
    let output = json!({"type": "object", "properties": {
        "found": {"type": "boolean"}, "available": {"type": "boolean"}, "status": text, "name": text, "tier": text,
        "plan": text, "company": text
    }});
    // These schemas are ours; one that is none would be a fault of every playbook, and is left out.
    let find = check::compiled(&input).ok().map(|takes| Action {
        id: CUSTOMERS_FIND.to_owned(),
        version: "1".to_owned(),
        name: "Find a customer".to_owned(),
        description: "Looks for an account by its e-mail address.".to_owned(),
        kind: ActionKind::Read,
        via: Via::BuiltIn,
        auth: None,
        timeout: TIMEOUT,
        tries: 1,
        success: Vec::new(),
        idempotency: None,
        risk: Risk::Low,
        requires: None,
        undo: None,
        on_failure: OnFailure::default(),
        input,
        output: Some(output),
        takes,
        gives: None,
    });
    find.into_iter().map(|action| (action.id.clone(), action)).collect()
}
