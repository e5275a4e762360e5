//! What browsers are told, and which browsers' pages may change anything.

use super::Site;
use super::problem::{Problem, Result};
use super::settings::Settings;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// For answers that are no pages: nothing of them may run, whatever a browser makes of them.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
/// What our pages may do: nothing inline, nothing from elsewhere.
const OURS_ONLY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors ";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a page may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The widget: on the sites that hold it.
    Sites,
    /// Everything else: nowhere.
    Nowhere,
}

/// The policy of one of our pages.
pub(crate) fn page_policy(framing: Framing, settings: &Settings) -> String {
    let ancestors = match framing {
        Framing::Nowhere => "'none'".to_owned(),
        Framing::Sites if settings.allowed_origins.is_empty() => "*".to_owned(),
        Framing::Sites => format!("'self' {}", settings.allowed_origins.join(" ")),
    };
    format!("{OURS_ONLY}{ancestors}")
}

/// Headers of every answer; a page has set its own policy before.
pub(crate) async fn headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    if site.settings.secure() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING_RUNS));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.entry(CROSS_ORIGIN_RESOURCE_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(CROSS_ORIGIN_OPENER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    response
}

/// The widget's script is loaded by other sites' pages.
pub(crate) fn for_other_sites(response: &mut Response) {
    response.headers_mut().insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

/// Refuses what another site's page tries to do with somebody's cookie. Browsers say where a request comes from;
/// whoever says nothing at all is refused too.
pub(crate) async fn same_site_only(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || comes_from_us(request.headers(), &site.settings) {
        next.run(request).await
    } else {
        let detail = "This request did not come from the desk's own pages. Open the console and try again.";
        Problem::forbidden("cross-site", detail).into_response()
    }
}

fn comes_from_us(headers: &HeaderMap, settings: &Settings) -> bool {
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => true,
        Some(_) => false,
        None => headers.get(ORIGIN).is_some_and(|origin| is_own(origin, headers, settings)),
    }
}

/// Whether an origin is this desk: its public address, or the host that was asked.
fn is_own(origin: &HeaderValue, headers: &HeaderMap, settings: &Settings) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    if origin.eq_ignore_ascii_case(&settings.public_url) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let asked = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    matches!((asked, host), (Some(asked), Some(host)) if asked.eq_ignore_ascii_case(host))
}

/// Whether a page may open a socket: one of ours, or of a site that may hold the widget. A socket without an origin
/// is no browser's and is refused.
pub(crate) fn may_open_socket(headers: &HeaderMap, settings: &Settings) -> Result<()> {
    let allowed = headers.get(ORIGIN).is_some_and(|origin| {
        is_own(origin, headers, settings)
            || settings
                .allowed_origins
                .iter()
                .any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
    });
    if allowed {
        Ok(())
    } else {
        Err(Problem::forbidden("foreign-origin", "This page may not open a chat here."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &str)]) -> bool {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        let settings = Settings { public_url: "https://desk.example".to_owned(), ..Settings::default() };
        comes_from_us(&headers, &settings)
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("sec-fetch-site", "none")]));
        assert!(from(&[("origin", "https://desk.example")]));
        assert!(from(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        assert!(!from(&[]));
        assert!(!from(&[("sec-fetch-site", "same-site")]));
        assert!(!from(&[("sec-fetch-site", "cross-site"), ("origin", "https://desk.example")]));
        assert!(!from(&[("origin", "https://evil.example"), ("host", "desk.example")]));
        assert!(!from(&[("origin", "null"), ("host", "desk.example")]));
    }
}
