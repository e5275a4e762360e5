//! Calls of the Bot API with teloxide's typed payloads over our own transport: teloxide's sleeps 10 s within a call
//! after a 5xx, and does not tell a request that never left from one whose answer was lost.

use super::settings::{Settings, SettingsError};
use futures::StreamExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::Duration;
use teloxide::requests::Payload;

/// Why a call brought nothing. No variant ever holds an address, since that holds the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The request surely never left.
    #[error("Telegram can't be reached: {0}")]
    Unsent(String),
    /// The request may have arrived, its answer did not.
    #[error("no answer from Telegram: {0}")]
    Lost(String),
    /// Telegram said no.
    #[error("Telegram answers {code}: {description}")]
    Refused {
        /// As HTTP's status.
        code: u16,
        /// In its words.
        description: String,
        /// Telegram's seconds to wait.
        retry_after: Option<u64>,
        /// The group's new id.
        moved_to: Option<i64>,
    },
    /// Success, in words that are not the Bot API's.
    #[error("an answer that is not Telegram's: {0}")]
    Garbled(String),
}

impl CallError {
    /// The status of a refusal.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the token is not (or no longer) one of Telegram's.
    pub(super) fn unauthorized(&self) -> bool {
        // A token that was never a bot's is answered with 404.
        matches!(self.code(), Some(401 | 404))
    }
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    result: Option<Value>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// One bot at one Bot API server.
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    timeout: Duration,
}

impl Api {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = settings.api_url.as_deref().unwrap_or(teloxide::net::TELEGRAM_API_URL);
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            // Less than any server's, so that no request is written to a link that is just being closed.
            .pool_idle_timeout(Duration::from_secs(15))
            .tcp_nodelay(true)
            .build()
            .map_err(|_| SettingsError::Client)?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token: settings.token.clone(),
            timeout: settings.call_timeout,
        })
    }

    /// Calls a method and reads its answer.
    pub(super) async fn call<P>(&self, payload: &P) -> Result<P::Output, CallError>
    where
        P: Payload + Serialize + Sync,
        P::Output: DeserializeOwned,
    {
        serde_json::from_value(self.raw(payload).await?)
            .map_err(|error| CallError::Garbled(error.to_string()))
    }

    /// Calls a method and leaves the answer as it is.
    pub(super) async fn raw<P: Payload + Serialize + Sync>(&self, payload: &P) -> Result<Value, CallError> {
        let timeout = self.timeout + payload.timeout_hint().unwrap_or_default();
        let url = format!("{}/bot{}/{}", self.base, self.token.expose_secret(), P::NAME);
        let asked = self.http.post(url).json(payload).timeout(timeout).send().await;
        let answer = asked.map_err(|error| {
            if error.is_connect() || error.is_builder() { Unsent(told(error)) } else { Lost(told(error)) }
        })?;
        let status = answer.status();
        let body = answer.bytes().await;
        match body.as_deref().map(serde_json::from_slice::<Envelope>) {
            Ok(Ok(Envelope { ok: true, result: Some(result), .. })) => Ok(result),
            Ok(Ok(Envelope { ok: false, description, parameters, .. })) => Err(CallError::Refused {
                code: status.as_u16(),
                description,
                retry_after: parameters.retry_after,
                moved_to: parameters.migrate_to_chat_id,
            }),
            // A status of refusal stands, whatever a proxy wrote below it or cut from it.
            _ if status.is_client_error() || status.is_server_error() => Err(CallError::Refused {
                code: status.as_u16(),
                description: status.canonical_reason().unwrap_or("no reason given").to_owned(),
                retry_after: None,
                moved_to: None,
            }),
            Ok(_) => Err(CallError::Garbled(format!("status {}, not the Bot API's JSON", status.as_u16()))),
            Err(_) => Err(Lost("the link was cut".to_owned())),
        }
    }

    /// Fetches a file, giving up when it turns out larger than `limit` bytes (`None`).
    pub(super) async fn fetch(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, CallError> {
        let url = format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret());
        let answer =
            self.http.get(url).timeout(self.timeout * 3).send().await.map_err(|error| Lost(told(error)))?;
        if !answer.status().is_success() {
            return Err(CallError::Refused {
                code: answer.status().as_u16(),
                description: "the file is not there".to_owned(),
                retry_after: None,
                moved_to: None,
            });
        }
        let mut content = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            content.extend_from_slice(&chunk.map_err(|error| Lost(told(error)))?);
            if content.len() as u64 > limit {
                return Ok(None);
            }
        }
        Ok(Some(content))
    }
}

use CallError::{Lost, Unsent};

/// The cause without the address, which holds the token.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut told = if error.is_timeout() { "timed out".to_owned() } else { error.to_string() };
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}
