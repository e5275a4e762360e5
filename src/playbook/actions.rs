//! Checked actions: what they take and give is known, every template was tried, and what is sent is made here, without
//! I/O, so that a dry run shows exactly what would go out.

use super::condition::MoreNames;
use super::fault::{Faults, Spot, unknown};
use super::policy::action::{ActionFile, ActionKind, Auth, Http, OnFailure, Requirement, Sql, Undo};
use super::policy::intent::Risk;
use super::yaml::{self, Spanned};
use super::{shape, templates};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The action that asks the desk's own customer directory.
pub const CUSTOMERS_FIND: &str = "customers.find";

/// How long one try may take where the file says nothing.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a file may say: the customer waits for it.
const LONGEST: Duration = Duration::from_secs(20);
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

/// How an action is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Via {
    /// An HTTP request.
    Http(Http),
    /// A query.
    Sql(Sql),
    /// By the desk itself.
    BuiltIn,
}

/// What is sent for one run of an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Over HTTP.
    Http {
        /// The method.
        method: &'static str,
        /// The address.
        url: String,
        /// Headers of the action; those for authentication and the key are not among them.
        headers: Vec<(String, String)>,
        /// The body.
        body: Body,
    },
    /// To a database.
    Sql {
        /// Its name in the settings.
        database: String,
        /// The query.
        query: String,
        /// What takes the place of `$1`, `$2` ….
        params: Vec<Value>,
    },
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// `application/json`.
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
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
        match &self.via {
            Via::Http(http) => request(http, &facts),
            Via::Sql(sql) => Ok(Request::Sql {
                database: sql.database.clone(),
                query: sql.query.clone(),
                params: sql
                    .params
                    .iter()
                    .map(|param| templates::fill(param, &facts))
                    .collect::<Result<_, _>>()?,
            }),
            Via::BuiltIn => Err("the desk does this itself".to_owned()),
        }
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

fn conforms(validator: &Validator, value: &Value) -> Result<(), String> {
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

fn request(http: &Http, facts: &Map<String, Value>) -> Result<Request, String> {
    let text = |source: &String| templates::render(source, facts);
    let headers = http.headers.iter().map(|(name, value)| {
        let value = text(value)?;
        // A header with a line break would be two.
        match value.chars().any(char::is_control) {
            true => Err(format!("the header {name} holds a line break or another control character")),
            false => Ok((name.clone(), value)),
        }
    });
    let body = match (&http.body, &http.form) {
        (Some(body), _) => Body::Json(templates::fill(body, facts)?),
        (None, Some(form)) => Body::Form(
            form.iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<_, String>>()?,
        ),
        (None, None) => Body::Empty,
    };
    Ok(Request::Http {
        method: http.method.name(),
        url: templates::render_address(&http.url, facts)?,
        headers: headers.collect::<Result<_, String>>()?,
        body,
    })
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
    let find = compiled(&input).ok().map(|takes| Action {
        id: CUSTOMERS_FIND.to_owned(),
        version: "1".to_owned(),
        name: "Find a customer".to_owned(),
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

fn compiled(schema: &Value) -> Result<Arc<Validator>, String> {
    if !schema.is_object() {
        return Err("a JSON Schema is a mapping".to_owned());
    }
    jsonschema::meta::validate(schema).map_err(|error| format!("at {}: {error}", error.instance_path()))?;
    let built = jsonschema::options().should_validate_formats(true).build(schema);
    built.map(Arc::new).map_err(|error| error.to_string())
}

/// Checks all actions, and what they say of each other.
pub(super) fn read<'a>(
    files: impl Iterator<Item = (&'a String, &'a String)>,
    teams: &[String],
    faults: &mut Faults,
) -> BTreeMap<String, Action> {
    let mut actions = built_in();
    let mut undos: Vec<(String, String, Spanned<Undo>)> = Vec::new();
    for (file, text) in files {
        let Some(parsed) = yaml::parse::<ActionFile>(file, text, faults) else { continue };
        if let Some(team) = parsed.on_failure.team.as_ref().filter(|team| !teams.contains(*team)) {
            faults.add(file, 1, unknown("team", team, teams.iter().map(String::as_str)));
        }
        if let Some(undo) = &parsed.undo {
            undos.push((file.clone(), parsed.id.value.clone(), undo.clone()));
        }
        if let Some(action) = check(file, text, parsed, faults) {
            actions.insert(action.id.clone(), action);
        }
    }
    for (file, id, undo) in undos {
        let Some(action) = actions.get(&id) else { continue };
        if let Err(message) = undoes(action, &undo.value, &actions) {
            faults.add(&file, yaml::spot(&undo), message);
        }
    }
    actions
}

fn undoes(action: &Action, undo: &Undo, actions: &BTreeMap<String, Action>) -> Result<(), String> {
    let by = actions
        .get(&undo.action)
        .ok_or_else(|| unknown("action", &undo.action, actions.keys().map(String::as_str)))?;
    if by.kind != ActionKind::Act || action.kind != ActionKind::Act {
        return Err("what undoes and what is undone are both of `kind: act`".to_owned());
    }
    let facts = Map::from_iter([
        ("input".to_owned(), shape::describe("", &action.input, &mut MoreNames::new())),
        ("output".to_owned(), action.sample()),
    ]);
    templates::fill_all(&undo.with, &facts).map(drop)
}

fn check(file: &str, text: &str, parsed: ActionFile, faults: &mut Faults) -> Option<Action> {
    let id = &parsed.id.value;
    let line = yaml::spot(&parsed.id);
    if file != format!("policies/actions/{id}.yaml") {
        faults.add(file, line, format!("the action \"{id}\" belongs into policies/actions/{id}.yaml"));
    }
    if id == CUSTOMERS_FIND {
        faults.add(file, line, format!("\"{id}\" is built in; take another id"));
    }
    let timeout = parsed.timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.value.0);
    if !(Duration::from_millis(100)..=LONGEST).contains(&timeout) {
        let line = parsed.timeout.as_ref().map_or(line, yaml::spot);
        faults.add(file, line, "`timeout` is 100ms to 20s: a customer waits for it");
    }
    if !(1..=20).contains(&parsed.retry.tries) {
        faults.add(file, line, "`retry.tries` is 1 to 20");
    }
    let (via, via_line) = match (parsed.http, parsed.sql) {
        (Some(http), None) => {
            let line = yaml::spot(&http);
            (Via::Http(http.value), line)
        }
        (None, Some(sql)) => {
            let line = yaml::spot(&sql);
            (Via::Sql(sql.value), line)
        }
        _ => {
            faults.add(file, line, "an action has `http` or `sql`, and only one of them");
            return None;
        }
    };
    if let Err(message) = plausible(&via, parsed.kind) {
        faults.add(file, via_line, message);
    }
    let mut schema = |given: Option<&Spanned<Value>>, default: Value| {
        let line = given.map_or(Spot::from(1), yaml::spot);
        let schema = given.map_or(default, |given| given.value.clone());
        match compiled(&schema) {
            Ok(validator) => Some((schema, validator)),
            Err(message) => {
                faults.add(file, line, format!("is no JSON Schema: {message}"));
                None
            }
        }
    };
    let nothing = json!({"type": "object", "additionalProperties": false});
    let (input, takes) = schema(parsed.input.as_ref(), nothing)?;
    let output = parsed.output.as_ref().map(|output| schema(Some(output), Value::Null));
    let (output, gives) = match output {
        None => (None, None),
        Some(None) => return None,
        Some(Some((schema, validator))) => (Some(schema), Some(validator)),
    };
    let action = Action {
        id: id.clone(),
        version: super::address(text.as_bytes()),
        name: parsed.name,
        kind: parsed.kind,
        via,
        auth: parsed.auth,
        timeout,
        tries: parsed.retry.tries,
        success: parsed.success,
        idempotency: parsed.idempotency,
        risk: parsed.risk,
        requires: parsed.requires,
        undo: parsed.undo.map(|undo| undo.value),
        on_failure: parsed.on_failure,
        input,
        output,
        takes,
        gives,
    };
    let sample = shape::describe("", &action.input, &mut MoreNames::new());
    if let Err(message) = action.request(&sample) {
        faults.add(file, via_line, format!("a template fails on a sample of the input: {message}"));
    }
    Some(action)
}

/// What can be told without running it.
fn plausible(via: &Via, kind: ActionKind) -> Result<(), String> {
    match via {
        Via::Http(http) => {
            let rest = http.url.strip_prefix("https://").or_else(|| http.url.strip_prefix("http://"));
            let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
            if host.is_empty() || host.contains(['{', '@', ' ']) {
                return Err("`url` begins with https:// and a host that is no template".to_owned());
            }
            if http.body.is_some() && http.form.is_some() {
                return Err("a request has a `body` or a `form`, not both".to_owned());
            }
            Ok(())
        }
        Via::Sql(sql) => {
            if kind != ActionKind::Read {
                return Err("`sql` only reads: the action is of `kind: read`".to_owned());
            }
            let query = sql.query.trim().trim_end_matches(';');
            let first = query.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            if !["select", "with"].contains(&first.as_str()) || query.contains(';') {
                return Err("`query` is one SELECT".to_owned());
            }
            if query.contains("{{") || query.contains("{%") {
                return Err(
                    "`query` is no template: what customers say goes into `params`, as $1, $2 …".to_owned()
                );
            }
            let named = (1..=sql.params.len()).all(|number| query.contains(&format!("${number}")));
            match named && !query.contains(&format!("${}", sql.params.len() + 1)) {
                true => Ok(()),
                false => Err(format!("`params` has {} values, the query names others", sql.params.len())),
            }
        }
        Via::BuiltIn => Ok(()),
    }
}
