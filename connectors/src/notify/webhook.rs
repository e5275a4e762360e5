//! Webhooks by Standard Webhooks: signed, with an id that stays the same over retries.
//! https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use super::{Message, Notify};
use crate::guard::{Guard, Outgoing};
use crate::trouble::Trouble;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use url::Url;

/// A signature older or newer than this is refused by [`verify`], in seconds.
pub const TOLERANCE: i64 = 5 * 60;
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// A secret that signs nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is `whsec_` and base64 of 24 to 64 bytes")]
pub struct BadSecret;

/// A request that must not be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSignature(pub &'static str);

/// What signs and verifies.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Reads `whsec_…`.
    pub fn read(secret: &SecretString) -> Result<Self, BadSecret> {
        let text = secret.expose_secret().trim();
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").ok_or(BadSecret)?).map_err(|_| BadSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(Zeroizing::new(bytes))) } else { Err(BadSecret) }
    }

    fn mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<Hmac<Sha256>, BadSecret> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| BadSecret)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(mac)
    }

    /// `v1,…` of one message.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String, BadSecret> {
        Ok(format!("v1,{}", STANDARD.encode(self.mac(id, timestamp, body)?.finalize().into_bytes())))
    }
}

/// Whether a request from outside was signed with one of these keys, lately. Gives the message's id, by which the
/// receiver drops repetitions.
pub fn verify(
    keys: &[SigningKey],
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<String, BadSignature> {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let id =
        header(ID).filter(|id| !id.is_empty()).ok_or(BadSignature("the header webhook-id is missing"))?;
    let timestamp: i64 = header(TIMESTAMP)
        .and_then(|text| text.parse().ok())
        .ok_or(BadSignature("the header webhook-timestamp is missing or no number"))?;
    if now.timestamp().saturating_sub(timestamp).saturating_abs() > TOLERANCE {
        return Err(BadSignature("the timestamp is too far from now"));
    }
    let given = header(SIGNATURE).ok_or(BadSignature("the header webhook-signature is missing"))?;
    for signature in given.split_whitespace().filter_map(|one| one.strip_prefix("v1,")) {
        let Ok(signature) = STANDARD.decode(signature) else { continue };
        for key in keys {
            let mac = key.mac(id, timestamp, body).map_err(|_| BadSignature("a key can't be used"))?;
            // Constant time.
            if mac.verify_slice(&signature).is_ok() {
                return Ok(id.to_owned());
            }
        }
    }
    Err(BadSignature("no signature fits"))
}

/// A webhook of somebody else's.
pub struct Webhook {
    guard: Guard,
    address: Url,
    keys: Vec<SigningKey>,
}

impl Webhook {
    /// Signs with every key given: the new one first while keys are being changed.
    #[must_use]
    pub fn new(guard: Guard, address: Url, keys: Vec<SigningKey>) -> Self {
        Self { guard, address, keys }
    }

    fn request(&self, message: &Message, now: DateTime<Utc>) -> Result<Outgoing, Trouble> {
        let body = json!({"type": message.kind, "timestamp": message.at, "data": message.data}).to_string();
        let unusable = |_| Trouble::unusable("a key of the webhook can't be used");
        let signatures = self.keys.iter().map(|key| key.sign(&message.key, now.timestamp(), body.as_bytes()));
        let signatures = signatures.collect::<Result<Vec<_>, _>>().map_err(unusable)?.join(" ");
        let mut request = Outgoing::new(Method::POST, self.address.clone());
        for (name, value) in [
            ("content-type", "application/json".to_owned()),
            (ID, message.key.clone()),
            (TIMESTAMP, now.timestamp().to_string()),
            (SIGNATURE, signatures),
        ] {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                Trouble::unusable(format!("the header {name} would hold a control character"))
            })?;
            request.headers.insert(name, value);
        }
        request.body = body.into();
        Ok(request)
    }
}

#[async_trait]
impl Notify for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    /// A 410 comes back as [`Trouble::Refused`]: the receiver wants no more.
    async fn notify(&self, message: &Message, now: DateTime<Utc>) -> Result<(), Trouble> {
        self.guard.send(self.request(message, now)?).await?.judged(false, &[]).map(|_| ())
    }

    async fn examine(&self) -> Result<(), Trouble> {
        super::answers(&self.guard, self.address.clone()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<SigningKey, BadSecret> {
        SigningKey::read(&SecretString::from(text))
    }

    #[test]
    fn signatures_are_those_of_the_specification() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn weak_or_garbled_secrets_are_refused() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?"] {
            assert!(key(secret).is_err(), "{secret}");
        }
    }

    #[test]
    fn only_a_fresh_message_of_a_known_key_is_believed() {
        let (old, new) = (
            key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
            key(&format!("whsec_{}", STANDARD.encode([7; 32]))).unwrap(),
        );
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let headers = |id: &str, at: i64, signature: String| {
            let mut headers = HeaderMap::new();
            headers.insert(ID, id.parse().unwrap());
            headers.insert(TIMESTAMP, at.to_string().parse().unwrap());
            headers.insert(SIGNATURE, signature.parse().unwrap());
            headers
        };
        let at = now.timestamp();
        let both =
            format!("v2,xx {} {}", new.sign("m", at, b"{}").unwrap(), old.sign("m", at, b"{}").unwrap());
        assert_eq!(
            verify(std::slice::from_ref(&old), &headers("m", at, both.clone()), b"{}", now).unwrap(),
            "m"
        );
        assert!(verify(std::slice::from_ref(&old), &headers("m", at, both.clone()), b"{ }", now).is_err());
        assert!(verify(std::slice::from_ref(&old), &headers("n", at, both.clone()), b"{}", now).is_err());
        assert!(verify(std::slice::from_ref(&old), &headers("m", at + 1, both), b"{}", now).is_err());
        let stale = at - TOLERANCE - 1;
        assert!(
            verify(
                std::slice::from_ref(&old),
                &headers("m", stale, old.sign("m", stale, b"{}").unwrap()),
                b"{}",
                now
            )
            .is_err()
        );
        assert!(verify(&[new], &headers("m", at, old.sign("m", at, b"{}").unwrap()), b"{}", now).is_err());
        assert!(verify(&[old], &HeaderMap::new(), b"{}", now).is_err());
    }
}
