//! Plain values, which a language model can say as texts: what a JSON Schema wants of one, in words and in types.

use crate::playbook::shape;
use serde_json::{Value, json};

/// What a plain value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
}

impl Scalar {
    /// What this schema wants, if it wants a plain value.
    #[must_use]
    pub fn of(schema: &Value) -> Option<Self> {
        Some(match shape::kind_of(schema)? {
            "string" => Self::Text,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "boolean" => Self::Flag,
            _ => return None,
        })
    }

    /// The value that a text tells, if it tells one.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Value> {
        let text = text.trim();
        match self {
            Self::Text => Some(json!(text)),
            Self::Number => {
                text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| json!(number))
            }
            Self::Integer => text.parse::<i64>().ok().map(|number| json!(number)),
            Self::Flag => match text.to_lowercase().as_str() {
                "true" | "yes" => Some(json!(true)),
                "false" | "no" => Some(json!(false)),
                _ => None,
            },
        }
    }

    /// The same for people and models.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Integer => "whole number",
            Self::Flag => "true or false",
        }
    }
}

/// The texts that a schema allows, where it names them.
#[must_use]
pub fn allowed(schema: &Value) -> Option<Vec<&str>> {
    Some(schema.get("enum")?.as_array()?.iter().filter_map(Value::as_str).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_what_is_wanted_or_not_at_all() {
        let read =
            |kind: &str, text: &str| Scalar::of(&json!({"type": kind})).and_then(|kind| kind.read(text));
        assert_eq!(read("string", " HB-1 "), Some(json!("HB-1")));
        assert_eq!(read("number", "12.5"), Some(json!(12.5)));
        assert_eq!(read("integer", "12"), Some(json!(12)));
        assert_eq!(read("boolean", "Yes"), Some(json!(true)));
        for (kind, text) in [("number", "NaN"), ("number", "1e999"), ("integer", "1.5"), ("boolean", "maybe")]
        {
            assert_eq!(read(kind, text), None, "{kind} {text}");
        }
        assert_eq!(Scalar::of(&json!({"type": "object"})), None);
        assert_eq!(allowed(&json!({"enum": ["a", "b"]})), Some(vec!["a", "b"]));
    }
}
