//! Signatures of hooks, pure: the same request at the same time is always believed or always not.

use crate::domain::Time;
use crate::playbook::policy::trigger::{Hook, Signature};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::time::Duration;

/// How old a request may be where the file says nothing.
const TOLERANCE: Duration = Duration::from_secs(300);
/// So many signatures of one request are looked at.
const SIGNATURES: usize = 8;

/// A request that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Believed {
    /// The signed id of the event, where the scheme has one.
    pub(in crate::http) id: Option<String>,
}

/// Whether a request was signed with one of the secrets (separated by spaces, so that one can be changed without a gap)
/// and is not too old. Every reason to refuse looks the same from outside.
pub(in crate::http) fn verify(
    hook: &Hook,
    secrets: &SecretString,
    headers: &HeaderMap,
    body: &[u8],
    now: Time,
) -> Option<Believed> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fresh = |seconds: &str| {
        let at = seconds.parse::<i64>().ok()?;
        let tolerance = hook.tolerance.map_or(TOLERANCE, |tolerance| tolerance.0).as_secs();
        // A clock that is ahead is as wrong as one that is behind.
        (now.timestamp().abs_diff(at) <= tolerance).then_some(())
    };
    let signed = |parts: &[&[u8]], given: &[Vec<u8>]| {
        let mut any = false;
        for secret in secrets.expose_secret().split_whitespace() {
            for one in given.iter().take(SIGNATURES) {
                any |= is_signed(&key_of(&hook.signature, secret), parts, one);
            }
        }
        any.then_some(())
    };
    match &hook.signature {
        Signature::Standard => {
            let (id, at) = (header("webhook-id")?, header("webhook-timestamp")?);
            if id.is_empty() || id.len() > 256 || id.contains('.') {
                return None;
            }
            let given = header("webhook-signature")?.split(' ').filter_map(|one| one.strip_prefix("v1,"));
            let given: Vec<Vec<u8>> = given.filter_map(|one| STANDARD.decode(one).ok()).collect();
            signed(&[id.as_bytes(), b".", at.as_bytes(), b".", body], &given)?;
            fresh(at)?;
            Some(Believed { id: Some(id.to_owned()) })
        }
        Signature::Stripe => {
            let parts = header("stripe-signature")?.split(',').filter_map(|part| part.trim().split_once('='));
            let (mut at, mut given) = (None, Vec::new());
            for (name, value) in parts {
                match name {
                    "t" => at = Some(value),
                    "v1" => given.extend(hex::decode(value)),
                    _ => {}
                }
            }
            let at = at?;
            signed(&[at.as_bytes(), b".", body], &given)?;
            fresh(at)?;
            Some(Believed { id: None })
        }
        Signature::Github => {
            let given = hex::decode(header("x-hub-signature-256")?.strip_prefix("sha256=")?).ok()?;
            signed(&[body], &[given])?;
            Some(Believed { id: None })
        }
        Signature::Plain(plain) => {
            let given = header(&plain.header)?.strip_prefix(plain.prefix.as_str())?;
            signed(&[body], &[hex::decode(given).ok()?])?;
            Some(Believed { id: None })
        }
    }
}

/// Standard Webhooks writes keys as `whsec_` and base64; the others take the text as it is.
fn key_of(signature: &Signature, secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").filter(|_| *signature == Signature::Standard);
    encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// In constant time.
fn is_signed(key: &[u8], parts: &[&[u8]], given: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::policy::trigger::PlainSignature;
    use axum::http::{HeaderName, HeaderValue};

    fn hook(signature: Signature) -> Hook {
        Hook { signature, secret: "s".to_owned(), tolerance: None, max_bytes: None, id: None }
    }

    fn believed(hook: &Hook, secret: &str, headers: &[(&'static str, &str)], body: &str, now: i64) -> bool {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        let now = Time::from_timestamp(now, 0).unwrap();
        verify(hook, &secret.into(), &headers, body.as_bytes(), now).is_some()
    }

    /// The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNED: [(&str, &str); 3] = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];

    #[test]
    fn the_example_of_the_specification_is_believed() {
        let hook = hook(Signature::Standard);
        assert!(believed(&hook, SECRET, &SIGNED, BODY, 1_614_265_330));
        // Another secret beside it, another signature beside it.
        assert!(believed(&hook, &format!("whsec_AAAA {SECRET}"), &SIGNED, BODY, 1_614_265_330));
        let two = ("webhook-signature", "v1,AAAA v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(believed(&hook, SECRET, &[SIGNED[0], SIGNED[1], two], BODY, 1_614_265_330));
    }

    #[test]
    fn whatever_is_changed_or_too_old_is_not() {
        let hook = hook(Signature::Standard);
        let now = 1_614_265_330;
        assert!(!believed(&hook, SECRET, &SIGNED, r#"{"test": 2432232315}"#, now));
        assert!(!believed(&hook, "whsec_AAAA", &SIGNED, BODY, now));
        assert!(!believed(&hook, SECRET, &SIGNED, BODY, now + 301));
        assert!(!believed(&hook, SECRET, &SIGNED, BODY, now - 301));
        assert!(!believed(&hook, SECRET, &[("webhook-id", "msg_other"), SIGNED[1], SIGNED[2]], BODY, now));
        assert!(!believed(
            &hook,
            SECRET,
            &[SIGNED[0], ("webhook-timestamp", "1614265331"), SIGNED[2]],
            BODY,
            now
        ));
        assert!(!believed(&hook, SECRET, &SIGNED[..2], BODY, now));
        assert!(!believed(&hook, "", &SIGNED, BODY, now));
    }

    #[test]
    fn github_stripe_and_plain_ones_are_told_apart() {
        // GitHub's own example.
        let github = hook(Signature::Github);
        let secret = "It's a Secret to Everybody".replace(' ', "_");
        let mac = |parts: &[&[u8]]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            parts.iter().for_each(|part| mac.update(part));
            hex::encode(mac.finalize().into_bytes())
        };
        let of_body = mac(&[b"Hello, World!"]);
        let header = format!("sha256={of_body}");
        assert!(believed(&github, &secret, &[("x-hub-signature-256", &header)], "Hello, World!", 0));
        assert!(!believed(&github, &secret, &[("x-hub-signature-256", &of_body)], "Hello, World!", 0));
        let stripe = hook(Signature::Stripe);
        let header = format!("t=1000,v1={},v0=00", mac(&[b"1000", b".", b"{}"]));
        assert!(believed(&stripe, &secret, &[("stripe-signature", &header)], "{}", 1100));
        assert!(!believed(&stripe, &secret, &[("stripe-signature", &header)], "{}", 1400));
        let plain = PlainSignature { header: "X-Signature".to_owned(), prefix: String::new() };
        let plain = hook(Signature::Plain(plain));
        assert!(believed(&plain, &secret, &[("x-signature", &mac(&[b"{}"]))], "{}", 0));
        assert!(!believed(&plain, &secret, &[("x-signature", "zz")], "{}", 0));
    }
}
