//! What a refused or broken call means: a status, a body in any of the shapes that servers use, perhaps a time to wait.

use super::request::{Dialect, Mode};
use crate::error::{ModelError, Paid};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// The most of a server's words that is kept.
const WORDS: usize = 300;

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server answered {status}")]
pub struct HttpFailure {
    /// The HTTP status; 200 where an error came under it.
    pub status: u16,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// The body, cut. It may echo the prompt: it is for the journal's eyes, not for logs.
    pub body: String,
}

/// A link that failed before or after the server began to work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkFailure {
    /// No connection: nothing was asked.
    #[error("no connection to the server")]
    Connect,
    /// The server said nothing for too long.
    #[error("the server was silent for too long")]
    Silent,
    /// The connection broke while the server answered.
    #[error("the connection broke")]
    Broken,
    /// The answer was larger than allowed.
    #[error("the answer was larger than {0} bytes")]
    TooLarge(usize),
    /// The answer was not JSON.
    #[error("the answer was not JSON")]
    NotJson,
}

impl LinkFailure {
    /// As the caller sees it.
    #[must_use]
    pub fn error(&self) -> ModelError {
        let cause = self.to_string();
        match self {
            Self::Connect => ModelError::Unavailable { cause, paid: Paid::No },
            Self::Silent => ModelError::TimedOut,
            Self::Broken | Self::NotJson => ModelError::Unavailable { cause, paid: Paid::Perhaps },
            Self::TooLarge(_) => ModelError::Invalid { fault: cause },
        }
    }
}

impl HttpFailure {
    /// As the caller sees it.
    #[must_use]
    pub fn error(&self) -> ModelError {
        let words = self.body.to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        let cause = || self.cause();
        if matches!(self.status, 400 | 413 | 422 | 500 | 200)
            && says(&[
                "context length",
                "context_length",
                "maximum context",
                "context window",
                "context size",
                "too many tokens",
                "prompt is too long",
            ])
            || self.status == 413
        {
            return ModelError::TooLong;
        }
        if says(&["content_filter", "content management policy", "responsibleai"]) && self.status != 429 {
            return ModelError::Refused { why: cause() };
        }
        match self.status {
            401 | 403 | 404 | 405 | 407 | 410 => ModelError::Misconfigured { cause: cause() },
            // No money left at the vendor's: waiting does not help.
            402 => ModelError::Misconfigured { cause: cause() },
            429 if says(&["insufficient_quota", "billing"]) => ModelError::Misconfigured { cause: cause() },
            200 if says(&["rate_limit", "rate limit", "overloaded", "too many requests"]) => {
                ModelError::Busy { cause: cause(), after: self.retry_after }
            }
            429 => ModelError::Busy { cause: cause(), after: self.retry_after },
            503 | 529 if self.retry_after.is_some() => {
                ModelError::Busy { cause: cause(), after: self.retry_after }
            }
            408 | 409 | 425 | 500..=599 | 200 => ModelError::Unavailable { cause: cause(), paid: Paid::No },
            300..=399 => {
                ModelError::Misconfigured { cause: format!("{}; redirects are not followed", cause()) }
            }
            _ => ModelError::Misconfigured { cause: cause() },
        }
    }

    /// What to leave out of the next request, if this one was refused for what the server does not know.
    #[must_use]
    pub fn lowered(&self, dialect: Dialect, json: bool) -> Option<Dialect> {
        if !matches!(self.status, 400 | 404 | 415 | 422 | 500 | 501)
            || matches!(self.error(), ModelError::TooLong)
        {
            return None;
        }
        let words = self.body.to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if says(&["max_tokens", "max_completion_tokens"]) && !dialect.completion_tokens {
            return Some(Dialect { completion_tokens: true, ..dialect });
        }
        if says(&["temperature"]) && dialect.temperature {
            return Some(Dialect { temperature: false, ..dialect });
        }
        if says(&["stream_options", "include_usage"]) && dialect.stream_usage {
            return Some(Dialect { stream_usage: false, ..dialect });
        }
        let format = says(&[
            "response_format",
            "json_schema",
            "json_object",
            "json schema",
            "structured output",
            "guided",
            "grammar",
            "failed to parse schema",
        ]);
        let tools = says(&["tool", "function"]);
        let unknown = says(&[
            "unsupported",
            "not supported",
            "does not support",
            "unknown field",
            "extra inputs",
            "unrecognized",
        ]);
        let next = match dialect.mode {
            Mode::Schema | Mode::JsonObject => format || unknown,
            Mode::Tool => tools || unknown,
            Mode::Plain => false,
        };
        (json && next).then_some(dialect.mode.next()).flatten().map(|mode| Dialect { mode, ..dialect })
    }

    fn cause(&self) -> String {
        let words = message(&self.body);
        let words: String = words.chars().filter(|letter| !letter.is_control()).take(WORDS).collect();
        format!("{} {words}", self.status).trim_end().to_owned()
    }
}

/// The words of an error body: OpenAI's object, Ollama's string, vLLM's flat object, or the text itself.
#[must_use]
pub fn message(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return if body.trim_start().starts_with('<') {
            "an HTML page".to_owned()
        } else {
            body.trim().to_owned()
        };
    };
    let found =
        value.pointer("/error/message").or_else(|| value.get("error")).or_else(|| value.get("message"));
    let found = found.or_else(|| value.get("detail"));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => value.to_string(),
    }
}

/// `Retry-After` in seconds or as a date; `retry-after-ms` is Azure's. No more than an hour is believed.
#[must_use]
pub fn retry_after(header: Option<&str>, milliseconds: Option<&str>, now: SystemTime) -> Option<Duration> {
    let exact = milliseconds.and_then(|text| text.trim().parse::<u64>().ok()).map(Duration::from_millis);
    let said = || {
        let text = header?.trim();
        if let Ok(seconds) = text.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or(Duration::ZERO))
    };
    exact.or_else(said).map(|wait| wait.min(Duration::from_secs(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> HttpFailure {
        HttpFailure { status, retry_after: None, body: body.to_owned() }
    }

    #[test]
    fn every_shape_of_body_gives_its_words() {
        for (body, words) in [
            (r#"{"error":{"message":"no","type":"x","code":null}}"#, "no"),
            (r#"{"error":"model not found"}"#, "model not found"),
            (r#"{"object":"error","message":"flat","code":40303}"#, "flat"),
            (r#"{"detail":"FastAPI"}"#, "FastAPI"),
            ("Too Many Requests", "Too Many Requests"),
            ("<html>401</html>", "an HTML page"),
        ] {
            assert_eq!(message(body), words);
        }
    }

    #[test]
    fn the_caller_learns_what_it_can_do() {
        assert_eq!(failure(401, "<html>").error().code(), "model-misconfigured");
        assert_eq!(
            failure(404, r#"{"error":"model \"x\" not found"}"#).error().code(),
            "model-misconfigured"
        );
        assert_eq!(failure(429, "slow down").error().code(), "model-busy");
        assert_eq!(
            failure(429, r#"{"error":{"code":"insufficient_quota"}}"#).error().code(),
            "model-misconfigured"
        );
        assert_eq!(failure(413, "").error(), ModelError::TooLong);
        assert_eq!(failure(400, "This model's maximum context length is 8192").error(), ModelError::TooLong);
        assert_eq!(failure(503, "").error().code(), "model-unavailable");
        assert_eq!(failure(200, r#"{"error":"x"}"#).error().code(), "model-unavailable");
        assert_eq!(failure(302, "").error().code(), "model-misconfigured");
    }

    #[test]
    fn a_refused_format_is_lowered_step_by_step() {
        let mut dialect = Dialect::default();
        let refused =
            failure(400, r#"{"error":{"message":"'response_format' json_schema is not supported"}}"#);
        dialect = refused.lowered(dialect, true).unwrap();
        assert_eq!(dialect.mode, Mode::JsonObject);
        dialect = refused.lowered(dialect, true).unwrap();
        assert_eq!(dialect.mode, Mode::Tool);
        dialect = failure(400, r#"{"error":"model does not support tools"}"#).lowered(dialect, true).unwrap();
        assert_eq!((dialect.mode, refused.lowered(dialect, true)), (Mode::Plain, None));
        let tokens = failure(400, "Unsupported parameter: 'max_tokens', use 'max_completion_tokens'");
        assert!(tokens.lowered(Dialect::default(), true).unwrap().completion_tokens);
        assert_eq!(failure(429, "response_format").lowered(Dialect::default(), true), None);
    }

    #[test]
    fn a_time_to_wait_is_a_number_or_a_date() {
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 12:00:00 GMT").unwrap();
        let after = |text| retry_after(Some(text), None, now);
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Fri, 20 Nov 2026 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(after("Fri, 20 Nov 2026 11:00:30 GMT"), Some(Duration::ZERO));
        assert_eq!(after("-3"), None);
        assert_eq!(after("soon"), None);
        assert_eq!(after("1e300"), None);
        assert_eq!(after("999999"), Some(Duration::from_secs(3600)));
        assert_eq!(retry_after(Some("9"), Some("250"), now), Some(Duration::from_millis(250)));
    }
}
