//! Sentences and the words in them that tell something.

use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashSet;

/// The words of one language.
pub(super) struct Words {
    stemmer: Stemmer,
    silent: HashSet<&'static str>,
}

impl Words {
    pub(super) fn new(language: &str) -> Self {
        let listed = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl"].contains(&language);
        let silent =
            if listed { stop_words::get(language).iter().copied().collect() } else { HashSet::new() };
        let stemmer = Stemmer::create(match language {
            "de" => Algorithm::German,
            "fr" => Algorithm::French,
            "es" => Algorithm::Spanish,
            "it" => Algorithm::Italian,
            "pt" => Algorithm::Portuguese,
            "nl" => Algorithm::Dutch,
            "sv" => Algorithm::Swedish,
            "da" => Algorithm::Danish,
            _ => Algorithm::English,
        });
        Self { stemmer, silent }
    }

    /// Stems of the telling words; numbers are compared elsewhere.
    pub(super) fn telling(&self, text: &str) -> Vec<String> {
        text.split(|letter: char| !letter.is_alphanumeric())
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() > 1 && !self.silent.contains(word.as_str()))
            .filter(|word| !word.starts_with(|letter: char| letter.is_ascii_digit()))
            .map(|word| self.stemmer.stem(&word).into_owned())
            .collect()
    }
}

/// Sentences and lines; a dot within a number, an address or an abbreviation ends none.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut begin = 0;
        let mut letters = line.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            let ends = match letter {
                '.' | '!' | '?' | '…' => next.is_none_or(char::is_whitespace),
                '。' | '！' | '？' => true,
                _ => false,
            };
            // "1." at the beginning of a line is a number of a list.
            let numbering = line[begin..at].trim().chars().all(|letter| letter.is_ascii_digit());
            if ends && !numbering {
                let end = at + letter.len_utf8();
                sentences.push(line[begin..end].trim());
                begin = end;
            }
        }
        sentences.push(line[begin..].trim());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}
