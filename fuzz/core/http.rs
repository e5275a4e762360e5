//! Who is believed at `/hooks/…`: pure, and so at home here, too.

use crate::domain::Time;
use crate::playbook::policy::trigger::Hook;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

#[path = "../../src/http/hooks/signature.rs"]
mod signature;

/// Whether a request is believed, and the signed id of its event.
pub fn believed(hook: &Hook, secrets: &str, headers: &[(String, Vec<u8>)], body: &[u8], now: Time) -> Option<Option<String>> {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        // What no server takes never comes here.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            all.append(name, value);
        }
    }
    signature::verify(hook, &SecretString::from(secrets.to_owned()), &all, body, now).map(|believed| believed.id)
}
