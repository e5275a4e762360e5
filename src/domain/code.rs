//! One-time codes by which customers show who they are. The code itself is never part of a conversation: what looks like
//! one is hidden before a message is recorded.

use super::ids::CustomerId;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Digits of a code.
pub const DIGITS: usize = 6;
/// How long a code works, in minutes.
pub const LIFE_MINUTES: i64 = 10;
/// How often a code may be tried.
pub const TRIES: u32 = 5;
/// What stands in its place.
pub const HIDDEN: &str = "••••••";

/// Whose account a customer says theirs is. Nothing is proved by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claimed_by", content = "value", rename_all = "snake_case")]
pub enum Claim {
    /// The one with this address.
    Email(String),
    /// The one with this id.
    Account(String),
}

impl Claim {
    /// The same for the same claim, however it is written.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Email(email) => format!("email:{}", email.trim().to_lowercase()),
            Self::Account(id) => format!("account:{}", id.trim()),
        }
    }
}

/// What came of a code that a customer gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Tried {
    /// It was right: the customer is who they claim to be.
    Right {
        /// The record that is theirs now.
        customer: CustomerId,
    },
    /// It was wrong.
    Wrong {
        /// How many tries are left.
        left: u32,
    },
    /// There is none to compare it with: it has run out, or another took its place.
    Gone,
}

/// Everything in a text that may be a code, in order: its digits and where it stands. Customers write `123456`,
/// `123 456` and `123-456`.
#[must_use]
pub fn candidates(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut run: Option<(String, Range<usize>)> = None;
    let mut parted = false;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        match (digit(letter), &mut run) {
            (Some(digit), Some((digits, place))) => {
                digits.push(digit);
                place.end = end;
                parted = false;
            }
            (Some(digit), None) => {
                run = Some((digit.to_string(), at..end));
                parted = false;
            }
            // One sign between two digits joins them, more part them.
            (None, Some(_)) if matches!(letter, ' ' | '-' | '\u{a0}' | '\u{202f}') && !parted => {
                parted = true
            }
            (None, _) => {
                found.extend(run.take());
                parted = false;
            }
        }
    }
    found.extend(run);
    found.retain(|(digits, _)| digits.len() == DIGITS);
    found
}

/// ASCII digits and the wide ones of East Asian keyboards.
fn digit(letter: char) -> Option<char> {
    match letter {
        '0'..='9' => Some(letter),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(letter) - 0xff10, 10),
        _ => None,
    }
}

/// The text with these places hidden.
#[must_use]
pub fn hidden<'a>(text: &str, places: impl IntoIterator<Item = &'a Range<usize>>) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        safe.push_str(text.get(from..place.start).unwrap_or_default());
        safe.push_str(HIDDEN);
        from = place.end;
    }
    safe.push_str(text.get(from..).unwrap_or_default());
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> (Vec<String>, String) {
        let found = candidates(text);
        let safe = hidden(text, found.iter().map(|(_, place)| place));
        (found.into_iter().map(|(digits, _)| digits).collect(), safe)
    }

    #[test]
    fn a_code_is_found_and_hidden_however_it_is_written() {
        for (text, safe) in [
            ("123456", "••••••"),
            ("the code is 123 456, thanks", "the code is ••••••, thanks"),
            ("code:123-456!", "code:••••••!"),
            ("１２３４５６", "••••••"),
            ("123456\n", "••••••\n"),
        ] {
            assert_eq!(seen(text), (vec!["123456".to_owned()], safe.to_owned()), "{text}");
        }
        assert_eq!(seen("111111 or\n222222").1, "•••••• or\n••••••");
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in ["12345", "1234567", "order HB-20418", "+1 555 0123", "12 -- 3456", "", "é1", "1 2 3"] {
            assert_eq!(seen(text), (vec![], text.to_owned()), "{text}");
        }
    }
}
