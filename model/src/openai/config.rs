//! One server's settings, and how they reach async-openai. Nothing is read from the environment behind the desk's back.

use crate::ask::Step;
use async_openai::config::Config;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// An OpenAI-compatible server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Its name in logs, metrics and the console.
    pub name: String,
    /// Such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// None for servers without keys.
    pub api_key: Option<SecretString>,
    /// The header the key goes into: `Authorization` as a bearer token, or any other as it is (`api-key` for Azure).
    pub key_header: String,
    /// Added to each request; OpenRouter likes `HTTP-Referer`.
    pub headers: Vec<(String, String)>,
    /// Added to each address; Azure wants `api-version`.
    pub query: Vec<(String, String)>,
    /// The model for steps that name none.
    pub model: String,
    /// Models by step. Without one for [`Step::Embed`] there are no vectors.
    pub models: BTreeMap<Step, String>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a server may be silent.
    pub read_timeout: Duration,
    /// The largest answer in bytes.
    pub max_response: usize,
    /// A proxy for these calls; the environment's is not used.
    pub proxy: Option<String>,
}

impl ServerSettings {
    /// Settings with the usual limits.
    #[must_use]
    pub fn new(name: &str, base_url: &str, api_key: Option<SecretString>, model: &str) -> Self {
        Self {
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            api_key,
            key_header: AUTHORIZATION.as_str().to_owned(),
            headers: Vec::new(),
            query: Vec::new(),
            model: model.to_owned(),
            models: BTreeMap::new(),
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(30),
            max_response: 2 << 20,
            proxy: None,
        }
    }

    /// The model for a step.
    #[must_use]
    pub fn model_for(&self, step: Step) -> &str {
        self.models.get(&step).unwrap_or(&self.model)
    }
}

/// A setting that can't be used, in words that name it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct SettingError {
    /// Which one.
    pub setting: &'static str,
    /// What is wrong with it.
    pub message: String,
}

/// async-openai's view of the settings, checked once: its own configuration reads the environment and panics on keys
/// that are no header.
#[derive(Clone)]
pub(super) struct Checked {
    base: String,
    key: SecretString,
    headers: HeaderMap,
    query: Vec<(String, String)>,
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Checked {
    pub(super) fn new(settings: &ServerSettings) -> Result<Self, SettingError> {
        let wrong = |setting, message: &str| SettingError { setting, message: message.to_owned() };
        let base = settings.base_url.trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base)
            .map_err(|error| wrong("llm.base_url", &format!("\"{base}\" is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong("llm.base_url", "begins with http:// or https:// and names a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("llm.base_url", "holds no password; the key belongs into llm.api_key"));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| wrong("llm.headers", &format!("\"{name}\" is no header")))?;
            let value = HeaderValue::try_from(value.as_str())
                .map_err(|_| wrong("llm.headers", &format!("the value of \"{name}\" can't be sent")))?;
            headers.insert(name, value);
        }
        if let Some(key) = &settings.api_key {
            let name = HeaderName::try_from(settings.key_header.as_str())
                .map_err(|_| wrong("llm.key_header", "is no header"))?;
            let key = key.expose_secret().trim();
            let text = if name == AUTHORIZATION { format!("Bearer {key}") } else { key.to_owned() };
            let mut value = HeaderValue::try_from(text)
                .map_err(|_| wrong("llm.api_key", "holds characters that can't be sent"))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let key = settings.api_key.clone().unwrap_or_else(|| SecretString::from(String::new()));
        Ok(Self { base, key, headers, query: settings.query.clone() })
    }
}

impl Config for Checked {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_named_and_keys_are_not_printed() {
        let with = |url: &str, key: &str| {
            Checked::new(&ServerSettings::new("a", url, Some(SecretString::from(key.to_owned())), "m"))
        };
        assert_eq!(with("ftp://x", "k").unwrap_err().setting, "llm.base_url");
        assert_eq!(with("http://user:pw@x", "k").unwrap_err().setting, "llm.base_url");
        assert_eq!(with("http://x", "a\nb").unwrap_err().setting, "llm.api_key");
        let checked = with("http://x/v1/", "canary").unwrap();
        assert_eq!(checked.url("/chat"), "http://x/v1/chat");
        assert_eq!(checked.headers()["authorization"], "Bearer canary");
        assert!(!format!("{checked:?} {:?}", checked.headers()).contains("canary"));
    }
}
