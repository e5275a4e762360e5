//! What all vendors' adapters share: addresses below a base, our credentials, JSON there and back.

use super::files::{NewFile, Part, form};
use super::values::RemoteId;
use crate::guard::{Answer, Guard, Outgoing};
use crate::mask::Mask;
use crate::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// Pages of a vendor's list that are read before giving up on it.
pub(super) const PAGES: u32 = 20;
/// What a page holds: the most that all vendors allow.
pub(super) const PAGE: usize = 100;

/// A vendor's API.
#[derive(Clone)]
pub(super) struct Api {
    guard: Guard,
    base: Url,
    headers: HeaderMap,
    mask: Mask,
    kinds: bool,
}

impl Api {
    pub(super) fn new(guard: Guard, base: Url) -> Self {
        Self { guard, base, headers: HeaderMap::new(), mask: Mask::default(), kinds: false }
    }

    /// `Authorization: {scheme} {secret}`.
    pub(super) fn with_token(self, scheme: &str, secret: &SecretString) -> Result<Self, Trouble> {
        let value = format!("{scheme}{}", secret.expose_secret());
        self.with_secret(AUTHORIZATION, &value, secret)
    }

    /// Basic authentication.
    pub(super) fn with_login(self, user: &str, secret: &SecretString) -> Result<Self, Trouble> {
        let pair = STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
        self.with_secret(AUTHORIZATION, &format!("Basic {pair}"), secret)
    }

    /// A secret in a header of its own.
    pub(super) fn with_secret(
        mut self,
        name: HeaderName,
        value: &str,
        secret: &SecretString,
    ) -> Result<Self, Trouble> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| Trouble::unusable("the ticket system's credentials hold a control character"))?;
        value.set_sensitive(true);
        let whole = value.to_str().unwrap_or_default().to_owned();
        self.headers.insert(name, value);
        self.mask.add(secret.expose_secret());
        self.mask.add(whole.strip_prefix("Basic ").unwrap_or_default());
        Ok(self)
    }

    /// A header that is no secret.
    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// An address below the base. Segments of `path` that come from elsewhere are [`RemoteId`]s, so plain.
    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Reads.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.send(Outgoing::new(Method::GET, self.url(path, query))).await?.json()
    }

    /// Creates or changes; the caller reads the answer.
    pub(super) async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Trouble> {
        self.send(Outgoing::new(method, self.url(path, &[])).json(body)).await
    }

    /// Creates; the answer is JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.write(Method::POST, path, body).await?.json()
    }

    /// Uploads a file as it is; the answer is JSON. Nobody sees it before something refers to it, so that a doubt about
    /// it is none.
    pub(super) async fn upload(&self, url: Url, file: &NewFile) -> Result<Value, Trouble> {
        let mut request = Outgoing::new(Method::POST, url);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        if let (true, Ok(kind)) = (self.kinds, HeaderValue::from_str(file.kind())) {
            request.headers.insert(CONTENT_TYPE, kind);
        }
        request.body = file.bytes.clone();
        match self.send(request).await {
            Err(Trouble::InDoubt { why }) => Err(Trouble::Retry { why }),
            sent => sent?.json(),
        }
    }

    /// Uploads take the file's own kind.
    pub(super) fn with_kinds(mut self) -> Self {
        self.kinds = true;
        self
    }

    /// Posts a form.
    pub(super) async fn form(&self, path: &str, parts: &[Part<'_>]) -> Result<Answer, Trouble> {
        let mut request = Outgoing::new(Method::POST, self.url(path, &[]));
        let (kind, body) = form(parts);
        let kind = HeaderValue::from_str(&kind).map_err(|_| Trouble::unusable("the form's kind is none"))?;
        request.headers.insert(CONTENT_TYPE, kind);
        request.body = body;
        self.send(request).await
    }

    /// Sends with our credentials; only success comes back, and no error holds a secret.
    pub(super) async fn send(&self, mut request: Outgoing) -> Result<Answer, Trouble> {
        let safe = request.is_safe();
        for (name, value) in &self.headers {
            request.headers.insert(name.clone(), value.clone());
        }
        let sent = self.guard.send(request).await.and_then(|answer| answer.judged(safe, &[]));
        sent.map_err(|trouble| trouble.masked(&self.mask))
    }
}

/// A text or number at a JSON pointer, as text.
pub(super) fn text(value: &Value, pointer: &str) -> Result<String, Trouble> {
    match value.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Trouble::unexpected(format!("{pointer} is missing"))),
    }
}

/// The id at a JSON pointer.
pub(super) fn id(value: &Value, pointer: &str) -> Result<RemoteId, Trouble> {
    RemoteId::read(text(value, pointer)?)
}

/// The list at a JSON pointer.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> Result<&'a Vec<Value>, Trouble> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.ok_or_else(|| Trouble::unexpected(format!("{pointer} is no list")))
}

/// A text that may be absent.
pub(super) fn text_or_empty<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether something is of that time or later; so it is where its time can't be read.
pub(super) fn is_since(value: &Value, pointer: &str, since: DateTime<Utc>) -> bool {
    DateTime::parse_from_rfc3339(text_or_empty(value, pointer)).map_or(true, |at| at >= since)
}

/// Signs that have power in HTML, without it; line breaks stay visible.
pub(super) fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    escaped.replace('\n', "<br>")
}

/// A list that is too long to be read: creating would be a guess.
pub(super) fn too_long(vendor: &str) -> Trouble {
    Trouble::Retry {
        why: format!(
            "{vendor} lists more tickets since the first try than can be read; look for the key by hand"
        ),
    }
}
