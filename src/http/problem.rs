//! Everything that can go wrong in a request, as an RFC 9457 problem document; made here and nowhere else.
//!
//! A problem is either *the caller's* (a sentence that says what is wrong and what to do; never logged as an error)
//! or *ours* (`cause` is set: logged once, here, when it becomes a response, and answered with a constant).

use crate::desk::Refusal;
use crate::hand::HandError;
use crate::ports::storage::Unavailable;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, RefOr};

/// What a route answers with when it does not succeed.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// After this many seconds a caller may try again when the database was away.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Why a request did not succeed.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    /// Only for our own log.
    cause: Option<String>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its name.
    field: &'static str,
    /// What is wrong, for people.
    message: String,
}

/// RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A sentence that says what is wrong and what to do.
    detail: Cow<'static, str>,
    /// Stable, kebab-case.
    code: &'static str,
    /// Fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Seconds to wait; the same as the header, for sockets.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// The caller's problem.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None, cause: None }
    }

    /// 400.
    pub(crate) fn bad(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 422, naming the field.
    pub(crate) fn field(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let errors = vec![FieldError { field, message: message.clone() }];
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message) }
    }

    /// 401: sign in, or begin a session.
    pub(crate) fn unauthorized(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403.
    pub(crate) fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 for a thing.
    pub(crate) fn missing(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}."))
    }

    /// 409.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 415.
    pub(crate) fn not_json() -> Self {
        let detail = "Send JSON with the header \"Content-Type: application/json\".";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", detail)
    }

    /// 413.
    pub(crate) fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    /// 429.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let detail = "Too many requests in a short time. Wait a moment, then try again.";
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", detail) }
    }

    /// 500: a defect of ours.
    pub(crate) fn internal(cause: impl ToString) -> Self {
        let detail = "Something went wrong here. It was recorded; please try again later.";
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }

    /// 503: nothing was changed, and the same request may succeed soon.
    pub(crate) fn unavailable(cause: impl ToString) -> Self {
        Self {
            cause: Some(cause.to_string()),
            retry_after: Some(TRY_AGAIN),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The desk cannot do this right now. Nothing was changed; please try again in a moment.",
            )
        }
    }

    /// The unknown address.
    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing at this address.")
    }

    /// The known address with another method.
    pub(crate) fn no_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This address does not take that method.",
        )
    }

    /// Logs the cause, if it is ours, and gives what may be shown.
    pub(crate) fn document(self) -> Document {
        if let Some(cause) = &self.cause {
            tracing::error!(status = self.status.as_u16(), code = self.code, cause, "a request failed");
        }
        Document {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            errors: self.errors,
            retry_after: self.retry_after.map(whole_seconds),
        }
    }
}

/// Rounded up, and at least one: `Retry-After: 0` would be no wait at all.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let document = self.document();
        let retry_after = document.retry_after;
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// In the OpenAPI document every route may answer with a problem.
impl utoipa::IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("What is wrong, as an RFC 9457 problem document")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

impl From<HandError> for Problem {
    fn from(error: HandError) -> Self {
        match error {
            HandError::NotFound => Self::missing("conversation"),
            HandError::Unavailable(error) => error.into(),
            HandError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Taken(_) => Self::conflict("taken", detail),
            Refusal::NotYours => Self::conflict("not-yours", detail),
            Refusal::Resolved => Self::conflict("resolved", detail),
            Refusal::Already => Self::conflict("already", detail),
            Refusal::NothingToApprove => Self::conflict("nothing-to-approve", detail),
            Refusal::NotEditable(_) => Self::field("edits", "not-editable", detail),
            Refusal::NotUndone(_) => Self::conflict("not-undone", detail),
            Refusal::NoSuchPlaybook(_) => Self::field("id", "unknown-playbook", detail),
            Refusal::UnderWay => Self::conflict("under-way", detail),
            Refusal::BadInput(_) => Self::field("input", "bad-input", detail),
            Refusal::NoSuchTeam(_) => Self::field("team", "unknown-team", detail),
        }
    }
}

impl From<channels::TextError> for Problem {
    fn from(error: channels::TextError) -> Self {
        use channels::TextError;
        match error {
            TextError::TooLong => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", error.to_string()),
            TextError::Nul => Self::field("text", "nul", error.to_string()),
            TextError::Empty => Self::field("text", "empty", error.to_string()),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::JsonDataError(error) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad-request",
                format!("The request does not have the expected form: {}.", inner(&error)),
            ),
            JsonRejection::JsonSyntaxError(error) => {
                Self::bad("bad-json", format!("The request is not valid JSON: {}.", inner(&error)))
            }
            JsonRejection::MissingJsonContentType(_) => Self::not_json(),
            JsonRejection::BytesRejection(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Self::too_large("The request is too large.")
        } else {
            Self::bad("cut-off", "The request ended before it was complete.")
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad("bad-query", format!("The address is not right: {}.", inner(&rejection)))
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        // An id that is none names nothing.
        Self::no_route()
    }
}

/// The innermost error: what is wrong, without the layers it came through.
fn inner(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
