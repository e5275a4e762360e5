//! What came back: read within a limit, judged by its status, decoded without trust.

use crate::trouble::Trouble;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A remote side may make us wait this long at most.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// For a `Retry-After` that can't be read.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// Characters of a refusal that are kept.
const EXCERPT: usize = 300;

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Decompressed, complete, within the limit.
    pub body: bytes::Bytes,
}

impl Answer {
    /// The answer where its status is one of success (or named in `taken`), else what its status means. `safe`: the
    /// request changed nothing, so an unclear status leaves no doubt behind.
    pub fn judged(self, safe: bool, taken: &[StatusCode]) -> Result<Self, Trouble> {
        let status = self.status;
        if taken.contains(&status) || (taken.is_empty() && status.is_success()) {
            return Ok(self);
        }
        let why = format!("the answer was {status}");
        let asked = self.retry_after();
        match (status.as_u16(), asked) {
            (403 | 429 | 503, Some(after)) => Err(Trouble::Later { after, why }),
            (425 | 429, None) => Err(Trouble::Retry { why }),
            (408 | 500..=599, _) if safe => Err(Trouble::Retry { why }),
            // Gateways answer for servers that may have done the work.
            (408 | 500..=599, _) => Err(Trouble::InDoubt { why }),
            (refused, _) => Err(Trouble::Refused { status: refused, body: self.excerpt() }),
        }
    }

    /// How long the remote side wants to be left alone: seconds or an HTTP date (read against its own `Date`), or
    /// GitHub's epoch of the reset; at most [`LONGEST_WAIT`].
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let now = text(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
        if let Some(value) = self.headers.get(RETRY_AFTER) {
            let value = value.to_str().unwrap_or_default().trim();
            let seconds = value.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
            let wait = match (seconds, httpdate::parse_http_date(value), now) {
                (Some(seconds), _, _) => {
                    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT.as_secs_f64()).ceil())
                }
                (None, Ok(date), Some(now)) => date.duration_since(now).unwrap_or_default(),
                _ => USUAL_WAIT,
            };
            return Some(wait.min(LONGEST_WAIT));
        }
        if text("x-ratelimit-remaining") == Some("0") {
            let reset = text("x-ratelimit-reset")?.parse::<u64>().ok()?;
            let now = now?.duration_since(std::time::UNIX_EPOCH).ok()?;
            return Some(Duration::from_secs(reset).saturating_sub(now).min(LONGEST_WAIT));
        }
        None
    }

    /// The body as JSON: valid UTF-8, at most 128 levels deep.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Trouble::unexpected(error.to_string()),
            _ => Trouble::NotJson { why: error.to_string() },
        })
    }

    /// Whether the answer calls itself JSON.
    #[must_use]
    pub fn says_json(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    }

    /// The beginning of the body for people: printable, one line.
    #[must_use]
    pub fn excerpt(&self) -> String {
        excerpt(&String::from_utf8_lossy(&self.body))
    }
}

/// The beginning of a foreign text: printable, one line, [`EXCERPT`] characters.
pub(crate) fn excerpt(text: &str) -> String {
    let mut words = String::new();
    for character in text.chars().take(EXCERPT * 4) {
        let character = if character.is_control() { ' ' } else { character };
        if !(character == ' ' && words.ends_with(' ')) {
            words.push(character);
        }
    }
    words.trim().chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), reqwest::header::HeaderValue::from_static(value)));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: bytes::Bytes::from_static(b"no\x00 \r\n way"),
        }
    }

    #[test]
    fn a_wait_is_read_in_seconds_and_as_a_date() {
        let wait = |headers: &[_]| answer(429, headers).retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait(&[("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("retry-after", "0.3")]), Some(1));
        assert_eq!(wait(&[("retry-after", "999999999999999999999")]), Some(3600));
        assert_eq!(wait(&[("retry-after", "-5")]), Some(0));
        assert_eq!(wait(&[("retry-after", "soon")]), Some(30));
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait(&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]), Some(30));
        assert_eq!(wait(&[date, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(0));
        assert_eq!(
            wait(&[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784111787")]),
            Some(10)
        );
        assert_eq!(wait(&[date, ("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "784111787")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn a_status_says_what_can_be_done() {
        let code = |status, safe| answer(status, &[]).judged(safe, &[]).map_err(|trouble| trouble.code());
        assert!(code(204, false).is_ok());
        for (status, safe, unsafe_) in [
            (301, "refused", "refused"),
            (401, "refused", "refused"),
            (408, "retry", "in-doubt"),
            (422, "refused", "refused"),
            (429, "retry", "retry"),
            (500, "retry", "in-doubt"),
            (503, "retry", "in-doubt"),
            (504, "retry", "in-doubt"),
        ] {
            assert_eq!(code(status, true).unwrap_err(), safe, "{status}");
            assert_eq!(code(status, false).unwrap_err(), unsafe_, "{status}");
        }
        let busy = answer(503, &[("retry-after", "9")]).judged(false, &[]).unwrap_err();
        assert_eq!(busy.advice(), crate::Advice::AgainAfter(Duration::from_secs(9)));
        let refused = answer(422, &[]).judged(false, &[]).unwrap_err();
        assert_eq!(refused, Trouble::Refused { status: 422, body: "no way".to_owned() });
    }
}
