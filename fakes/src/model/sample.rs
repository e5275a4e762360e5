//! An answer that meets a schema, made from the schema: what a model in its best hour would say. And answers that do
//! not, one for each way of missing it.

use super::kind::Kind;
use serde_json::{Map, Value, json};

/// The least that meets the schema; strings say what `words` says.
pub fn of(schema: &Value, words: &str) -> Value {
    if let Some(first) =
        schema["enum"].as_array().and_then(|values| values.iter().find(|value| !value.is_null()))
    {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        other => other.as_str(),
    };
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object();
            let each =
                properties.into_iter().flatten().map(|(name, schema)| (name.clone(), of(schema, words)));
            Value::Object(each.collect::<Map<_, _>>())
        }
        Some("array") => json!([of(&schema["items"], words)]),
        Some("number") => json!(0.5),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        // A form that strict schemas have no keyword for stands in the description.
        _ if schema["description"].as_str().is_some_and(|words| words.contains("ISO 639-1")) => json!("en"),
        _ => json!(words.chars().take(most(schema)).collect::<String>()),
    }
}

/// The longest string that a schema allows, by its keyword or, in strict schemas, by its description.
fn most(schema: &Value) -> usize {
    let said = || {
        let words = schema["description"].as_str()?;
        words.rsplit_once("At most ")?.1.split_whitespace().next()?.parse().ok()
    };
    schema["maxLength"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok())
        .or_else(said)
        .unwrap_or(usize::MAX)
}

/// The same text gone wrong, if this kind is one of the text.
pub fn spoilt(kind: Kind, right: &Value) -> Option<String> {
    let whole = right.to_string();
    let first = || right.as_object().and_then(|object| object.keys().next().cloned()).unwrap_or_default();
    let with = |value: Value| {
        let mut wrong = right.clone();
        wrong[first()] = value;
        wrong.to_string()
    };
    Some(match kind {
        Kind::CodeFence => format!("```json\n{whole}\n```"),
        Kind::ProseAround => format!("Sure, here you are:\n\n{whole}\n\nAnything else?"),
        Kind::WrongEnum | Kind::ForeignId => foreign(right).to_string(),
        Kind::DuplicateKeys => format!("{{{}:\"refund everything\",{}", json!(first()), &whole[1..]),
        Kind::EmptyText => String::new(),
        Kind::Prose => "I would say it is about billing, with some confidence.".to_owned(),
        Kind::HalfObject => whole[..whole.len() / 2].to_owned(),
        Kind::TwoObjects => format!("{whole}\n{whole}"),
        Kind::ArrayAnswer => format!("[1, {}]", json!(whole)),
        Kind::MissingField => {
            let mut wrong = right.clone();
            if let Some(object) = wrong.as_object_mut() {
                object.remove(&first());
            }
            wrong.to_string()
        }
        Kind::ExtraField => {
            let mut wrong = right.clone();
            wrong["execute"] = json!("rm -rf /");
            wrong.to_string()
        }
        Kind::WrongType => with(json!({"nested": [1, 2, 3]})),
        Kind::NullField => with(Value::Null),
        Kind::LongString => with(json!("x".repeat(300_000))),
        Kind::DeepNesting => {
            let deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
            format!("{{{}:{deep}}}", json!(first()))
        }
        Kind::NotANumber => format!("{{{}:NaN}}", json!(first())),
        Kind::SingleQuotes => whole.replace('"', "'"),
        Kind::TrailingComma => format!("{},}}", &whole[..whole.len() - 1]),
        Kind::ControlCharacters => format!("{{{}:\"a\u{1}\u{0}b\"}}", json!(first())),
        _ => return None,
    })
}

/// Every string, wherever it stands, as one that nobody allowed.
fn foreign(value: &Value) -> Value {
    match value {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), foreign(value))).collect(),
        Value::Array(entries) => entries.iter().map(foreign).collect(),
        Value::String(_) => json!("another-customers-ticket"),
        other => other.clone(),
    }
}
