//! Texts of strangers on their way into places where some signs have power.

/// Printable: control characters and the invisible ones that turn or hide text become spaces; line breaks stay.
pub(super) fn printable(text: &str) -> String {
    let harmless = |character: char| match character {
        '\n' => '\n',
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' => ' ',
        other if other.is_control() => ' ',
        other => other,
    };
    text.replace("\r\n", "\n").chars().map(harmless).collect::<String>().trim().to_owned()
}

/// The same in one line.
pub(super) fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts to a number of UTF-16 units, which is how Telegram and Discord count, and says that it did.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |character: &char| match room.checked_sub(character.len_utf16()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

/// Puts an invisible joiner after signs that begin a mention, so that nobody is called by a customer's text.
pub(super) fn without_mentions(text: &str) -> String {
    text.replace('@', "@\u{2060}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shorten("añ🙂z", 10), "añ🙂z");
        assert_eq!(shorten("🙂🙂🙂", 5), "🙂🙂…");
        assert_eq!(shorten("🙂🙂🙂", 4), "🙂…");
        assert_eq!(one_line(" a\r\nBcc: x\u{202E}\0 b "), "a Bcc: x b");
    }
}
