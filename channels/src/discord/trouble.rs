//! What can go wrong between us and Discord's REST API, and what the outbox must do about it.

use crate::DeliveryError;
use serde::Deserialize;
use std::time::Duration;

/// Why a request was not answered with what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Not sent, or refused for coming too early.
    #[error("{cause}")]
    Wait { cause: String, after: Duration },
    /// Refused for good: the status, Discord's own code and its words.
    #[error("Discord refused ({status}, code {code}): {message}")]
    Refused { status: u16, code: u64, message: String },
    /// The token is no longer good.
    #[error("{REVOKED}")]
    Revoked,
    /// No answer, or one that says nothing; it may have been done.
    #[error("{0}")]
    Down(String),
}

/// What a 401 means and what to do.
pub(super) const REVOKED: &str = "Discord no longer accepts the bot's token (401): make a new one in the developer \
                                  portal (Bot, Reset Token), set it as discord.token and restart";

/// Discord's codes that say that nobody can be reached at an address.
const NOBODY: [(u64, &str); 8] = [
    (10003, "the channel is gone"),
    (50001, "the bot may not see the channel"),
    (50007, "the customer takes no direct messages from the bot"),
    (50013, "the bot may not write in the channel"),
    (50083, "the thread is archived"),
    (50278, "the customer shares no server with the bot"),
    (160_005, "the thread is locked"),
    (20026, "the bot has been limited by Discord"),
];

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    code: u64,
    message: String,
    errors: serde_json::Value,
}

impl Trouble {
    /// Reads the body of a refusal.
    pub(super) fn refused(status: u16, body: &[u8]) -> Self {
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        let detail = if body.errors.is_object() { format!(" {}", body.errors) } else { String::new() };
        let message = format!("{}{detail}", body.message).chars().take(300).collect();
        Self::Refused { status, code: body.code, message }
    }

    /// Discord's code of a refusal.
    pub(super) fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the same request can go well later.
    pub(super) fn passes(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

impl From<Trouble> for DeliveryError {
    /// Sends carry a nonce, so what may have arrived can be sent again: nothing is ever in doubt.
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Wait { cause, after } => Self::Later { cause, after },
            Trouble::Revoked | Trouble::Down(_) => Self::Retry { cause: trouble.to_string() },
            Trouble::Refused { status, code, .. } => {
                if let Some((_, cause)) = NOBODY.iter().find(|(known, _)| *known == code) {
                    return Self::Unreachable { cause: format!("{cause} (code {code})") };
                }
                match status {
                    403 | 404 => Self::Unreachable { cause: trouble.to_string() },
                    _ => Self::GiveUp { cause: trouble.to_string() },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_the_outbox_must_do() {
        let refusal = |status, body: &str| DeliveryError::from(Trouble::refused(status, body.as_bytes()));
        assert!(matches!(refusal(403, r#"{"code":50007,"message":"x"}"#), DeliveryError::Unreachable { .. }));
        assert!(matches!(refusal(404, "<html>"), DeliveryError::Unreachable { .. }));
        assert!(matches!(refusal(400, r#"{"code":160005}"#), DeliveryError::Unreachable { .. }));
        let DeliveryError::GiveUp { cause } =
            refusal(400, r#"{"code":50035,"message":"Invalid Form Body","errors":{"content":{}}}"#)
        else {
            panic!("a wrong body never gets better")
        };
        assert!(cause.contains("content"), "{cause}");
    }
}
