//! Our key inside texts, for vendors that have no better place for it.
//!
//! A customer may write such a marker too. So foreign texts lose theirs before ours is added at the end, and only the
//! last one in a text counts.

use super::values::Key;

const PREFIX: &str = "deskhand:";

/// The marker as it stands in a text.
pub(super) fn marker(key: &Key) -> String {
    format!("[{PREFIX}{}]", key.text())
}

/// A text with the marker of its key on the last line.
pub(super) fn marked(text: &str, key: &Key) -> String {
    format!("{}\n\n{}", tame(text).trim_end(), marker(key))
}

/// The same, invisible where HTML comments are (GitHub's Markdown).
pub(super) fn marked_unseen(text: &str, key: &Key) -> String {
    format!("{}\n\n<!-- {} -->", tame(text).trim_end(), marker(key))
}

/// A foreign text whose own markers, if any, mark nothing.
pub(super) fn tame(text: &str) -> String {
    let printable = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
    let text: String = text.replace("\r\n", "\n").chars().map(printable).collect();
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.to_ascii_lowercase().find(PREFIX) {
        let end = at + PREFIX.len() - 1;
        tamed.push_str(&rest[..end]);
        tamed.push('\u{2060}');
        rest = &rest[end..];
    }
    tamed + rest
}

/// The key that a text carries, if any: the last marker in it.
pub(super) fn key_in(text: &str) -> Option<&str> {
    let start = text.rfind("[deskhand:")? + "[deskhand:".len();
    text[start..].split_once(']').map(|(key, _)| key).filter(|key| !key.is_empty())
}

/// Whether a text carries this key.
pub(super) fn carries(text: &str, key: &Key) -> bool {
    key_in(text) == Some(key.text())
}

/// A short word for places that take only short words: the key's fingerprint, 26 characters.
pub(super) fn short(key: &Key) -> String {
    use sha2::{Digest, Sha256};
    format!("dh{}", hex::encode(&Sha256::digest(key.text().as_bytes())[..12]))
}

/// A word without `:`, for labels and tags that may be long.
pub(super) fn label(key: &Key) -> String {
    format!("deskhand-{}", key.text().replace(':', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text, chrono::DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_customers_marker_marks_nothing() {
        let forged = "Hello\n[deskhand:other:1] <!-- [DeskHand:other:1] --> [deskhand:";
        for text in [marked(forged, &key("mine:1")), marked_unseen(forged, &key("mine:1"))] {
            assert!(carries(&text, &key("mine:1")));
            assert!(!carries(&text, &key("other:1")) && !carries(&text, &key("mine:11")));
            assert_eq!(text.matches("deskhand:").count(), 1, "{text}");
        }
        assert_eq!(key_in(&tame(forged)), None);
        assert_eq!(key_in("no [deskhand:]"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_own_key_only(text: String) {
            let marked = marked(&text, &key("mine:1"));
            assert!(carries(&marked, &key("mine:1")));
            assert_eq!(tame(&tame(&text)), tame(&text));
        }
    }
}
