//! Hands out a customer's file: always to be saved, never to be shown.

use super::problem::{Problem, Result};
use crate::ports::storage::StoredUpload;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 lets stand in an extended value.
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The file as an attachment. The other headers (nosniff, sandbox) are those of every answer that is no page.
pub(crate) fn attachment(upload: StoredUpload) -> Result<Response> {
    let name = utf8_percent_encode(&upload.name, EXTENDED);
    Response::builder()
        .header(CONTENT_TYPE, upload.media_type)
        .header(CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}"))
        .header(CACHE_CONTROL, "private, no-store")
        .body(Body::from(upload.content))
        .map_err(Problem::internal)
}
