//! What happens around every request: a name for it, a line in the log, a count, a limit to its time, and an answer
//! even if a handler panics.

use super::Site;
use super::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

/// What takes longer is given up, and the caller told to try again.
const LONGEST: Duration = Duration::from_secs(30);
/// A file over a slow line.
const LONGEST_UPLOAD: Duration = Duration::from_secs(300);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names, times and counts a request. Paths are logged as patterns and queries not at all: both may hold what is
/// nobody's business.
pub(super) async fn trace(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = site.ledger.ids.id().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!("request", %method, route, id);
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let took = began.elapsed();
        tracing::debug!(status, ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "answered");
        metrics::counter!("deskhand_http_requests_total", "method" => known(&method), "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        metrics::histogram!("deskhand_http_request_seconds", "route" => route).record(took.as_secs_f64());
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// Anybody may invent a method; a counter for each would fill the memory.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Gives up on what takes too long. A stream has answered by then; what it still sends is its own affair.
pub(super) async fn time_limit(request: Request, next: Next) -> Response {
    let upload = request.uri().path() == "/chat/v1/uploads";
    let limit = if upload { LONGEST_UPLOAD } else { LONGEST };
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable(format!("a request took longer than {limit:?}")).into_response(),
    }
}

/// A panic of ours is a 500 for one caller, and no more. The panic itself stands in the log already.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    metrics::counter!("deskhand_http_panics_total").increment(1);
    Problem::internal("a handler panicked").into_response()
}
