//! From a file to a checked prompt: all faults at once, with their lines.

use super::fault::{Fault, Faults, unknown};
use super::front::{Front, Input, Kind};
use super::{Prompt, RenderError, data, render};
use crate::ask::{Limits, Role, Step};
use crate::wire::strict;
use serde_json::Value;
use serde_saphyr::Spanned;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Reads and tries one file.
pub fn read(path: &str, text: &str) -> Result<Prompt, Vec<Fault>> {
    let mut faults = Faults::default();
    let prompt = parse(path, text, &mut faults);
    match prompt {
        Some(prompt) if faults.list.is_empty() => Ok(prompt),
        _ => Err(faults.sorted()),
    }
}

fn parse(path: &str, text: &str, faults: &mut Faults) -> Option<Prompt> {
    let Some((head, body, body_line)) = split(text) else {
        faults.add(path, 1, "begins with a head: a line ---, the settings in YAML, a line ---");
        return None;
    };
    let front: Front = match serde_saphyr::from_str(head) {
        Ok(front) => front,
        Err(error) => {
            let plain = error.without_snippet();
            let line = plain.location().map_or(1, |at| at.line()) + 1;
            let sentence = plain.to_string();
            let sentence = sentence.split(" at line ").next().unwrap_or(&sentence);
            faults.add(path, line, sentence.lines().next().unwrap_or("cannot be read as YAML"));
            return None;
        }
    };
    let sections = sections(path, body, body_line, faults)?;
    let id = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".md").to_owned();
    check_front(path, &front, faults);
    if front.step.value == Step::Embed {
        faults.add(
            path,
            front.step.referenced.line() + 1,
            "the step \"embed\" makes vectors of texts and has no prompt",
        );
    }

    let limits = &front.limits.value;
    let prompt = Prompt {
        version: format!("{id}@{}", hex::encode(&Sha256::digest(text.as_bytes())[..6])),
        id,
        purpose: front.purpose.value.clone(),
        step: front.step.value,
        inputs: front.inputs.iter().map(|(name, input)| (name.clone(), input.value.clone())).collect(),
        schema: front.schema.as_ref().map(|schema| schema.value.clone()),
        streams: front.stream.as_ref().map(|stream| stream.value.clone()),
        limits: Limits {
            max_tokens: limits.max_tokens,
            temperature: limits.temperature,
            timeout: limits.timeout.0,
        },
        max_chars: limits.max_chars,
        system: sections.system.to_owned(),
        user: sections.user.to_owned(),
    };
    for (source, first) in [(sections.system, sections.system_line), (sections.user, sections.user_line)] {
        for (line, message) in render::faults(source, &prompt.inputs) {
            faults.add(path, first + line - 1, message);
        }
    }
    // With everything, and with no more than what must be there.
    let (whole, mut least) = (prompt.sample(), prompt.sample());
    least.retain(|name, _| prompt.inputs.get(name).is_some_and(|input| !input.optional));
    for (inputs, which) in [(whole, "its samples"), (least, "what is not optional")] {
        if !faults.list.is_empty() {
            break;
        }
        if let Err(error) = prompt.render(&inputs, None) {
            let line = match &error {
                RenderError::Template { role: Role::System, line, .. } => sections.system_line + line - 1,
                RenderError::Template { line, .. } => sections.user_line + line - 1,
                _ => body_line,
            };
            faults.add(path, line, format!("cannot be rendered with {which}: {error}"));
        }
    }
    Some(prompt)
}

/// The head, the body, and the body's first line.
fn split(text: &str) -> Option<(&str, &str, u64)> {
    let rest = text.strip_prefix("---\n")?;
    let end = if rest.starts_with("---\n") { 0 } else { rest.find("\n---\n")? + 1 };
    let (head, body) = (&rest[..end], &rest[end + 4..]);
    Some((head, body, 3 + head.matches('\n').count() as u64))
}

struct Sections<'a> {
    system: &'a str,
    system_line: u64,
    user: &'a str,
    user_line: u64,
}

fn sections<'a>(path: &str, body: &'a str, first: u64, faults: &mut Faults) -> Option<Sections<'a>> {
    let heading = |title: &str| {
        let mut at = 0;
        body.split_inclusive('\n').enumerate().find_map(|(number, line)| {
            let begin = at;
            at += line.len();
            (line.trim_end() == title).then_some((begin, at, first + number as u64))
        })
    };
    let (system, user) = (heading("# System"), heading("# User"));
    for (title, found) in [("# System", system), ("# User", user)] {
        if found.is_none() {
            faults.add(path, first, format!("has no section \"{title}\""));
        }
    }
    let ((before, system_from, system_line), (system_to, user_from, user_line)) = (system?, user?);
    if system_to < system_from {
        faults.add(path, user_line, "\"# System\" stands before \"# User\"");
        return None;
    }
    if !body[..before].trim().is_empty() {
        faults.add(path, first, "text before \"# System\" is never sent; move it or delete it");
    }
    let (system, user) = (&body[system_from..system_to], &body[user_from..]);
    for (name, text, line) in [("System", system, system_line), ("User", user, user_line)] {
        if text.trim().is_empty() {
            faults.add(path, line, format!("the section \"{name}\" is empty"));
        }
    }
    Some(Sections { system, system_line: system_line + 1, user, user_line: user_line + 1 })
}

fn at<T>(value: &Spanned<T>) -> u64 {
    value.referenced.line() + 1
}

fn check_front(path: &str, front: &Front, faults: &mut Faults) {
    let limits = &front.limits;
    let mut limit = |wrong: bool, message: &str| {
        if wrong {
            faults.add(path, at(limits), message);
        }
    };
    limit(!(1..=32_000).contains(&limits.value.max_tokens), "max_tokens is 1 to 32000");
    limit(!(0.0..=2.0).contains(&limits.value.temperature), "temperature is 0 to 2");
    let time = limits.value.timeout.0;
    limit(time < Duration::from_millis(100) || time > Duration::from_secs(300), "timeout is 100ms to 5m");
    limit(!(1..=1_000_000).contains(&limits.value.max_chars), "max_chars is 1 to 1000000");
    if front.purpose.value.trim().is_empty() {
        faults.add(path, at(&front.purpose), "purpose is a sentence: what is this prompt for?");
    }
    if front.inputs.is_empty() {
        faults.add(path, 2, "has no inputs; a prompt that sees nothing has nothing to answer");
    }
    for (name, input) in &front.inputs {
        check_input(path, name, input, faults);
    }
    if let Some(schema) = &front.schema {
        if let Err(message) = check_schema(&schema.value, front) {
            faults.add(path, at(schema), message);
        }
    } else if let Some(stream) = &front.stream {
        faults.add(path, at(stream), "plain text is shown as it is written anyway; remove \"stream\"");
    }
    if let (Some(schema), Some(stream)) = (&front.schema, &front.stream)
        && schema.value.pointer(&format!("/properties/{}/type", stream.value)) != Some(&"string".into())
    {
        faults.add(path, at(stream), format!("\"{}\" is no string of the schema", stream.value));
    }
}

fn check_input(path: &str, name: &str, input: &Spanned<Input>, faults: &mut Faults) {
    let line = at(input);
    if !data::is_id(name) || name.contains(['-', '.', ':']) {
        faults.add(path, line, format!("\"{name}\" is no name for an input: letters, digits and _ only"));
    }
    let list = input.value.kind == Kind::List;
    if list == input.value.of.is_empty() {
        faults.add(path, line, format!("\"{name}\": a list names its fields with \"of\", others have none"));
    }
    if input.value.of.values().any(|kind| matches!(kind, Kind::List)) {
        faults.add(path, line, format!("\"{name}\": lists within lists are not supported"));
    }
    if !(1..=200_000).contains(&input.value.max_chars) || !(1..=1000).contains(&input.value.max_items) {
        faults.add(path, line, format!("\"{name}\": max_chars is 1 to 200000, max_items 1 to 1000"));
    }
    let sample = &input.value.sample;
    let empty = sample.is_null()
        || sample.as_str().is_some_and(|text| text.trim().is_empty())
        || sample.as_array().is_some_and(Vec::is_empty);
    if empty {
        faults.add(path, line, format!("\"{name}\" needs a sample that says something"));
    }
}

fn check_schema(schema: &Value, front: &Front) -> Result<(), String> {
    if schema.get("type") != Some(&Value::from("object")) {
        return Err("the schema's type is object".to_owned());
    }
    for name in strict::id_sources(schema) {
        let known = front.inputs.get(name).is_some_and(|input| {
            input.value.kind == Kind::Ids
                || input.value.kind == Kind::List && input.value.of.get("id") == Some(&Kind::Id)
        });
        if !known {
            let lists = front.inputs.keys().map(String::as_str);
            return Err(format!("x-ids: {}, an input with ids", unknown("input", name, lists)));
        }
    }
    strict::of(schema).map_err(|message| format!("the schema: {message}"))?;
    jsonschema::validator_for(schema).map(drop).map_err(|error| format!("the schema: {error}"))
}
