//! Hiding secrets in whatever is shown: previews, errors, logs.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
pub const HIDDEN: &str = "••••";

/// Secrets shorter than this are not looked for in texts: their letters would be hidden everywhere.
const SHORTEST: usize = 4;

/// The secrets that took part in one request, in every form in which they may show up again.
#[derive(Clone, Default)]
pub struct Mask {
    forms: Vec<SecretString>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} forms)", self.forms.len())
    }
}

impl Mask {
    /// Hides these.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut mask = Self::default();
        for secret in secrets {
            mask.add(secret.expose_secret());
        }
        mask
    }

    /// Hides one more: as it is, percent-encoded, as a JSON string and in base64.
    pub fn add(&mut self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::Value::from(secret).to_string();
        let mut forms = vec![
            secret.to_owned(),
            encoded.replace('+', "%20"),
            encoded,
            json.trim_matches('"').to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ];
        forms.dedup();
        self.forms.extend(forms.into_iter().map(SecretString::from));
        // The longest first, so that no secret is left half hidden by one that it contains.
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// The text without them.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for form in &self.forms {
            if hidden.contains(form.expose_secret()) {
                hidden = hidden.replace(form.expose_secret(), HIDDEN);
            }
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let mask = Mask::new(&[SecretString::from("p\"ss wörd"), SecretString::from("abc")]);
        let text = format!(
            "p\"ss wörd p%22ss%20w%C3%B6rd p%22ss+w%C3%B6rd {} {} abc",
            serde_json::json!({"password": "p\"ss wörd"}),
            STANDARD.encode("p\"ss wörd"),
        );
        assert_eq!(mask.hide(&text), r#"•••• •••• •••• {"password":"••••"} •••• abc"#);
        assert!(!format!("{mask:?}").contains("ss"));
    }
}
