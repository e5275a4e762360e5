//! Answers of the Bot API.

use serde_json::{Value, json};

/// What a method gives.
pub(super) type Answer = Result<Value, Refusal>;

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) description: String,
    pub(super) parameters: Option<Value>,
}

impl Refusal {
    pub(super) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    pub(super) fn bad(description: &str) -> Self {
        Self::new(400, format!("Bad Request: {description}"))
    }

    pub(super) fn flood(seconds: u64) -> Self {
        Self {
            parameters: Some(json!({"retry_after": seconds})),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    pub(super) fn moved(to: i64) -> Self {
        Self {
            parameters: Some(json!({"migrate_to_chat_id": to})),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    pub(super) fn body(&self) -> Value {
        let mut body = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}
