//! A customer directory over HTTP, through the guard.

use super::row;
use crate::domain::customer::Account;
use crate::ports::{Directory, DirectoryError};
use async_trait::async_trait;
use connectors::guard::{Guard, Limits, Outgoing, Policy};
use connectors::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use connectors::mask::Mask;
use connectors::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// How long a directory that fails is left alone.
const BREAK: Duration = Duration::from_secs(15);
/// The longest answer, in bytes: one customer.
const LARGEST: usize = 64 * 1024;
/// All but what RFC 3986 calls unreserved: what is looked for stays within its place.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A directory behind two addresses.
pub struct HttpDirectory {
    guard: Guard,
    by_email: Option<String>,
    by_id: Option<String>,
    headers: HeaderMap,
    mask: Mask,
    fields: BTreeMap<String, String>,
}

impl HttpDirectory {
    /// The hosts of the addresses may be private: the operator names them, and nobody else has a say in it. The error
    /// names the setting.
    pub fn new(
        by_email: Option<String>,
        by_id: Option<String>,
        token: Option<&SecretString>,
        fields: BTreeMap<String, String>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for (key, address) in [("by_email", &by_email), ("by_id", &by_id)] {
            let Some(address) = address else { continue };
            let url = Url::parse(address).map_err(|error| format!("directory.http.{key}: {error}"))?;
            hosts.extend(url.host_str().map(str::to_owned));
        }
        let policy = Policy::allowing(&hosts).map_err(|entry| format!("directory.http: {entry}"))?;
        let limits = Limits { total: timeout, connect: timeout, answer: LARGEST, redirects: 0 };
        let guard = Guard::new(policy, limits, BREAK).map_err(|trouble| trouble.to_string())?;
        let (mut headers, mut mask) = (HeaderMap::new(), Mask::default());
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
            let mut value = value.map_err(|_| "directory.http.token holds a control character".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            mask.add(token.expose_secret());
        }
        Ok(Self { guard, by_email, by_id, headers, mask, fields })
    }

    async fn find(
        &self,
        address: Option<&String>,
        mark: &str,
        value: &str,
    ) -> Result<Option<Account>, DirectoryError> {
        let Some(address) = address else { return Ok(None) };
        let address = address.replace(mark, &utf8_percent_encode(value, ENCODED).to_string());
        let failed = |why: String| DirectoryError(self.mask.hide(&why));
        let url = Url::parse(&address).map_err(|error| failed(error.to_string()))?;
        let mut request = Outgoing::new(Method::GET, url);
        request.headers = self.headers.clone();
        let answer = self.guard.send(request).await.map_err(|trouble| failed(trouble.to_string()))?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.judged(true, &[]).map_err(|trouble| failed(trouble.to_string()))?;
        let said: Value = answer.json().map_err(|trouble| failed(trouble.to_string()))?;
        let found = match said {
            Value::Null => return Ok(None),
            Value::Array(mut list) if list.len() <= 1 => match list.pop() {
                Some(one) => one,
                None => return Ok(None),
            },
            Value::Array(list) => {
                return Err(failed(format!("it names {} customers instead of one", list.len())));
            }
            one => one,
        };
        let at = |field: &str| match self.fields.get(field) {
            Some(place) => found.pointer(place).cloned(),
            None => found.get(field).cloned(),
        };
        row::account(at).map(Some).ok_or_else(|| failed("its answer holds no id or no email".to_owned()))
    }
}

#[async_trait]
impl Directory for HttpDirectory {
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(self.by_email.as_ref(), "{email}", email).await
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(self.by_id.as_ref(), "{id}", id).await
    }
}
