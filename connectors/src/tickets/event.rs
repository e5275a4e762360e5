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

/// What a vendor tells of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundStatus {
    /// Which.
    pub id: RemoteId,
    /// The key that we gave it, where the vendor sends it along. It may have been forged by whoever may write tickets
    /// there: look the ticket up by `id` among those that we opened.
    pub key: Option<String>,
    /// Where it stands now.
    pub status: Status,
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

/// The one status that an event tells.
pub(super) fn told(
    id: Result<RemoteId, Trouble>,
    text: &str,
    status: Status,
) -> Result<Vec<InboundStatus>, BadEvent> {
    let id = id.map_err(|trouble| BadEvent::Unreadable(trouble.to_string()))?;
    Ok(vec![InboundStatus { id, key: marker::key_in(text).map(str::to_owned), status }])
}
