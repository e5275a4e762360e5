//! Files for tickets, and forms that carry them.

use super::marker::short;
use super::values::Key;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// A file for a ticket. Its name and kind are a customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// As people see it.
    pub name: String,
    /// Its kind, such as `image/png`.
    pub media_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl NewFile {
    /// Its name without signs that mean something in paths, headers and forms; at most 100 characters, never empty.
    #[must_use]
    pub fn plain_name(&self) -> String {
        let plain = |c: char| match c {
            '/' | '\\' | '"' | '<' | '>' | ':' | '|' | '?' | '*' => '_',
            c if c.is_control() => '_',
            c => c,
        };
        let name: String = self.name.chars().map(plain).collect();
        let name = name.trim().trim_start_matches('.');
        let count = name.chars().count();
        // The ending says what it is: the middle goes.
        let short: String = name.chars().skip(count.saturating_sub(100)).collect();
        if short.is_empty() { "file".to_owned() } else { short }
    }

    /// Its name with the key's fingerprint before it: by this it is looked for where nothing else can carry a key.
    #[must_use]
    pub(super) fn keyed_name(&self, key: &Key) -> String {
        format!("{}-{}", short(key), self.plain_name())
    }

    /// Its kind, or that of any bytes where it is none.
    #[must_use]
    pub(super) fn kind(&self) -> &str {
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
        };
        match self.media_type.split_once('/') {
            Some((kind, of)) if plain(kind) && plain(of) => &self.media_type,
            _ => "application/octet-stream",
        }
    }
}

/// A part of a form.
pub(super) enum Part<'a> {
    /// A field.
    Text(&'a str, &'a str),
    /// A file, under this name of a field and this name of a file.
    File(&'a str, &'a str, &'a NewFile),
}

/// `multipart/form-data`: its kind for the header, and the body. The boundary is made of what is sent, so that the same
/// form is the same bytes.
pub(super) fn form(parts: &[Part<'_>]) -> (String, Bytes) {
    let mut digest = Sha256::new();
    for part in parts {
        match part {
            Part::Text(_, text) => digest.update(text),
            Part::File(_, _, file) => digest.update(&file.bytes),
        }
    }
    let boundary = format!("deskhand-{}", hex::encode(&digest.finalize()[..16]));
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\ncontent-disposition: form-data; ").as_bytes());
        match part {
            Part::Text(field, text) => {
                body.extend_from_slice(format!("name=\"{field}\"\r\n\r\n{text}\r\n").as_bytes());
            }
            Part::File(field, name, file) => {
                let head =
                    format!("name=\"{field}\"; filename=\"{name}\"\r\ncontent-type: {}\r\n\r\n", file.kind());
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(&file.bytes);
                body.extend_from_slice(b"\r\n");
            }
        }
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_and_nothing_else() {
        let named = |name: &str| {
            NewFile { name: name.to_owned(), media_type: String::new(), bytes: Bytes::new() }.plain_name()
        };
        assert_eq!(named("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(named("a\"\r\nx-evil: 1.png"), "a___x-evil_ 1.png");
        assert_eq!(named("..."), "file");
        assert!(named(&format!("{}.png", "é".repeat(300))).ends_with(".png"));
    }

    #[test]
    fn a_kind_that_is_none_is_any_bytes() {
        let kind = |kind: &str| {
            let file = NewFile { name: "a".to_owned(), media_type: kind.to_owned(), bytes: Bytes::new() };
            file.kind().to_owned()
        };
        assert_eq!(kind("image/svg+xml"), "image/svg+xml");
        for evil in ["", "text", "text/html\r\nx: y", "text/html; charset=x"] {
            assert_eq!(kind(evil), "application/octet-stream", "{evil}");
        }
    }
}
