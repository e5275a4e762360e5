//! What text from outside must be before anything else looks at it.

/// The longest message taken from anywhere, in bytes of UTF-8.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// Why a text was refused; the sentence is for whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than [`MAX_MESSAGE_BYTES`].
    #[error("The message is longer than 16 KiB. Please send it in parts.")]
    TooLong,
    /// Holds a NUL character, which no keyboard makes and no database likes.
    #[error("The message holds a NUL character. Please remove it and send the message again.")]
    Nul,
    /// Nothing but white space.
    #[error("The message is empty.")]
    Empty,
}

/// Checks a text from outside: not empty, at most 16 KiB, no NUL. Returns it without white space at its ends.
pub fn accept_text(text: &str) -> Result<&str, TextError> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(TextError::TooLong);
    }
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    match text.trim() {
        "" => Err(TextError::Empty),
        trimmed => Ok(trimmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_up_to_its_limit_and_no_further() {
        assert_eq!(accept_text(" hello "), Ok("hello"));
        assert_eq!(accept_text(&"x".repeat(MAX_MESSAGE_BYTES)).map(str::len), Ok(MAX_MESSAGE_BYTES));
        assert_eq!(accept_text(&"x".repeat(MAX_MESSAGE_BYTES + 1)), Err(TextError::TooLong));
        assert_eq!(accept_text("a\0b"), Err(TextError::Nul));
        assert_eq!(accept_text(" \n\t"), Err(TextError::Empty));
    }
}
