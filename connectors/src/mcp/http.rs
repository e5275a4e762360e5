//! MCP's streamable HTTP through the guard: each message is one request, whose whole answer is read within its limits.

use super::LARGEST;
use crate::guard::{Answer, Guard, Limits, Outgoing, Policy};
use crate::trouble::Trouble;
use futures::stream::{self, BoxStream, StreamExt};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use secrecy::{ExposeSecret, SecretString};
use sse_stream::{Sse, SseStream};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a server that fails is left alone.
const BREAK: Duration = Duration::from_secs(30);
/// Names the session that a server began.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// The guard, as rmcp's client.
#[derive(Clone)]
pub(super) struct Guarded {
    guard: Guard,
    token: Option<SecretString>,
    limit: Duration,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}

type Failed = StreamableHttpError<Trouble>;

impl Guarded {
    pub(super) fn new(url: &Url, token: Option<SecretString>) -> Result<Self, Trouble> {
        let host = url.host_str().unwrap_or_default();
        let policy = Policy::allowing([host]).map_err(|entry| Trouble::unusable(entry.to_string()))?;
        let guard = Guard::new(policy, Limits::default(), BREAK)?;
        Ok(Self { guard, token, limit: Limits::default().total })
    }

    /// The same with another limit of time for each message.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    async fn send(
        &self,
        method: Method,
        uri: &str,
        message: Option<&ClientJsonRpcMessage>,
        session: Option<Arc<str>>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Answer, Failed> {
        let unusable = |why: String| StreamableHttpError::Client(Trouble::unusable(why));
        let url = Url::parse(uri).map_err(|error| unusable(error.to_string()))?;
        let mut request = Outgoing::new(method, url);
        if let Some(message) = message {
            request = request.json(&serde_json::to_value(message)?);
        }
        request.headers.extend(headers);
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let value = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| unusable("a header holds a control character".to_owned()))
        };
        if let Some(session) = session {
            request.headers.insert(SESSION, value(&session)?);
        }
        if let Some(token) = &self.token {
            let mut shown = value(&format!("Bearer {}", token.expose_secret()))?;
            shown.set_sensitive(true);
            request.headers.insert(AUTHORIZATION, shown);
        }
        let limits = Limits { total: self.limit, answer: LARGEST, redirects: 0, ..self.guard.limits() };
        request.limits = Some(limits);
        self.guard.send(request).await.map_err(StreamableHttpError::Client)
    }
}

impl StreamableHttpClient for Guarded {
    type Error = Trouble;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let in_session = session.is_some();
        let answer = self.send(Method::POST, &uri, Some(&message), session, headers).await?;
        if matches!(answer.status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if answer.status == StatusCode::NOT_FOUND && in_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        let wants_none = !matches!(message, ClientJsonRpcMessage::Request(_));
        let answer = answer.judged(false, &[]).map_err(StreamableHttpError::Client)?;
        if wants_none {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        let session = answer.headers.get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
        if answer.says_json() {
            let message: ServerJsonRpcMessage = answer.json().map_err(StreamableHttpError::Client)?;
            return Ok(StreamableHttpPostResponse::Json(message, session));
        }
        // The answer is complete: its events are read from memory.
        let body = stream::once(async move { Ok::<_, std::io::Error>(answer.body) });
        Ok(StreamableHttpPostResponse::Sse(SseStream::from_bytes_stream(body.boxed()).boxed(), session))
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failed> {
        self.send(Method::DELETE, &uri, None, Some(session), headers).await.map(drop)
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        // Nothing that a server says unasked is listened to.
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}
