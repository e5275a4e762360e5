//! What all vendors' adapters share: addresses below a base, our credentials, JSON there and back.

use super::values::RemoteId;
use crate::guard::{Answer, Guard, Outgoing};
use crate::mask::Mask;
use crate::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
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
}

impl Api {
    pub(super) fn new(guard: Guard, base: Url) -> Self {
        Self { guard, base, headers: HeaderMap::new(), mask: Mask::default() }
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
