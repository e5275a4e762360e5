//! From a prompt and values to messages. Values outside of the allow-list are refused, not ignored.

use super::fault::unknown;
use super::front::{From, Input, Kind};
use super::{Prompt, data};
use crate::ask::{Ask, Message, Role};
use crate::redact::{Placeholders, Redactor};
use crate::wire::strict;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How much a template may compute.
const FUEL: u64 = 200_000;

/// Why a prompt could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A value that the prompt may not see.
    #[error("{0}")]
    NotAllowed(String),
    /// A value that the prompt needs.
    #[error("the input \"{0}\" is missing")]
    Missing(String),
    /// There is nothing to choose or to answer from: the model is not asked.
    #[error("the input \"{0}\" is empty: there is nothing to answer from")]
    Nothing(String),
    /// Another kind of value was expected.
    #[error("the input \"{name}\" is no {expected}")]
    Kind {
        /// The input.
        name: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Longer than the prompt's limit.
    #[error("the prompt has {chars} characters, {allowed} are allowed")]
    TooLong {
        /// As rendered.
        chars: usize,
        /// By its limits.
        allowed: usize,
    },
    /// The template failed, though it passed with its samples.
    #[error("{message}")]
    Template {
        /// In which section.
        role: Role,
        /// Its line within the section, 1 for the first.
        line: u64,
        /// The template engine's words.
        message: String,
    },
}

/// For whom a prompt is rendered.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The release.
    pub release: &'a str,
    /// The conversation.
    pub conversation: &'a str,
    /// The customer.
    pub customer: &'a str,
}

impl Prompt {
    /// System and user message. What customers wrote is redacted if a redactor is given; its placeholders are kept by
    /// the caller.
    pub fn render(
        &self,
        inputs: &Map<String, Value>,
        mut redaction: Option<(&Redactor, &mut Placeholders)>,
    ) -> Result<[Message; 2], RenderError> {
        if let Some(name) = inputs.keys().find(|name| !self.inputs.contains_key(*name)) {
            return Err(RenderError::NotAllowed(unknown(
                "input",
                name,
                self.inputs.keys().map(String::as_str),
            )));
        }
        let mut context = Map::new();
        for (name, input) in &self.inputs {
            let value = match inputs.get(name).filter(|value| !value.is_null()) {
                Some(value) => harmless(name, input, value, &mut redaction)?,
                None if input.optional => empty(input.kind),
                None => return Err(RenderError::Missing(name.clone())),
            };
            context.insert(name.clone(), value);
        }
        let environment = environment();
        let fill = |role: Role, source: &str| {
            let text = environment.render_str(source, Serde(&context)).map_err(|error| {
                RenderError::Template { role, line: error.line().unwrap_or(1) as u64, message: plain(&error) }
            })?;
            Ok::<_, RenderError>(Message { role, text: text.trim().to_owned() })
        };
        let messages = [fill(Role::System, &self.system)?, fill(Role::User, &self.user)?];
        let chars = messages.iter().map(|message| message.text.chars().count()).sum();
        if chars > self.max_chars {
            return Err(RenderError::TooLong { chars, allowed: self.max_chars });
        }
        Ok(messages)
    }

    /// The whole question: messages, and the schema with the ids that exist.
    pub fn ask(
        &self,
        case: Case<'_>,
        inputs: &Map<String, Value>,
        redaction: Option<(&Redactor, &mut Placeholders)>,
    ) -> Result<Ask, RenderError> {
        let messages = self.render(inputs, redaction)?;
        let schema = match &self.schema {
            Some(schema) => Some(Arc::new(self.with_ids(schema, inputs)?)),
            None => None,
        };
        Ok(Ask {
            step: self.step,
            prompt: self.version.clone(),
            release: case.release.to_owned(),
            conversation: case.conversation.to_owned(),
            customer: case.customer.to_owned(),
            messages: messages.to_vec(),
            schema,
            streams: self.streams.clone(),
            limits: self.limits,
        })
    }

    fn with_ids(&self, schema: &Value, inputs: &Map<String, Value>) -> Result<Value, RenderError> {
        let mut ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for name in strict::id_sources(schema) {
            let cut = self.inputs.get(name).map_or(usize::MAX, |input| input.max_items);
            let entries = inputs.get(name).and_then(Value::as_array).into_iter().flatten().take(cut);
            let found: BTreeSet<String> = entries
                .filter_map(|entry| entry.as_str().or_else(|| entry.get("id")?.as_str()).map(str::to_owned))
                .collect();
            if found.is_empty() {
                return Err(RenderError::Nothing(name.to_owned()));
            }
            ids.insert(name, found);
        }
        Ok(strict::fill_ids(schema, &ids))
    }
}

fn harmless(
    name: &str,
    input: &Input,
    value: &Value,
    redaction: &mut Option<(&Redactor, &mut Placeholders)>,
) -> Result<Value, RenderError> {
    if input.kind != Kind::List {
        return scalar(name, input.kind, input, value, redaction);
    }
    let wrong = || RenderError::Kind { name: name.to_owned(), expected: "list" };
    let entries = value.as_array().ok_or_else(wrong)?;
    if entries.is_empty() && !input.optional {
        return Err(RenderError::Nothing(name.to_owned()));
    }
    let mut list = Vec::new();
    for entry in entries.iter().take(input.max_items) {
        let entry = entry.as_object().ok_or_else(wrong)?;
        if let Some(field) = entry.keys().find(|field| !input.of.contains_key(*field)) {
            let known = input.of.keys().map(String::as_str);
            return Err(RenderError::NotAllowed(unknown(&format!("field of {name}"), field, known)));
        }
        let mut fields = Map::new();
        for (field, kind) in &input.of {
            let path = format!("{name}.{field}");
            let value = match entry.get(field).filter(|value| !value.is_null()) {
                Some(value) => scalar(&path, *kind, input, value, redaction)?,
                None if *kind == Kind::Id => return Err(RenderError::Missing(path)),
                None => empty(*kind),
            };
            fields.insert(field.clone(), value);
        }
        list.push(Value::Object(fields));
    }
    Ok(Value::Array(list))
}

fn scalar(
    name: &str,
    kind: Kind,
    input: &Input,
    value: &Value,
    redaction: &mut Option<(&Redactor, &mut Placeholders)>,
) -> Result<Value, RenderError> {
    let wrong = |expected| RenderError::Kind { name: name.to_owned(), expected };
    // Hidden characters go first, or they would split what is to be found; the cut comes before placeholders lengthen.
    let mut redacted = |text: &str| {
        let text = data::clean(text, input.max_chars);
        match redaction {
            Some((redactor, placeholders)) if input.from == From::Customer => {
                redactor.text(&text, placeholders)
            }
            _ => text,
        }
    };
    let id = |value: &Value| {
        value.as_str().filter(|text| data::is_id(text)).map(Value::from).ok_or_else(|| wrong("identifier"))
    };
    match kind {
        Kind::Text => {
            let text = redacted(value.as_str().ok_or_else(|| wrong("text"))?);
            Ok(data::block(name, &text, usize::MAX).into())
        }
        Kind::Line => {
            let text = redacted(value.as_str().ok_or_else(|| wrong("text"))?);
            Ok(data::line(&text, usize::MAX).into())
        }
        Kind::Id => id(value),
        Kind::Ids => {
            let ids = value.as_array().ok_or_else(|| wrong("list of identifiers"))?;
            ids.iter().take(input.max_items).map(id).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Kind::Number => value.is_number().then(|| value.clone()).ok_or_else(|| wrong("number")),
        Kind::Flag => value.is_boolean().then(|| value.clone()).ok_or_else(|| wrong("flag")),
        Kind::List => Err(wrong("list")),
    }
}

fn empty(kind: Kind) -> Value {
    match kind {
        Kind::List | Kind::Ids => Value::Array(Vec::new()),
        Kind::Flag => false.into(),
        Kind::Number => 0.into(),
        Kind::Text | Kind::Line | Kind::Id => "".into(),
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment
}

/// What is wrong with a template: line within it, and words.
pub(super) fn faults(source: &str, inputs: &BTreeMap<String, Input>) -> Vec<(u64, String)> {
    let mut environment = environment();
    if let Err(error) = environment.add_template("prompt", source) {
        return vec![(error.line().unwrap_or(1) as u64, plain(&error))];
    }
    let Ok(template) = environment.get_template("prompt") else { return Vec::new() };
    let mut names: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    names.sort();
    let not_allowed = |name: &String| !inputs.contains_key(name);
    let known = || inputs.keys().map(String::as_str);
    names.retain(not_allowed);
    names.iter().map(|name| (line_of(source, name), unknown("input", name, known()))).collect()
}

fn line_of(source: &str, name: &str) -> u64 {
    source.find(name).map_or(1, |at| source[..at].matches('\n').count() as u64 + 1)
}

fn plain(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
