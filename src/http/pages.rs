//! The front ends, built by npm into `web/dist` and kept inside the binary.

use super::Site;
use super::problem::Problem;
use super::security::{self, Framing};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};
use tower_http::compression::CompressionLayer;

/// What npm has built. A binary can be built without: the pages then say how to get them.
#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// Files whose name holds a hash of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Asked anew each time; the answer is mostly "unchanged".
const ASK: &str = "no-cache";
/// The loader is on every page of a site: asked anew after some minutes.
const SOME_MINUTES: &str = "public, max-age=300";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Deskhand</title>\
    <h1>The pages are not in this binary</h1><p>It was built before the front ends were. In the project's folder run \
    <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and then \
    <code>cargo build</code>. The API works all the same.</p></html>";

/// The routes of all pages.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(front))
        .route("/widget.js", get(loader))
        .route("/widget", get(|| async { Redirect::permanent("/widget/") }))
        .route("/widget/", get(widget))
        .route("/widget/{*path}", get(widget_file))
        .route("/console", get(console))
        .route("/console/", get(console))
        .route("/console/{*path}", get(console_file))
        .route("/demo/{*path}", get(demo_file))
        .route("/favicon.ico", get(favicon))
        .layer(CompressionLayer::new().gzip(true))
}

async fn front(State(site): State<Site>, headers: HeaderMap) -> Response {
    if site.settings.demo {
        page(&site, &headers, "demo/index.html", Framing::Nowhere)
    } else {
        Redirect::temporary("/console").into_response()
    }
}

async fn loader(headers: HeaderMap) -> Response {
    let mut response = match Dist::get("widget.js") {
        Some(file) => serve("widget.js", file, &headers, SOME_MINUTES),
        None => not_built(),
    };
    security::for_other_sites(&mut response);
    response
}

async fn widget(State(site): State<Site>, headers: HeaderMap) -> Response {
    page(&site, &headers, "widget/index.html", Framing::Sites)
}

async fn widget_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    asset("widget", &path, &headers)
}

async fn console(State(site): State<Site>, headers: HeaderMap) -> Response {
    page(&site, &headers, "console/index.html", Framing::Nowhere)
}

/// A place inside the console is the console; a missing file of it is missing.
async fn console_file(State(site): State<Site>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let is_file = path.starts_with("assets/") || Dist::get(&format!("console/{path}")).is_some();
    if is_file { asset("console", &path, &headers) } else { console(State(site), headers).await }
}

async fn demo_file(State(site): State<Site>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    if site.settings.demo { asset("demo", &path, &headers) } else { Problem::no_route().into_response() }
}

async fn favicon(headers: HeaderMap) -> Response {
    asset("console", "favicon.ico", &headers)
}

fn page(site: &Site, headers: &HeaderMap, name: &str, framing: Framing) -> Response {
    let mut response = match Dist::get(name) {
        Some(file) => serve(name, file, headers, ASK),
        None => not_built(),
    };
    let policy = security::page_policy(framing, &site.settings);
    match HeaderValue::from_str(&policy) {
        Ok(policy) => response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy),
        Err(error) => return Problem::internal(format!("widget.allowed_origins: {error}")).into_response(),
    };
    if framing == Framing::Nowhere {
        response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}

/// Embedded names are exact: a path that climbs names nothing.
fn asset(folder: &str, path: &str, headers: &HeaderMap) -> Response {
    let name = format!("{folder}/{path}");
    match Dist::get(&name) {
        Some(file) => serve(&name, file, headers, if path.starts_with("assets/") { FOREVER } else { ASK }),
        None => Problem::no_route().into_response(),
    }
}

fn serve(name: &str, file: EmbeddedFile, headers: &HeaderMap, caching: &'static str) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    // A proxy or our own compression may have weakened it on the way.
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let common = [(CACHE_CONTROL, caching), (VARY, "accept-encoding")];
    if known {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)], common).into_response();
    }
    ([(CONTENT_TYPE, media_type(name, &file).to_owned()), (ETAG, tag)], common, file.data.into_owned())
        .into_response()
}

fn media_type<'a>(name: &str, file: &'a EmbeddedFile) -> &'a str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => file.metadata.mimetype(),
    }
}

fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response()
}
