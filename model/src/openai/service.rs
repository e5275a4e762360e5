//! The HTTP call below async-openai. It looks at the status before anybody parses, keeps what the server said about
//! waiting, caps bodies, and lets only readable JSON through: async-openai would log what it cannot read.

use crate::wire::failure::{HttpFailure, LinkFailure, retry_after};
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::future::BoxFuture;
use reqwest::{Client, Response};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

/// The wall clock, for `Retry-After` given as a date.
pub type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The most that is read of an error's body.
const MAX_ERROR: usize = 64 << 10;

/// One attempt: no retry, no redirect.
#[derive(Clone)]
pub(super) struct Http {
    pub(super) client: Client,
    pub(super) max_response: usize,
    pub(super) now: WallClock,
    /// Whether a stream of events is expected.
    pub(super) events: bool,
}

impl tower::Service<HttpRequestFactory> for Http {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let request = request.build().await?;
            let response = this.client.execute(request).await.map_err(|error| boxed(link(&error)))?;
            if !response.status().is_success() {
                return Err(boxed(this.failure(response).await));
            }
            let kind = response
                .headers()
                .get("content-type")
                .and_then(|kind| kind.to_str().ok())
                .unwrap_or_default();
            if this.events && kind.starts_with("text/event-stream") {
                return Ok(super::events::readable(response, this.max_response));
            }
            let body = capped(response, this.max_response).await.map_err(boxed)?;
            let body = if std::str::from_utf8(&body).is_ok() {
                body
            } else {
                Bytes::from(String::from_utf8_lossy(&body).into_owned())
            };
            if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
                return Err(boxed(LinkFailure::NotJson));
            }
            // A server that does not stream answers whole; the reader of events gets it as one.
            let body = if this.events { super::events::as_event(&body) } else { body };
            Ok(Response::from(http::Response::new(reqwest::Body::from(body))))
        })
    }
}

impl Http {
    async fn failure(&self, response: Response) -> HttpFailure {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = retry_after(header("retry-after"), header("retry-after-ms"), (self.now)());
        let status = response.status().as_u16();
        // A failure's body is a help, not a need: as much of it as came.
        let mut stream = response.bytes_stream();
        let mut body = BytesMut::new();
        while let Some(Ok(piece)) = stream.next().await {
            body.extend_from_slice(&piece[..piece.len().min(MAX_ERROR - body.len())]);
            if body.len() == MAX_ERROR {
                break;
            }
        }
        HttpFailure { status, retry_after: wait, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

/// The whole body, if it is not too large. The length is counted as it comes; what a header says may be wrong.
async fn capped(response: Response, most: usize) -> Result<Bytes, LinkFailure> {
    let mut stream = response.bytes_stream();
    let mut body = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| link(&error))?;
        if body.len() + piece.len() > most {
            return Err(LinkFailure::TooLarge(most));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

pub(super) fn link(error: &reqwest::Error) -> LinkFailure {
    // A connection that times out was never made: nothing was asked.
    if error.is_connect() {
        LinkFailure::Connect
    } else if error.is_timeout() {
        LinkFailure::Silent
    } else {
        LinkFailure::Broken
    }
}

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}
