//! One HTTP request of a policy action: checked and prepared without I/O, shown by a dry run, executed through the
//! guard, its answer checked.

mod prepare;
mod run;
mod schema;

pub use prepare::{Auth, Body, Prepared, Preview, Rendered};
pub use run::{Outcome, Retries, Runner};
pub use schema::{Mismatch, SchemaFault};

use crate::guard::Limits;
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use schema::Schema;
use serde_json::Value;

/// What a policy file says of an action, apart from its templates.
#[derive(Debug, Clone)]
pub struct ActionSpec {
    /// Its name in policies.
    pub name: String,
    /// Its method.
    pub method: Method,
    /// JSON Schema of what it takes.
    pub input: Option<Value>,
    /// JSON Schema of what it gives.
    pub output: Option<Value>,
    /// Statuses of success; none for all of 200 to 299.
    pub success: Vec<StatusCode>,
    /// The header by which the remote side recognises a repetition, where it does.
    pub idempotency_header: Option<HeaderName>,
    /// Tries within one execution.
    pub retries: Retries,
    /// Limits of its own.
    pub limits: Option<Limits>,
}

impl ActionSpec {
    /// An action with nothing declared.
    #[must_use]
    pub fn new(name: impl Into<String>, method: Method) -> Self {
        Self {
            name: name.into(),
            method,
            input: None,
            output: None,
            success: Vec::new(),
            idempotency_header: None,
            retries: Retries::default(),
            limits: None,
        }
    }
}

/// An action whose schemas are known to be good.
#[derive(Debug, Clone)]
pub struct Action {
    spec: ActionSpec,
    input: Option<Schema>,
    output: Option<Schema>,
}

impl Action {
    /// Checks what was declared; all mistakes at once.
    pub fn compile(spec: ActionSpec) -> Result<Self, Vec<SchemaFault>> {
        let mut faults = Vec::new();
        let mut compiled = |field: &'static str, schema: &Option<Value>| {
            schema.as_ref().and_then(|schema| match Schema::compile(field, schema) {
                Ok(schema) => Some(schema),
                Err(fault) => {
                    faults.push(fault);
                    None
                }
            })
        };
        let (input, output) = (compiled("input", &spec.input), compiled("output", &spec.output));
        if faults.is_empty() { Ok(Self { spec, input, output }) } else { Err(faults) }
    }

    /// What was declared.
    #[must_use]
    pub fn spec(&self) -> &ActionSpec {
        &self.spec
    }

    /// Whether what is handed in is what the action takes. To be asked before its templates are rendered.
    pub fn check_input(&self, input: &Value) -> Result<(), Vec<Mismatch>> {
        self.input.as_ref().map_or(Ok(()), |schema| schema.check(input))
    }

    /// Whether what came back is what the action promises.
    pub fn check_output(&self, output: &Value) -> Result<(), Vec<Mismatch>> {
        self.output.as_ref().map_or(Ok(()), |schema| schema.check(output))
    }

    /// Whether the same request twice is as good as once.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.spec.method.is_idempotent() || self.spec.idempotency_header.is_some()
    }
}
