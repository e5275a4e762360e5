//! A message taken apart into tokens: the same for training and for judging.

use unicode_normalization::{UnicodeNormalization, is_nfkc_quick};

use super::words::{FunctionWords, LANGUAGES, Language};

/// Longer messages are read up to here; a customer's question is in its first lines.
const MOST_TOKENS: usize = 512;
/// Of one word, this many bytes are read: longer ones are keys, dumps or noise.
const MOST_WORD_BYTES: usize = 64;
/// Stands for any number of four or more digits: order numbers tell no intents apart.
const LONG_NUMBER: &str = "0000";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    Symbol,
    /// One character of a script written without spaces; neighbours of one run follow each other.
    Glyph,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    start: u32,
    end: u32,
    pub(crate) kind: Kind,
    /// Glyphs only: the first of its run.
    pub(crate) opens_run: bool,
}

/// The tokens of one text; reused from text to text, so that reading allocates little.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    text: String,
    plain: String,
    pub(crate) list: Vec<Token>,
}

impl Tokens {
    pub(crate) fn word(&self, token: Token) -> &str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    /// The tokens as a text again.
    pub(crate) fn joined(&self) -> String {
        self.list.iter().map(|&token| self.word(token)).collect::<Vec<_>>().join(" ")
    }

    /// Takes every occurrence of these words away.
    pub(crate) fn remove(&mut self, words: &[&str]) {
        let Tokens { text, list, .. } = self;
        let word = |token: &Token| text.get(token.start as usize..token.end as usize).unwrap_or("");
        list.retain(|token| !words.contains(&word(token)));
    }

    /// Reads `text`: compatibility forms unified, lower case, contractions undone.
    pub(crate) fn read(&mut self, text: &str) {
        self.text.clear();
        self.list.clear();
        self.plain.clear();
        if text.is_ascii() {
            self.plain.extend(text.chars().map(|c| c.to_ascii_lowercase()));
        } else if is_nfkc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes {
            self.plain.extend(text.chars().filter_map(clean).flat_map(char::to_lowercase));
        } else {
            self.plain.extend(text.nfkc().filter_map(clean).flat_map(char::to_lowercase));
        }
        let plain = std::mem::take(&mut self.plain);
        self.split(&plain);
        self.plain = plain;
    }

    fn split(&mut self, plain: &str) {
        let mut chars = plain.char_indices().peekable();
        let mut in_run = false;
        while let Some((start, c)) = chars.next() {
            if self.list.len() >= MOST_TOKENS {
                return;
            }
            if is_unspaced(c) {
                self.push(c.encode_utf8(&mut [0; 4]), Kind::Glyph, !in_run);
                in_run = true;
                continue;
            }
            in_run = false;
            if is_word(c) {
                let mut end = start + c.len_utf8();
                while let Some(&(at, next)) = chars.peek() {
                    if is_unspaced(next) || !(is_word(next) || next == '\'') {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
                self.word_or_contraction(plain.get(start..end).unwrap_or("").trim_end_matches('\''));
            } else if matches!(c, '?' | '!' | '$' | '€' | '£' | '%') {
                self.push(c.encode_utf8(&mut [0; 4]), Kind::Symbol, false);
            }
        }
    }

    fn word_or_contraction(&mut self, word: &str) {
        if let Some((first, second)) = without_apostrophe(word) {
            self.words(first);
            return self.words(second);
        }
        let Some((head, tail)) = word.rsplit_once('\'') else { return self.words(word) };
        let second = match tail {
            "t" if head.ends_with('n') => {
                let verb = match head {
                    "can" => "can",
                    "won" => "will",
                    "shan" => "shall",
                    _ => head.get(..head.len() - 1).unwrap_or(head),
                };
                self.words(verb);
                return self.words("not");
            }
            "re" => "are",
            "ve" => "have",
            "ll" => "will",
            "d" => "would",
            "m" => "am",
            "s" if is_subject(head) => "is",
            "s" => "",
            other => other,
        };
        for part in head.split('\'') {
            self.words(part);
        }
        self.words(second);
    }

    fn words(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        if digits && word.len() >= LONG_NUMBER.len() {
            return self.push(LONG_NUMBER, Kind::Number, false);
        }
        let mut end = word.len().min(MOST_WORD_BYTES);
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        self.push(word.get(..end).unwrap_or(word), if digits { Kind::Number } else { Kind::Word }, false);
    }

    fn push(&mut self, word: &str, kind: Kind, opens_run: bool) {
        let start = self.text.len() as u32;
        self.text.push_str(word);
        self.list.push(Token { start, end: self.text.len() as u32, kind, opens_run });
    }

    /// The language whose function words are most frequent here; the earlier of `among` wins a tie.
    pub(crate) fn language(&self, words: &FunctionWords, among: &[Language]) -> Option<Language> {
        let [first, .., _] = among else { return among.first().copied() };
        let mut votes = [0_u32; LANGUAGES.len()];
        for &token in &self.list {
            let languages = words.languages(self.word(token));
            for (language, votes) in votes.iter_mut().enumerate() {
                *votes += u32::from(languages >> language & 1);
            }
        }
        let mut best = *first;
        for &language in among {
            if votes[language as usize] > votes[best as usize] {
                best = language;
            }
        }
        Some(best)
    }
}

/// Words that chatters write without their apostrophe, and that are no other word.
fn without_apostrophe(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word {
        "dont" => ("do", "not"),
        "doesnt" => ("does", "not"),
        "didnt" => ("did", "not"),
        "cant" | "cannot" => ("can", "not"),
        "couldnt" => ("could", "not"),
        "wont" => ("will", "not"),
        "wouldnt" => ("would", "not"),
        "shouldnt" => ("should", "not"),
        "isnt" => ("is", "not"),
        "arent" => ("are", "not"),
        "wasnt" => ("was", "not"),
        "werent" => ("were", "not"),
        "hasnt" => ("has", "not"),
        "havent" => ("have", "not"),
        "hadnt" => ("had", "not"),
        "im" => ("i", "am"),
        "ive" => ("i", "have"),
        "whats" => ("what", "is"),
        "wheres" => ("where", "is"),
        "theres" => ("there", "is"),
        _ => return None,
    })
}

/// After these, "'s" is "is"; after other words it is a possessive.
fn is_subject(word: &str) -> bool {
    matches!(
        word,
        "it" | "that"
            | "this"
            | "there"
            | "here"
            | "he"
            | "she"
            | "what"
            | "where"
            | "who"
            | "how"
            | "when"
            | "why"
    )
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

/// Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han (the usual blocks).
fn is_unspaced(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3005..=0x3007 | 0x3040..=0x30FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF)
}

/// One apostrophe for all; controls part words; invisible characters, which could split a word unseen, go.
fn clean(c: char) -> Option<char> {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{FF07}' | '\u{00B4}' => Some('\''),
        '\u{00AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' => None,
        // Vowel points of Arabic and Hebrew and the Arabic stretching mark: written or not at whim.
        '\u{0591}'..='\u{05C7}' | '\u{0640}' | '\u{064B}'..='\u{0652}' => None,
        _ => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut tokens = Tokens::default();
        tokens.read(text);
        tokens.list.iter().map(|&token| tokens.word(token).to_owned()).collect()
    }

    #[test]
    fn contractions_are_undone_with_and_without_apostrophe() {
        assert_eq!(words("I can’t, won't and dont"), ["i", "can", "not", "will", "not", "and", "do", "not"]);
        assert_eq!(words("It's my card's fee"), ["it", "is", "my", "card", "fee"]);
        assert_eq!(words("l'argent n'est pas là"), ["l", "argent", "n", "est", "pas", "là"]);
    }

    #[test]
    fn symbols_that_carry_meaning_stay_and_long_numbers_become_one() {
        assert_eq!(words("Why $5?! (order #113542617735902)"), ["why", "$", "5", "?", "!", "order", "0000"]);
    }

    #[test]
    fn scripts_without_spaces_are_read_character_by_character() {
        assert_eq!(words("退款 status"), ["退", "款", "status"]);
        assert_eq!(words("ＡＢＣ"), ["abc"]);
    }

    #[test]
    fn invisible_characters_do_not_part_a_word() {
        assert_eq!(words("re\u{200B}fund\u{0007}now"), ["refund", "now"]);
        assert_eq!(words("أُرِيدُ"), ["أريد"]);
    }

    #[test]
    fn what_is_read_is_bounded() {
        assert_eq!(words(&"a".repeat(16_384))[0].len(), MOST_WORD_BYTES);
        assert_eq!(words(&"a ".repeat(8_192)).len(), MOST_TOKENS);
        assert!(words("🙂🙂\u{0}\u{1b}").is_empty());
    }

    #[test]
    fn the_language_is_that_of_the_function_words() {
        let known = FunctionWords::new();
        let mut tokens = Tokens::default();
        let among = [Language::English, Language::German, Language::French];
        for (text, language) in [
            ("Wo ist meine Bestellung?", Language::German),
            ("Où est ma commande ?", Language::French),
            ("refund", Language::English),
        ] {
            tokens.read(text);
            assert_eq!(tokens.language(&known, &among), Some(language), "{text}");
        }
    }
}
