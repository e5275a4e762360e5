//! From tokens to features: five groups, each a 64-bit hash whose top three bits name its group. No strings are kept.

use rust_stemmers::Stemmer;
use unicode_normalization::UnicodeNormalization;

use super::random::mix;
use super::text::{Kind, Token, Tokens};
use super::words::{FunctionWords, LANGUAGES, Language};

pub(crate) const GROUPS: usize = 5;
pub(crate) const STEM: usize = 0;
pub(crate) const BIGRAM: usize = 1;
/// Characters within a word.
pub(crate) const GRAM: usize = 2;
/// Two content stems anywhere in the message, in any order.
pub(crate) const PAIR: usize = 3;
/// Two stems with one or two others between them.
pub(crate) const SKIP: usize = 4;

/// Pairs grow with the square of the message: of longer ones, this many distinct content stems are paired.
const MOST_PAIRED: usize = 24;
const SHORTEST_GRAM: usize = 2;
const LONGEST_GRAM: usize = 5;
const BORDER: u64 = 0x626F_7264;

/// One feature and the tokens (first and last) it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) hash: u64,
    pub(crate) from: u16,
    pub(crate) to: u16,
}

pub(crate) fn group(hash: u64) -> usize {
    (hash >> 61) as usize
}

/// Reads features; knows the languages of the desk's examples.
pub(crate) struct Reader {
    languages: Vec<Language>,
    stemmers: Vec<Stemmer>,
    function_words: FunctionWords,
}

/// What reading needs from text to text.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) tokens: Tokens,
    stems: Vec<u64>,
    content: Vec<(u64, u16)>,
    padded: Vec<(u64, u16)>,
}

impl Reader {
    /// `languages`: those of the examples, the main one first.
    pub(crate) fn new(languages: Vec<Language>) -> Self {
        let stemmers = languages.iter().map(|language| Stemmer::create(language.stemmer())).collect();
        Reader { languages, stemmers, function_words: FunctionWords::new() }
    }

    /// The languages that at least one in fifty of `texts` is written in, the commonest first.
    pub(crate) fn languages_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Language> {
        let words = FunctionWords::new();
        let mut tokens = Tokens::default();
        let mut seen = [0_usize; LANGUAGES.len()];
        let mut all = 0;
        for text in texts {
            tokens.read(text);
            all += 1;
            if let Some(language) = tokens.language(&words, &LANGUAGES) {
                seen[language as usize] += 1;
            }
        }
        let mut languages: Vec<Language> =
            LANGUAGES.into_iter().filter(|&language| seen[language as usize] * 50 >= all.max(1)).collect();
        languages.sort_by_key(|&language| std::cmp::Reverse(seen[language as usize]));
        languages
    }

    pub(crate) fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Calls `emit` with every feature of `text`, repetitions included.
    pub(crate) fn read(&self, text: &str, page: &mut Page, emit: impl FnMut(Feature)) {
        page.tokens.read(text);
        self.read_tokens(page, emit);
    }

    /// Likewise for the tokens that already stand on the page.
    pub(crate) fn read_tokens(&self, page: &mut Page, mut emit: impl FnMut(Feature)) {
        let Page { tokens, stems, content, padded } = page;
        let german = self.stem(tokens, stems, content);
        let mut found = |group: usize, value: u64, from: usize, to: usize| {
            let hash = (group as u64) << 61 | mix(value) >> 3;
            emit(Feature { hash, from: from as u16, to: to as u16 });
        };
        let count = stems.len();
        for (at, &stem) in stems.iter().enumerate() {
            found(STEM, stem, at, at);
            let before = if at == 0 { BORDER } else { stems[at - 1] };
            found(BIGRAM, join(before, stem), at.saturating_sub(1), at);
            for apart in [2, 3] {
                if at + apart < count {
                    found(SKIP, join(stem, stems[at + apart]), at, at + apart);
                }
            }
        }
        if let Some(&last) = stems.last() {
            found(BIGRAM, join(last, BORDER), count - 1, count - 1);
        }
        for (nth, &(stem, at)) in content.iter().enumerate() {
            for &(other, to) in &content[nth + 1..] {
                found(PAIR, join(stem.min(other), stem.max(other)), at.into(), to.into());
            }
        }
        grams(tokens, german, padded, |value, from, to| found(GRAM, value, from.into(), to.into()));
    }

    /// Says whether the text is read as German.
    fn stem(&self, tokens: &Tokens, stems: &mut Vec<u64>, content: &mut Vec<(u64, u16)>) -> bool {
        stems.clear();
        content.clear();
        let language = tokens.language(&self.function_words, &self.languages);
        let stemmer = language
            .and_then(|language| self.languages.iter().position(|&known| known == language))
            .and_then(|at| self.stemmers.get(at));
        let german = language == Some(Language::German);
        for (at, &token) in tokens.list.iter().enumerate() {
            let word = tokens.word(token);
            let stem = match (token.kind, stemmer) {
                (Kind::Word, Some(stemmer)) => hash(&stemmer.stem(word), german),
                _ => hash(word, german),
            };
            stems.push(stem);
            let function = language
                .is_some_and(|language| self.function_words.languages(word) >> language as u8 & 1 == 1);
            let is_content = token.kind != Kind::Symbol && !function;
            if is_content && content.len() < MOST_PAIRED && !content.iter().any(|&(seen, _)| seen == stem) {
                content.push((stem, at as u16));
            }
        }
        german
    }
}

/// Character n-grams of every blank-padded word, and of every run of glyphs.
fn grams(tokens: &Tokens, german: bool, padded: &mut Vec<(u64, u16)>, mut emit: impl FnMut(u64, u16, u16)) {
    let mut at = 0;
    while let Some(&token) = tokens.list.get(at) {
        padded.clear();
        if token.kind == Kind::Glyph {
            loop {
                push_chars(tokens, tokens.list[at], at, german, padded);
                at += 1;
                match tokens.list.get(at) {
                    Some(next) if next.kind == Kind::Glyph && !next.opens_run => {}
                    _ => break,
                }
            }
        } else {
            if token.kind != Kind::Symbol {
                padded.push((u64::from(b' '), at as u16));
                push_chars(tokens, token, at, german, padded);
                padded.push((u64::from(b' '), at as u16));
            }
            at += 1;
        }
        for start in 0..padded.len() {
            let mut value = 0;
            for (length, &(c, to)) in padded[start..].iter().take(LONGEST_GRAM).enumerate() {
                value = join(value, c);
                if length + 1 >= SHORTEST_GRAM {
                    emit(value, padded[start].1, to);
                }
            }
        }
    }
}

fn push_chars(tokens: &Tokens, token: Token, at: usize, german: bool, padded: &mut Vec<(u64, u16)>) {
    folded(tokens.word(token), german, |c| padded.push((u64::from(u32::from(c)), at as u16)));
}

/// The letters of a word without what people in a hurry leave out: accents of Latin letters, and in German the e of
/// ae, oe and ue, which stand for umlauts where a keyboard has none.
fn folded(word: &str, german: bool, mut emit: impl FnMut(char)) {
    let mut before = ' ';
    for c in word.chars() {
        match c {
            'e' if german && matches!(before, 'a' | 'o' | 'u') => {}
            'ß' => ['s', 's'].into_iter().for_each(&mut emit),
            'à'..='ɏ' => emit(std::iter::once(c).nfd().next().unwrap_or(c)),
            _ => emit(c),
        }
        before = c;
    }
}

/// An ordered pair of hashes; spread by `mix` before use.
#[inline(always)]
fn join(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(0x9FB2_1C65_1E98_DF25).wrapping_add(0x5851_F42D)
}

fn hash(word: &str, german: bool) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    folded(word, german, |c| hash = join(hash, u32::from(c).into()));
    mix(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Feature> {
        let mut features = Vec::new();
        Reader::new(vec![Language::English])
            .read(text, &mut Page::default(), |feature| features.push(feature));
        features
    }

    fn of(text: &str, wanted: usize) -> Vec<u64> {
        let mut hashes: Vec<u64> =
            read(text).iter().map(|f| f.hash).filter(|&h| group(h) == wanted).collect();
        hashes.sort_unstable();
        hashes
    }

    #[test]
    fn inflections_share_a_stem_and_pairs_ignore_order() {
        assert_eq!(of("cancelled orders", STEM), of("cancel order", STEM));
        assert_eq!(of("order cancelled", PAIR), of("cancel the order", PAIR));
        assert_ne!(of("order cancelled", BIGRAM), of("cancelled order", BIGRAM));
    }

    #[test]
    fn accents_that_are_left_out_are_not_missed() {
        let languages = vec![Language::German, Language::Spanish, Language::French];
        let reader = Reader::new(languages);
        let read = |text: &str| {
            let mut hashes = Vec::new();
            reader.read(text, &mut Page::default(), |feature| hashes.push(feature.hash));
            hashes
        };
        for (with, without) in [
            ("mein teléfono no está aquí, dónde", "mein telefono no esta aqui, donde"),
            ("wo ist meine Überweisung", "wo ist meine Ueberweisung"),
            ("wo ist meine Überweisung", "wo ist meine Uberweisung"),
            ("die Straße ist groß", "die Strasse ist gross"),
            ("où est la facture réglée", "ou est la facture reglee"),
        ] {
            let (with, without) = (read(with), read(without));
            let common = with.iter().filter(|hash| without.contains(hash)).count();
            assert!(common * 10 >= with.len() * 7, "{common} of {}", with.len());
        }
        // "й" and "ё" are letters, not accents.
        assert_ne!(read("мой"), read("мои"));
    }

    #[test]
    fn each_group_has_the_expected_number_of_features() {
        let counts: Vec<usize> = (0..GROUPS).map(|g| of("where is my red card", g).len()).collect();
        // " red ": 4 + 3 + 2 + 1 n-grams of 2 to 5 characters, "where" 6 + 5 + 4 + 3, "is" 3 + 2 + 1, "my" likewise.
        assert_eq!(counts, [5, 6, 18 + 6 + 6 + 10 + 14, 3, 3 + 2]);
    }

    #[test]
    fn pairs_are_capped() {
        let long: String = (0..200).map(|n| format!("word{n}x ")).collect();
        assert_eq!(of(&long, PAIR).len(), MOST_PAIRED * (MOST_PAIRED - 1) / 2);
    }

    #[test]
    fn glyph_runs_have_grams_across_characters() {
        assert_eq!(of("我要退款", GRAM).len(), 3 + 2 + 1);
        assert!(of("我要退款", GRAM).iter().any(|h| of("请退款", GRAM).contains(h)));
    }
}
