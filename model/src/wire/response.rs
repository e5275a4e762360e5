//! Lenient reading of chat completions and of their pieces: what servers leave out is not missed, what they add is not
//! minded, and an error is an error also under status 200.

use super::failure::HttpFailure;
use super::request::TOOL;
use crate::ask::Usage;
use crate::error::ModelError;
use serde_json::Value;

/// What a server said, not yet checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// The words, or the arguments of the tool.
    pub text: String,
    /// The model that answered, as the server names it.
    pub model: Option<String>,
    /// Tokens, if the server counted.
    pub usage: Option<Usage>,
}

/// Reads a whole completion.
pub fn read(answer: &Value) -> Result<Said, ModelError> {
    error_within(answer)?;
    let choice = first_choice(answer).ok_or_else(|| invalid("there is no choice"))?;
    let message = choice.get("message").ok_or_else(|| invalid("there is no message"))?;
    let mut said = Said { model: model(answer), usage: usage(answer), ..Said::default() };
    refusal(message)?;
    said.text = words(message);
    finish(choice)?;
    if said.text.trim().is_empty() {
        return Err(invalid("the message is empty"));
    }
    Ok(said)
}

/// The pieces of a completion, put together.
#[derive(Debug, Default)]
pub struct Pieces {
    said: Said,
    refused: String,
    finish: Option<ModelError>,
    finished: bool,
}

impl Pieces {
    /// Takes a piece; gives its words.
    pub fn push(&mut self, piece: &Value) -> Result<String, ModelError> {
        error_within(piece)?;
        self.said.model = self.said.model.take().or_else(|| model(piece));
        self.said.usage = usage(piece).or(self.said.usage);
        let Some(choice) = first_choice(piece) else { return Ok(String::new()) };
        let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) else {
            return Ok(String::new());
        };
        self.refused.push_str(delta.get("refusal").and_then(Value::as_str).unwrap_or_default());
        if choice.get("finish_reason").is_some_and(Value::is_string) {
            self.finished = true;
            self.finish = finish(choice).err();
        }
        let words = words(delta);
        self.said.text.push_str(&words);
        Ok(words)
    }

    /// The server said that it is done, though perhaps without a reason.
    pub fn done(&mut self) {
        self.finished = true;
    }

    /// What was said, if it is whole.
    pub fn whole(self) -> Result<Said, ModelError> {
        if !self.refused.trim().is_empty() {
            return Err(ModelError::Refused { why: cut(&self.refused) });
        }
        if let Some(error) = self.finish {
            return Err(error);
        }
        if !self.finished {
            return Err(invalid("the answer was cut off before its end"));
        }
        if self.said.text.trim().is_empty() {
            return Err(invalid("the message is empty"));
        }
        Ok(self.said)
    }
}

fn first_choice(answer: &Value) -> Option<&Value> {
    answer.get("choices")?.as_array()?.first()
}

/// Status 200 and an error inside: some gateways do that.
fn error_within(answer: &Value) -> Result<(), ModelError> {
    let flat = answer.get("object").and_then(Value::as_str) == Some("error");
    if answer.get("error").is_some_and(|error| !error.is_null()) || flat {
        return Err(HttpFailure { status: 200, retry_after: None, body: answer.to_string() }.error());
    }
    Ok(())
}

fn refusal(message: &Value) -> Result<(), ModelError> {
    match message.get("refusal").and_then(Value::as_str).map(str::trim) {
        Some(why) if !why.is_empty() => Err(ModelError::Refused { why: cut(why) }),
        _ => Ok(()),
    }
}

fn finish(choice: &Value) -> Result<(), ModelError> {
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length" | "max_tokens") => Err(invalid("the answer was cut off: it was too long")),
        Some("content_filter") => Err(ModelError::Refused { why: "the server's content filter".to_owned() }),
        Some("abort" | "error" | "cancelled") => Err(invalid("the server broke off the answer")),
        _ => Ok(()),
    }
}

fn words(message: &Value) -> String {
    let tool = message.pointer("/tool_calls/0/function");
    if let Some(function) = tool {
        // Later pieces of a call carry no name. A call of anything else than our own tool is no answer.
        let ours =
            function.get("name").and_then(Value::as_str).is_none_or(|name| name.is_empty() || name == TOOL);
        match function.get("arguments") {
            Some(Value::String(arguments)) if ours => return arguments.clone(),
            Some(arguments @ Value::Object(_)) if ours => return arguments.to_string(),
            _ => {}
        }
    }
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

fn model(answer: &Value) -> Option<String> {
    answer.get("model").and_then(Value::as_str).filter(|name| !name.is_empty()).map(cut)
}

fn usage(answer: &Value) -> Option<Usage> {
    let usage = answer.get("usage")?;
    let count = |name| usage.get(name).and_then(Value::as_u64);
    let (input, output) = (count("prompt_tokens")?, count("completion_tokens")?);
    // A number that no model can have read is nonsense; the estimate stands in.
    (input < 100_000_000 && output < 100_000_000).then_some(Usage { input, output, estimated: false })
}

fn invalid(fault: &str) -> ModelError {
    ModelError::Invalid { fault: fault.to_owned() }
}

fn cut(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bare_answer_is_enough() {
        let said = read(&json!({"choices": [{"message": {"content": "hi"}}]})).unwrap();
        assert_eq!(said, Said { text: "hi".to_owned(), model: None, usage: None });
        let tool = json!({"choices": [{"finish_reason": "tool_calls", "message": {"content": null,
            "tool_calls": [{"function": {"name": "answer", "arguments": "{}"}}]}}]});
        assert_eq!(read(&tool).unwrap().text, "{}");
        let parts =
            json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "x"}]}}]});
        assert_eq!(read(&parts).unwrap().text, "a");
    }

    #[test]
    fn what_is_no_answer_says_why() {
        for (answer, code) in [
            (json!({}), "model-answer-invalid"),
            (json!([1]), "model-answer-invalid"),
            (json!({"choices": []}), "model-answer-invalid"),
            (json!({"choices": [{"message": {"content": null}}]}), "model-answer-invalid"),
            (json!({"choices": [{"message": {"content": "x", "refusal": "I can't"}}]}), "model-refused"),
            (
                json!({"choices": [{"finish_reason": "length", "message": {"content": "x"}}]}),
                "model-answer-invalid",
            ),
            (json!({"choices": [{"finish_reason": "content_filter", "message": {}}]}), "model-refused"),
            (
                json!({"choices": [{"finish_reason": "abort", "message": {"content": "x"}}]}),
                "model-answer-invalid",
            ),
            (json!({"error": {"message": "x"}}), "model-unavailable"),
            (
                json!({"choices": [{"message": {"tool_calls": [{"function": {"name": "rm", "arguments": "{}"}}]}}]}),
                "model-answer-invalid",
            ),
        ] {
            assert_eq!(read(&answer).unwrap_err().code(), code, "{answer}");
        }
    }

    #[test]
    fn pieces_without_an_end_are_no_answer() {
        let piece = json!({"choices": [{"delta": {"content": "half"}}]});
        let mut pieces = Pieces::default();
        assert_eq!(pieces.push(&piece).unwrap(), "half");
        assert_eq!(pieces.whole().unwrap_err().code(), "model-answer-invalid");
        let mut pieces = Pieces::default();
        pieces.push(&piece).unwrap();
        pieces.done();
        assert_eq!(pieces.whole().unwrap().text, "half");
    }
}
