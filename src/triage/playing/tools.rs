//! What a language model wants called, checked: only what it may name, only values that stand in the customer's words or
//! in what a call has given. What it makes up, or was told to say by a text that it read, goes no further than here.

use crate::domain::conversation::Conversation;
use crate::domain::run::Run;
use crate::playbook::actions::scalars::{Scalar, allowed};
use crate::triage::finding;
use serde_json::{Map, Value};

/// The longest value, in characters.
const LONGEST: usize = 500;

/// What a value may be taken from.
pub(super) struct Grounds {
    /// What the customer wrote.
    words: Vec<String>,
    /// Plain values that the playbook knows, or that a call took or gave.
    values: Vec<Value>,
}

impl Grounds {
    /// Everything that is known in a run.
    pub(super) fn of(run: &Run, talk: &Conversation) -> Self {
        let lines = talk.recent.iter().filter(|line| line.from == "customer").map(|line| line.text.clone());
        let waiting = talk.pending.iter().map(|message| message.text.clone());
        let mut values = Vec::new();
        run.slots.values().chain(run.saved.values()).for_each(|value| plain(value, &mut values));
        for called in run.inquiry.iter().flat_map(|inquiry| &inquiry.calls) {
            plain(&called.call.input, &mut values);
            if called.went_well {
                plain(&called.output, &mut values);
            }
        }
        Self { words: lines.chain(waiting).collect(), values }
    }

    fn hold(&self, value: &Value) -> bool {
        let known = self.values.iter().any(|other| match (value, other) {
            (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
            (Value::String(one), Value::String(other)) => one.trim() == other.trim(),
            // A number that another system gives as a text, and the other way round.
            (Value::String(one), Value::Number(other)) => *one == other.to_string(),
            (Value::Number(one), Value::String(other)) => one.to_string() == *other,
            _ => false,
        });
        known
            || match value {
                Value::String(text) => self.words.iter().any(|words| finding::stands(text, words)),
                Value::Number(number) => {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    self.words.iter().any(|words| finding::number_stands(number, words))
                }
                Value::Bool(_) => true,
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            }
    }
}

/// Every plain value within a value.
fn plain(value: &Value, into: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| plain(one, into)),
        Value::Object(map) => map.values().for_each(|one| plain(one, into)),
        Value::Null | Value::Bool(_) => {}
        one => into.push(one.clone()),
    }
}

/// The fields that a model named, as the properties of `schema` want them. `bound` are not its to name, `free` it may
/// word itself.
pub(super) fn fields(
    named: &Value,
    schema: &Value,
    bound: &dyn Fn(&str) -> bool,
    free: &[String],
    grounds: &Grounds,
) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    for entry in named.as_array().into_iter().flatten() {
        let (Some(name), Some(text)) = (entry["field"].as_str(), entry["value"].as_str()) else {
            return Err("it named a field without a value".to_owned());
        };
        if bound(name) {
            return Err(format!("it named `{name}`, which the playbook sets"));
        }
        let property = schema.get("properties").and_then(|properties| properties.get(name));
        let Some((property, kind)) = property.and_then(|property| Some((property, Scalar::of(property)?)))
        else {
            return Err("it named a field that there is not".to_owned());
        };
        if text.chars().count() > LONGEST {
            return Err(format!("its `{name}` is too long"));
        }
        let value = kind.read(text).ok_or_else(|| format!("its `{name}` is no {}", kind.name()))?;
        let listed =
            allowed(property).map(|allowed| value.as_str().is_some_and(|text| allowed.contains(&text)));
        let stands = listed.unwrap_or_else(|| free.iter().any(|free| free == name) || grounds.hold(&value));
        if !stands {
            let message = format!(
                "its `{name}` stands neither in what the customer wrote nor in what was looked up: it was made up"
            );
            return Err(message);
        }
        if fields.insert(name.to_owned(), value).is_some() {
            return Err(format!("it named `{name}` twice"));
        }
    }
    Ok(fields)
}

/// The fields of a schema that a model may name, in words.
pub(super) fn described(schema: &Value, bound: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let sayable = properties.filter(|(name, _)| !bound(name));
    let sayable = sayable.filter_map(|(name, property)| {
        let kind = Scalar::of(property)?;
        let mut words = match allowed(property) {
            Some(allowed) => format!("one of {}", allowed.join(", ")),
            None => kind.name().to_owned(),
        };
        if !required.contains(&name.as_str()) {
            words.push_str(", may be left out");
        }
        if let Some(told) = property.get("description").and_then(Value::as_str) {
            words.push_str(&format!(" ({told})"));
        }
        Some((name.clone(), words))
    });
    sayable.collect()
}
