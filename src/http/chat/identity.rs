//! Who a customer is, as their site vouches for it: a JWT signed with a secret that the site and the desk share.

use crate::domain::Time;
use crate::http::problem::{Problem, Result};
use crate::http::settings::Settings;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret;
use serde::Deserialize;

/// Clocks of two machines may differ by so many seconds.
const LEEWAY_S: i64 = 60;
/// The longest value of a claim, in characters.
const MAX_CLAIM: usize = 200;

/// What a signed identity says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Identity {
    /// The customer's id in the site's own systems.
    pub(super) sub: String,
    /// Their address there.
    #[serde(default)]
    pub(super) email: Option<String>,
    /// Their name there.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Their language.
    #[serde(default)]
    pub(super) locale: Option<String>,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// Checks an identity. Only HS256 is taken, whatever the token says of itself; the signature is compared in constant
/// time by the library.
pub(super) fn verify(token: &str, settings: &Settings, now: Time) -> Result<Identity> {
    let refused = |detail: &'static str| Problem::field("identity", "bad-identity", detail);
    let secrets: Vec<_> = settings.identity_secret.iter().chain(&settings.identity_previous_secret).collect();
    if secrets.is_empty() {
        return Err(refused("This desk does not take signed identities: it has no identity secret."));
    }
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "sub"]);
    // An audience is not required; one that is there must be this desk.
    validation.set_audience(&[&settings.public_url]);
    // The desk's clock decides, not the library's.
    validation.validate_exp = false;
    let identity = secrets
        .into_iter()
        .find_map(|secret| {
            let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
            jsonwebtoken::decode::<Identity>(token, &key, &validation).ok()
        })
        .map(|decoded| decoded.claims)
        .ok_or_else(|| {
            refused("The identity is not signed by this desk's secret, or lacks \"exp\" or \"sub\".")
        })?;
    if identity.exp.saturating_add(LEEWAY_S) <= now.timestamp() {
        return Err(refused("The identity has expired. The site must sign a new one."));
    }
    if identity.nbf.is_some_and(|from| from > now.timestamp() + LEEWAY_S) {
        return Err(refused("The identity is not valid yet."));
    }
    let claims =
        [Some(&identity.sub), identity.email.as_ref(), identity.name.as_ref(), identity.locale.as_ref()];
    let unfit =
        |claim: &&String| claim.is_empty() || claim.chars().count() > MAX_CLAIM || claim.contains('\0');
    if claims.into_iter().flatten().any(|claim| unfit(&claim)) {
        return Err(refused("A claim of the identity is empty, too long, or holds a NUL character."));
    }
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    fn settings() -> Settings {
        Settings {
            public_url: "https://desk.example".to_owned(),
            identity_secret: Some("a secret of the site".into()),
            identity_previous_secret: Some("the secret before".into()),
            ..Settings::default()
        }
    }

    fn now() -> Time {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn check(secret: &str, claims: Value) -> Result<Identity> {
        let key = EncodingKey::from_secret(secret.as_bytes());
        verify(&jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap(), &settings(), now())
    }

    #[test]
    fn an_identity_is_taken_from_either_secret_and_no_other() {
        let claims = json!({"sub": "u1", "exp": now().timestamp() + 300});
        assert_eq!(check("a secret of the site", claims.clone()).unwrap().sub, "u1");
        assert!(check("the secret before", claims.clone()).is_ok());
        assert!(check("another secret", claims.clone()).is_err());
        assert!(check("", claims).is_err());
    }

    #[test]
    fn an_identity_has_its_time_its_subject_and_its_audience() {
        let at = now().timestamp();
        let with = |claims: Value| check("a secret of the site", claims).is_ok();
        assert!(!with(json!({"sub": "u1", "exp": at - 61})));
        assert!(with(json!({"sub": "u1", "exp": at - 30})));
        assert!(!with(json!({"sub": "u1"})));
        assert!(!with(json!({"exp": at + 300})));
        assert!(!with(json!({"sub": "", "exp": at + 300})));
        assert!(!with(json!({"sub": "u\u{0}1", "exp": at + 300})));
        assert!(!with(json!({"sub": "x".repeat(201), "exp": at + 300})));
        assert!(!with(json!({"sub": "u1", "exp": at + 300, "nbf": at + 200})));
        assert!(with(json!({"sub": "u1", "exp": at + 300, "aud": "https://desk.example"})));
        assert!(!with(json!({"sub": "u1", "exp": at + 300, "aud": "https://other.example"})));
    }

    #[test]
    fn a_token_cannot_choose_how_it_is_checked() {
        let claims = json!({"sub": "u1", "exp": now().timestamp() + 300});
        let key = EncodingKey::from_secret(b"a secret of the site");
        let other = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &key).unwrap();
        assert!(verify(&other, &settings(), now()).is_err());
        // {"alg":"none","typ":"JWT"} with the claims of a good token and no signature.
        let good = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
        let body = good.split('.').nth(1).unwrap();
        assert!(verify(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."), &settings(), now()).is_err());
        // A signature cut short.
        assert!(verify(&good[..good.len() - 4], &settings(), now()).is_err());
    }
}
