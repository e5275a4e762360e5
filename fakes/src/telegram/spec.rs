//! The vendor's spec (PaulSonOfLars' telegram-bot-api-spec) as a checker: required fields are there, types fit, and
//! nothing is there that the spec does not know.

use serde_json::{Map, Value};
use std::{collections::HashMap, path::PathBuf};

/// Methods and types of the Bot API.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    /// By name in lower case: the name as spelled, its fields, what it returns.
    methods: HashMap<String, (String, Vec<Field>, Vec<String>)>,
    types: HashMap<String, Type>,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    types: Vec<String>,
    required: bool,
}

#[derive(Debug, Clone)]
enum Type {
    Fields(Vec<Field>),
    OneOf(Vec<String>),
}

/// Where the spec is: `$DESKHAND_SHARED`, or `shared` beside the repository.
#[must_use]
pub fn locate_spec() -> PathBuf {
    let shared = std::env::var_os("DESKHAND_SHARED").map(PathBuf::from);
    let shared =
        shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")));
    shared.join("specs/telegram-bot-api.json")
}

impl Spec {
    /// Reads it; without it nothing can be checked, which is said aloud, and is an error in CI.
    ///
    /// # Panics
    /// With `CI=true`, where it is absent.
    #[must_use]
    pub fn load() -> Option<Self> {
        let path = locate_spec();
        let read = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        if read.is_none() {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "Telegram's spec is not at {}",
                path.display()
            );
            println!("SKIPPED: checks against Telegram's spec, which is not at {}", path.display());
        }
        read.map(|spec| Self::read(&spec))
    }

    fn read(spec: &Value) -> Self {
        let names = |value: &Value| -> Vec<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect()
        };
        let fields = |value: &Value| -> Vec<Field> {
            let fields = value["fields"].as_array().into_iter().flatten();
            fields
                .map(|field| Field {
                    name: field["name"].as_str().unwrap_or_default().to_owned(),
                    types: names(&field["types"]),
                    required: field["required"].as_bool().unwrap_or_default(),
                })
                .collect()
        };
        let each = |value: &Value| value.as_object().cloned().unwrap_or_default();
        Self {
            methods: each(&spec["methods"])
                .into_iter()
                .map(|(name, method)| {
                    (name.to_ascii_lowercase(), (name, fields(&method), names(&method["returns"])))
                })
                .collect(),
            types: each(&spec["types"])
                .into_iter()
                .map(|(name, of)| {
                    let subtypes = names(&of["subtypes"]);
                    let of =
                        if subtypes.is_empty() { Type::Fields(fields(&of)) } else { Type::OneOf(subtypes) };
                    (name, of)
                })
                .collect(),
        }
    }

    /// A method's name as spelled.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&str> {
        self.methods.get(&name.to_ascii_lowercase()).map(|(name, ..)| name.as_str())
    }

    /// What is wrong with a request.
    #[must_use]
    pub fn check_request(&self, method: &str, params: &Map<String, Value>) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.methods.get(&method.to_ascii_lowercase()) {
            Some((name, fields, _)) => self.check_fields(params, fields, name, &mut wrong),
            None => wrong.push(format!("{method}: no such method")),
        }
        wrong
    }

    /// What is wrong with a method's result.
    #[must_use]
    pub fn check_result(&self, method: &str, result: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some((name, _, returns)) = self.methods.get(&method.to_ascii_lowercase()) {
            self.check(result, returns, &format!("{name} → "), &mut wrong);
        }
        wrong
    }

    /// What is wrong with a value of a type.
    #[must_use]
    pub fn check_type(&self, name: &str, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check_one(value, name, name, &mut wrong);
        wrong
    }

    /// A text as the value it stands for, in a query or a form.
    #[must_use]
    pub fn coerce(&self, method: &str, field: &str, text: &str) -> Value {
        let types = self.methods.get(&method.to_ascii_lowercase()).and_then(|(_, fields, _)| {
            fields.iter().find(|known| known.name == field).map(|known| known.types.as_slice())
        });
        let own = || Value::String(text.to_owned());
        match types {
            None => own(),
            Some([one]) if one == "String" => own(),
            Some(types) if types.iter().any(|name| name == "String") => {
                text.parse::<i64>().map_or_else(|_| own(), Value::from)
            }
            Some(types) => match types.first().map(String::as_str) {
                // Forms are read kindly there, e.g. `True` and `1`.
                Some("Boolean") => match text.to_ascii_lowercase().as_str() {
                    "true" | "1" | "yes" | "y" => true.into(),
                    "false" | "0" | "no" | "n" | "" => false.into(),
                    _ => own(),
                },
                _ => serde_json::from_str(text).unwrap_or_else(|_| own()),
            },
        }
    }

    fn check_fields(
        &self,
        given: &Map<String, Value>,
        fields: &[Field],
        path: &str,
        wrong: &mut Vec<String>,
    ) {
        for field in fields.iter().filter(|field| field.required && !given.contains_key(&field.name)) {
            wrong.push(format!("{path}.{}: missing", field.name));
        }
        for (name, value) in given {
            match fields.iter().find(|field| field.name == *name) {
                Some(field) => self.check(value, &field.types, &format!("{path}.{name}"), wrong),
                None => wrong.push(format!("{path}.{name}: unknown")),
            }
        }
    }

    fn check(&self, value: &Value, types: &[String], path: &str, wrong: &mut Vec<String>) {
        if let [one] = types {
            return self.check_one(value, one, path, wrong);
        }
        let fits = types.iter().any(|one| {
            let mut wrong = Vec::new();
            self.check_one(value, one, path, &mut wrong);
            wrong.is_empty()
        });
        if !fits {
            wrong.push(format!("{path}: none of {types:?}: {}", short(value)));
        }
    }

    fn check_one(&self, value: &Value, name: &str, path: &str, wrong: &mut Vec<String>) {
        if let Some(of) = name.strip_prefix("Array of ") {
            match value.as_array() {
                Some(items) => {
                    for (at, item) in items.iter().enumerate() {
                        self.check_one(item, of, &format!("{path}[{at}]"), wrong);
                    }
                }
                None => wrong.push(format!("{path}: not an array: {}", short(value))),
            }
            return;
        }
        let fits = match name {
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "String" | "InputFile" => value.is_string(),
            _ => match (self.types.get(name), value.as_object()) {
                (Some(Type::Fields(fields)), Some(given)) => {
                    return self.check_fields(given, fields, path, wrong);
                }
                (Some(Type::OneOf(types)), _) => return self.check(value, types, path, wrong),
                _ => false,
            },
        };
        if !fits {
            wrong.push(format!("{path}: not {name}: {}", short(value)));
        }
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(method: &str, params: Value) -> Option<Vec<String>> {
        let params = params.as_object().cloned().unwrap_or_default();
        Spec::load().map(|spec| spec.check_request(method, &params))
    }

    #[test]
    fn what_breaks_the_spec_is_named() {
        let Some(good) = wrong("SENDMESSAGE", json!({"chat_id": 1, "text": "hi"})) else { return };
        assert_eq!(good, Vec::<String>::new());
        let say = |params| wrong("sendMessage", params).unwrap();
        assert_eq!(say(json!({"chat_id": 1})), ["sendMessage.text: missing"]);
        assert_eq!(say(json!({"chat_id": 1, "text": "hi", "txt": 1})), ["sendMessage.txt: unknown"]);
        assert_eq!(say(json!({"chat_id": 1, "text": 5})), ["sendMessage.text: not String: 5"]);
        let keyboard = |data: Value| json!({"inline_keyboard": [[{"text": "a", "callback_data": data}]]});
        assert!(say(json!({"chat_id": 1, "text": "hi", "reply_markup": keyboard(json!("x"))})).is_empty());
        assert_eq!(say(json!({"chat_id": 1, "text": "hi", "reply_markup": keyboard(json!(5))})).len(), 1);
        assert_eq!(wrong("sendPigeon", json!({})).unwrap(), ["sendPigeon: no such method"]);
    }
}
