//! WordPiece, as BERT's relatives use it: words are cut into the longest pieces that the vocabulary holds.

use std::collections::HashMap;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer words are unknown, as in the original.
const MOST_LETTERS: usize = 100;
/// Of a long text, this many pieces are read.
const MOST_PIECES: usize = 512;

/// What of a `tokenizer.json` matters here.
#[derive(Deserialize)]
struct File {
    normalizer: Option<Normalizer>,
    model: Vocabulary,
}

#[derive(Deserialize)]
struct Normalizer {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "yes")]
    lowercase: bool,
    strip_accents: Option<bool>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Vocabulary {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    vocab: serde_json::Value,
}

/// A vocabulary and how texts are made ready for it.
#[derive(Debug)]
pub(super) struct Pieces {
    numbers: HashMap<String, u32>,
    prefix: String,
    lowercase: bool,
    strip_accents: bool,
}

impl Pieces {
    /// Reads a `tokenizer.json`; says in a sentence what it can't use.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !file.model.kind.is_empty() && file.model.kind != "WordPiece" {
            return Err(format!("its model is {}; only WordPiece is read", file.model.kind));
        }
        let numbers = serde_json::from_value(file.model.vocab)
            .map_err(|error| format!("its vocabulary is no map from pieces to numbers: {error}"))?;
        let (lowercase, strip_accents) = match file.normalizer {
            Some(normalizer) if normalizer.kind == "BertNormalizer" => {
                (normalizer.lowercase, normalizer.strip_accents.unwrap_or(normalizer.lowercase))
            }
            Some(other) => {
                return Err(format!("its normalizer is {}; only BertNormalizer is read", other.kind));
            }
            None => (false, false),
        };
        let prefix = file.model.continuing_subword_prefix.unwrap_or_else(|| "##".to_owned());
        Ok(Pieces { numbers, prefix, lowercase, strip_accents })
    }

    /// The largest number in the vocabulary.
    pub(super) fn largest(&self) -> Option<u32> {
        self.numbers.values().copied().max()
    }

    /// The numbers of a text's pieces; unknown words have none.
    pub(super) fn read(&self, text: &str) -> Vec<u32> {
        let mut ready = text.to_owned();
        if self.lowercase {
            ready = ready.to_lowercase();
        }
        if self.strip_accents {
            ready = ready.nfd().filter(|&c| !is_combining_mark(c)).collect();
        }
        let mut found = Vec::new();
        for part in ready.split(|c: char| c.is_whitespace() || c.is_control()) {
            let mut word = String::new();
            for c in part.chars() {
                // Punctuation, symbols and ideographs are words of their own.
                if c.is_alphanumeric() && !is_ideograph(c) || is_combining_mark(c) {
                    word.push(c);
                    continue;
                }
                self.cut(&std::mem::take(&mut word), &mut found);
                self.cut(c.encode_utf8(&mut [0; 4]), &mut found);
            }
            self.cut(&word, &mut found);
            if found.len() >= MOST_PIECES {
                found.truncate(MOST_PIECES);
                break;
            }
        }
        found
    }

    fn cut(&self, word: &str, found: &mut Vec<u32>) {
        if word.is_empty() || word.chars().count() > MOST_LETTERS {
            return;
        }
        let (mut start, known) = (0, found.len());
        while start < word.len() {
            let ends = word[start..].char_indices().map(|(at, c)| start + at + c.len_utf8()).rev();
            let piece = |end: usize| match start {
                0 => self.numbers.get(&word[..end]),
                _ => self.numbers.get(&format!("{}{}", self.prefix, &word[start..end])),
            };
            let Some((end, &number)) =
                ends.into_iter().find_map(|end| piece(end).map(|number| (end, number)))
            else {
                // A word of which one piece is unknown is unknown as a whole.
                found.truncate(known);
                return;
            };
            found.push(number);
            start = end;
        }
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c as u32, 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(normalizer: &str) -> Pieces {
        let vocab =
            r###"{"refund": 0, "re": 1, "##fun": 2, "##ing": 3, "!": 4, "退": 5, "cafe": 6, "café": 7}"###;
        Pieces::parse(&format!(
            r#"{{"normalizer": {normalizer}, "model": {{"type": "WordPiece", "vocab": {vocab}}}}}"#
        ))
        .unwrap()
    }

    const BERT: &str = r#"{"type": "BertNormalizer", "lowercase": true, "strip_accents": null}"#;

    #[test]
    fn words_become_their_longest_pieces() {
        let pieces = pieces(BERT);
        assert_eq!(pieces.read("Refund! refun refunding"), [0, 4, 1, 2, 0, 3]);
        assert_eq!(pieces.read("退 Café"), [5, 6]);
        assert!(pieces.read("\u{0} refunds 🙂").is_empty(), "one unknown piece makes the word unknown");
        assert_eq!(pieces.read(&"refund ".repeat(2_000)).len(), MOST_PIECES);
        assert!(pieces.read(&"a".repeat(16_384)).is_empty());
    }

    #[test]
    fn what_the_file_says_of_case_and_accents_is_done() {
        let cased = r#"{"type": "BertNormalizer", "lowercase": false, "strip_accents": false}"#;
        assert_eq!(pieces(cased).read("Refund café refund"), [7, 0]);
    }

    #[test]
    fn other_tokenizers_are_refused_with_the_reason() {
        let refused = Pieces::parse(r#"{"model": {"type": "Unigram", "vocab": []}}"#).unwrap_err();
        assert!(refused.contains("only WordPiece"), "{refused}");
        assert!(Pieces::parse("{}").is_err());
    }
}
