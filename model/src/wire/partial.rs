//! One string of a JSON object while the object is still being written: for showing a draft, never for using it.

/// Reads pieces, gives out what is new of the value of one top-level key.
#[derive(Debug)]
pub struct PartialString {
    key: String,
    state: State,
    depth: u32,
    /// The text of the string being read, for keys.
    word: String,
    escape: Escape,
    surrogate: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between things; `true` after a key that is ours.
    Outside { ours: bool, value: bool },
    /// In a string that may be a key.
    Key,
    /// In a string that is not ours.
    Other,
    /// In ours.
    Ours,
    /// Ours has ended.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Hex(String),
}

impl PartialString {
    /// Waits for the value of `key`.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            state: State::Outside { ours: false, value: false },
            depth: 0,
            word: String::new(),
            escape: Escape::None,
            surrogate: None,
        }
    }

    /// Takes a piece and gives what it adds to the value.
    pub fn push(&mut self, piece: &str) -> String {
        let mut new = String::new();
        for letter in piece.chars() {
            self.letter(letter, &mut new);
        }
        new
    }

    fn letter(&mut self, letter: char, new: &mut String) {
        match self.state {
            State::Ended => {}
            State::Outside { ours, value } => match letter {
                '"' if ours && value => self.state = State::Ours,
                '"' if value || self.depth != 1 => self.state = State::Other,
                '"' => {
                    self.word.clear();
                    self.state = State::Key;
                }
                ':' => self.state = State::Outside { ours, value: true },
                ',' => self.state = State::Outside { ours: false, value: self.depth != 1 },
                '{' | '[' => {
                    self.depth += 1;
                    self.state = State::Outside { ours: false, value: false };
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.state = State::Outside { ours: false, value: false };
                }
                _ => {}
            },
            State::Key | State::Other | State::Ours => {
                if let Some(read) = self.unescape(letter) {
                    match read {
                        Read::Letter(letter) if self.state == State::Ours => new.push(letter),
                        Read::Letter(letter) if self.state == State::Key => self.word.push(letter),
                        Read::Letter(_) => {}
                        Read::End => self.end(),
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        self.state = match self.state {
            State::Ours => State::Ended,
            State::Key => State::Outside { ours: self.word == self.key, value: false },
            _ => State::Outside { ours: false, value: false },
        };
    }

    fn unescape(&mut self, letter: char) -> Option<Read> {
        match std::mem::replace(&mut self.escape, Escape::None) {
            Escape::None => match letter {
                '\\' => {
                    self.escape = Escape::Begun;
                    None
                }
                '"' => Some(Read::End),
                _ => Some(Read::Letter(letter)),
            },
            Escape::Begun => match letter {
                'n' => Some(Read::Letter('\n')),
                't' => Some(Read::Letter('\t')),
                'r' | 'b' | 'f' => Some(Read::Letter(' ')),
                'u' => {
                    self.escape = Escape::Hex(String::new());
                    None
                }
                _ => Some(Read::Letter(letter)),
            },
            Escape::Hex(mut digits) => {
                digits.push(letter);
                if digits.len() < 4 {
                    self.escape = Escape::Hex(digits);
                    return None;
                }
                let unit = u16::from_str_radix(&digits, 16).unwrap_or(0xfffd);
                match (self.surrogate.take(), unit) {
                    (_, 0xd800..=0xdbff) => {
                        self.surrogate = Some(unit);
                        None
                    }
                    (Some(high), _) => {
                        Some(Read::Letter(char::decode_utf16([high, unit]).next()?.unwrap_or('\u{fffd}')))
                    }
                    (None, _) => Some(Read::Letter(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}'))),
                }
            }
        }
    }
}

enum Read {
    Letter(char),
    End,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cut_anywhere_it_gives_the_same_words(text in "\\PC{0,40}", other in "[\"a-z{}:,\\\\]{0,10}", cut in 1_usize..9) {
            let whole = serde_json::json!({"a": {"reply": other, "x": [other, {"reply": 1}]}, "b": "reply", "reply": text, "z": other}).to_string();
            let mut partial = PartialString::new("reply");
            let letters: Vec<char> = whole.chars().collect();
            let read: String = letters.chunks(cut).map(|piece| partial.push(&piece.iter().collect::<String>())).collect();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn escapes_are_read_and_a_cut_one_waits() {
        let mut partial = PartialString::new("reply");
        assert_eq!(partial.push(r#"{"reply": "a\n\ud83d"#), "a\n");
        assert_eq!(partial.push(r#"\ude00\""#), "😀\"");
        assert_eq!(partial.push(r#"","reply":"again"}"#), "");
    }
}
