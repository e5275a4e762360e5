//! Requests from vendors: believed only with the right signature or secret.

use super::marker;
use super::values::{RemoteId, Status};
use crate::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;

/// What somebody wrote below a ticket over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteComment {
    /// The vendor's id of it: the same comment has the same in events and in lists.
    pub id: String,
    /// Who, as people call them.
    pub author: String,
    /// What, as plain text.
    pub text: String,
    /// Whether the vendor shows it to the customer.
    pub public: bool,
}

impl RemoteComment {
    /// A comment, unless it is empty or one of ours.
    pub(super) fn of(id: String, author: &str, text: &str, public: bool) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || marker::key_in(text).is_some() {
            return None;
        }
        let author = if author.trim().is_empty() { "somebody" } else { author.trim() };
        Some(Self { id, author: author.to_owned(), text: text.to_owned(), public })
    }
}

/// The text of HTML, without its power.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            rest = &rest[at..];
            break;
        };
        let tag = rest[at + 1..at + end].trim_start_matches('/').to_ascii_lowercase();
        if ["br", "p", "div", "li", "tr"].iter().any(|name| tag.split([' ', '/']).next() == Some(*name))
            && !text.ends_with('\n')
        {
            text.push('\n');
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&nbsp;", " ").replace("&amp;", "&").trim().to_owned()
}

/// What a vendor tells of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub id: RemoteId,
    /// The key that we gave it, where the vendor sends it along. It may have been forged by whoever may write tickets
    /// there: look the ticket up by `id` among those that we opened.
    pub key: Option<String>,
    /// Where it stands now, if that is told.
    pub status: Option<Status>,
    /// What somebody else wrote.
    pub comment: Option<RemoteComment>,
}

/// A request that tells nothing, by what the hook must answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// Not from the vendor: 401.
    #[error("the request is not signed with our secret: {0}")]
    Unsigned(&'static str),
    /// From the vendor, but not understood: 422.
    #[error("the event can't be read: {0}")]
    Unreadable(String),
    /// No secret is configured, or the vendor sends no events: 404.
    #[error("{0}")]
    NotOffered(&'static str),
}

/// Events need a secret.
pub(super) fn secret(secret: Option<&SecretString>) -> Result<&SecretString, BadEvent> {
    secret
        .filter(|secret| !secret.expose_secret().is_empty())
        .ok_or(BadEvent::NotOffered("events of this ticket system are refused until a webhook secret is set"))
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, BadEvent> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .ok_or(BadEvent::Unsigned("its signature is missing"))
}

/// The event behind a signature; it is read only after that.
pub(super) fn json(body: &[u8]) -> Result<Value, BadEvent> {
    serde_json::from_slice(body).map_err(|error| BadEvent::Unreadable(error.to_string()))
}

/// HMAC-SHA256 in hexadecimal, constant time.
pub(super) fn signed_hex(secret: &SecretString, body: &[u8], signature: &str) -> Result<(), BadEvent> {
    let given = hex::decode(signature).map_err(|_| WRONG)?;
    keyed::<Hmac<Sha256>>(secret)?.chain_update(body).verify_slice(&given).map_err(|_| WRONG)
}

/// HMAC-SHA1 in hexadecimal, constant time: Zammad offers no other.
pub(super) fn signed_sha1(secret: &SecretString, body: &[u8], signature: &str) -> Result<(), BadEvent> {
    let given = hex::decode(signature).map_err(|_| WRONG)?;
    keyed::<Hmac<Sha1>>(secret)?.chain_update(body).verify_slice(&given).map_err(|_| WRONG)
}

/// HMAC-SHA256 in base64 over several parts, constant time.
pub(super) fn signed_base64(secret: &SecretString, parts: &[&[u8]], signature: &str) -> Result<(), BadEvent> {
    let given = STANDARD.decode(signature).map_err(|_| WRONG)?;
    let mut mac = keyed::<Hmac<Sha256>>(secret)?;
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(&given).map_err(|_| WRONG)
}

/// A secret sent as it is, compared by its MAC so that the time tells nothing.
pub(super) fn same(secret: &SecretString, given: &str) -> Result<(), BadEvent> {
    let expected =
        keyed::<Hmac<Sha256>>(secret)?.chain_update(secret.expose_secret()).finalize().into_bytes();
    keyed::<Hmac<Sha256>>(secret)?.chain_update(given).verify_slice(&expected).map_err(|_| WRONG)
}

const WRONG: BadEvent = BadEvent::Unsigned("its signature is wrong");

fn keyed<M: KeyInit + Mac>(secret: &SecretString) -> Result<M, BadEvent> {
    <M as KeyInit>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| WRONG)
}

/// A comment that an event tells; nothing where it is ours.
pub(super) fn commented(
    id: Result<RemoteId, Trouble>,
    comment: Option<RemoteComment>,
) -> Result<Vec<Told>, BadEvent> {
    let id = id.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
    Ok(comment
        .map(|comment| Told { id, key: None, status: None, comment: Some(comment) })
        .into_iter()
        .collect())
}

/// The one status that an event tells.
pub(super) fn told(id: Result<RemoteId, Trouble>, text: &str, status: Status) -> Result<Vec<Told>, BadEvent> {
    let id = id.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
    Ok(vec![Told { id, key: marker::key_in(text).map(str::to_owned), status: Some(status), comment: None }])
}
