//! From rendered templates to a request, without I/O: what is wrong is said before anything is sent.

use super::Action;
use crate::guard::Outgoing;
use crate::mask::Mask;
use crate::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// Bytes of a request's body at most.
const LARGEST_BODY: usize = 1024 * 1024;
/// Headers that belong to the connection, not to an action.
const OWN_HEADERS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "proxy-authorization",
    "expect",
];

/// An action's templates, rendered.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The address.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Secrets that were rendered into any of these; they are hidden wherever they show.
    pub secrets: Vec<SecretString>,
}

/// A rendered body.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// `application/json`.
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
}

/// How the remote side knows us.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// It need not.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: Basic …`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// Its whole value.
        value: SecretString,
    },
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) request: Outgoing,
    pub(super) mask: Mask,
}

/// What would be sent, for a dry run: no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// All headers of ours.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
}

impl Action {
    /// The request of one execution. `key` stays the same over all repetitions of this execution and differs for every
    /// other one; it is sent where the action declares a header for it.
    pub fn prepare(&self, rendered: Rendered, auth: &Auth, key: &str) -> Result<Prepared, Trouble> {
        let mut mask = Mask::new(&rendered.secrets);
        let masked = |mask: &Mask, why: String| Trouble::unusable(why).masked(mask);
        let url = Url::parse(rendered.url.trim()).map_err(|error| {
            masked(&mask, format!("`{}` is no address: {error}", crate::guard::excerpt(&rendered.url)))
        })?;
        let mut headers = HeaderMap::new();
        let (body, kind) = encoded(&rendered.body)?;
        if body.len() > LARGEST_BODY {
            return Err(Trouble::unusable(format!("the body is longer than {LARGEST_BODY} bytes")));
        }
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in &rendered.headers {
            let (name, mut value) = header(name, value).map_err(|why| masked(&mask, why))?;
            // A secret may have been rendered into any of them.
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if let Some((name, value)) = credentials(auth, &mut mask)? {
            headers.insert(name, value);
        }
        if let Some(name) = &self.spec().idempotency_header {
            let (name, value) = header(name.as_str(), key).map_err(Trouble::unusable)?;
            headers.insert(name, value);
        }
        let request = Outgoing {
            method: self.spec().method.clone(),
            url,
            headers,
            body: body.into(),
            limits: self.spec().limits,
        };
        Ok(Prepared { request, mask })
    }
}

fn encoded(body: &Body) -> Result<(Vec<u8>, Option<&'static str>), Trouble> {
    match body {
        Body::Empty => Ok((Vec::new(), None)),
        Body::Json(value) => serde_json::to_vec(value)
            .map(|bytes| (bytes, Some("application/json")))
            .map_err(|error| Trouble::unusable(error.to_string())),
        Body::Form(fields) => serde_urlencoded::to_string(fields)
            .map(|text| (text.into_bytes(), Some("application/x-www-form-urlencoded")))
            .map_err(|error| Trouble::unusable(error.to_string())),
    }
}

/// A header of an action: a value with a line break would be two headers and is refused.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let known: HeaderName = name.parse().map_err(|_| format!("`{name}` is no name of a header"))?;
    if OWN_HEADERS.contains(&known.as_str()) {
        return Err(format!("the header `{known}` can't be set by an action"));
    }
    let value = HeaderValue::from_str(value)
        .map_err(|_| format!("the header `{known}` holds a line break or another control character"))?;
    Ok((known, value))
}

fn credentials(auth: &Auth, mask: &mut Mask) -> Result<Option<(HeaderName, HeaderValue)>, Trouble> {
    let (name, value) = match auth {
        Auth::None => return Ok(None),
        Auth::Bearer(token) => {
            mask.add(token.expose_secret());
            (AUTHORIZATION.as_str(), format!("Bearer {}", token.expose_secret()))
        }
        Auth::Basic { user, password } => {
            let pair = format!("{user}:{}", password.expose_secret());
            mask.add(password.expose_secret());
            mask.add(&pair);
            (AUTHORIZATION.as_str(), format!("Basic {}", STANDARD.encode(pair)))
        }
        Auth::Header { name, value } => {
            mask.add(value.expose_secret());
            (name.as_str(), value.expose_secret().to_owned())
        }
    };
    let (name, mut value) = header(name, &value).map_err(|why| Trouble::unusable(why).masked(mask))?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

impl Prepared {
    /// What would be sent.
    #[must_use]
    pub fn preview(&self) -> Preview {
        let request = &self.request;
        let shown = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = request.headers.iter().map(|(name, value)| {
            let value = if name == AUTHORIZATION {
                crate::mask::HIDDEN.to_owned()
            } else {
                self.mask.hide(&shown(value))
            };
            (name.to_string(), value)
        });
        Preview {
            method: request.method.to_string(),
            url: self.mask.hide(request.url.as_str()),
            headers: headers.collect(),
            body: self.mask.hide(&String::from_utf8_lossy(&request.body)),
        }
    }

    /// The secrets that took part.
    #[must_use]
    pub fn mask(&self) -> &Mask {
        &self.mask
    }
}
