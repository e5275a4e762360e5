//! The language of a text: telling words first, which settle most messages and work on five words; `whatlang`'s
//! trigrams where they do not; the customer's known language to tip the scale.

use super::lexicon::{Hit, Table};
use super::words::Words;

/// The languages that have word lists for urgency, sentiment and time.
pub(super) const LISTED: [&str; 4] = ["en", "de", "fr", "es"];

/// The languages that have telling words; the last three only so that they are not taken for the first four.
const TELLING: [&str; 7] = ["en", "de", "fr", "es", "it", "pt", "nl"];

/// No more of a long text than this is needed, in bytes.
const ENOUGH: usize = 1024;

/// A language and how sure it is.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) code: &'static str,
    pub(super) confidence: f32,
}

/// Detects the language; nothing for texts that do not tell, such as "ok" or "12345".
pub(super) fn detect(words: &Words<'_>, hits: &[Hit<'_>], known: Option<&str>) -> Option<Spoken> {
    let text = head(words.text);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 2 {
        return None;
    }
    let mut scores = telling(words, hits, text);
    let told: f32 = scores.iter().sum();
    if told > 0.0
        && let Some(at) = TELLING.iter().position(|l| Some(*l) == known)
    {
        scores[at] += 0.6;
    }
    let (best, margin) = lead(&scores);
    if scores[best] >= 1.5 && margin >= 0.7_f32.max(0.15 * scores[best]) {
        return Some(Spoken { code: TELLING[best], confidence: sureness(margin) });
    }
    // Below a dozen letters trigrams are guesses.
    let guess = (letters >= 12 || !is_latin(text)).then(|| whatlang::detect(text)).flatten();
    match guess.as_ref().and_then(|g| Some((g, two_letters(g.lang())?))) {
        Some((guess, code)) if guess.script() != whatlang::Script::Latin => {
            // Of a few words of Cyrillic, trigrams take Russian for Bulgarian.
            match guess.script() {
                whatlang::Script::Cyrillic if !guess.is_reliable() => {
                    Some(Spoken { code: "ru", confidence: 0.6 })
                }
                _ => Some(Spoken { code, confidence: if guess.is_reliable() { 0.95 } else { 0.7 } }),
            }
        }
        Some((guess, code)) => {
            let weight = if guess.is_reliable() { 1.4 } else { 0.3 + guess.confidence() as f32 };
            match TELLING.iter().position(|l| *l == code) {
                Some(at) => scores[at] += weight,
                None if told < 0.9 && guess.is_reliable() => return Some(Spoken { code, confidence: 0.7 }),
                None => {}
            }
            let (best, margin) = lead(&scores);
            (scores[best] >= 0.7).then(|| Spoken { code: TELLING[best], confidence: sureness(margin) })
        }
        None => (scores[best] >= 0.7 && margin >= 0.25)
            .then(|| Spoken { code: TELLING[best], confidence: sureness(margin) }),
    }
}

/// The score of each language by its telling words and letters.
fn telling(words: &Words<'_>, hits: &[Hit<'_>], text: &str) -> [f32; TELLING.len()] {
    let mut scores = [0.0; TELLING.len()];
    let own = hits.iter().filter(|h| h.entry.table == Table::Language);
    for hit in own.take_while(|h| words.list.get(h.first).is_some_and(|w| w.end <= text.len())) {
        if let Some(at) = TELLING.iter().position(|l| *l == hit.entry.language) {
            scores[at] += hit.entry.weight;
        }
    }
    if !text.is_ascii() {
        let has = |letters: &[char]| text.contains(letters);
        for (at, letters, weight) in [
            (1, &['ß'][..], 1.5),
            (1, &['ä', 'ö', 'ü', 'Ü', 'Ö', 'Ä'][..], 0.6),
            (2, &['è', 'ê', 'à', 'œ', 'û', 'ù', 'ô', 'â'][..], 0.6),
            (2, &['ç', 'é'][..], 0.3),
            (3, &['¿', '¡', 'ñ'][..], 1.5),
            (3, &['á', 'í', 'ó', 'ú', 'é'][..], 0.3),
            (5, &['ã', 'õ'][..], 1.5),
        ] {
            if has(letters) {
                scores[at] += weight;
            }
        }
    }
    scores
}

/// The best language and how far it leads.
fn lead(scores: &[f32]) -> (usize, f32) {
    let best = (0..scores.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0);
    let second = scores.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, s)| *s).fold(0.0, f32::max);
    (best, scores.get(best).copied().unwrap_or(0.0) - second)
}

fn sureness(margin: f32) -> f32 {
    (1.0 - 0.65 * (-margin).exp()).clamp(0.0, 0.99)
}

fn head(text: &str) -> &str {
    let end = (0..=text.len().min(ENOUGH)).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    &text[..end]
}

fn is_latin(text: &str) -> bool {
    text.chars().find(|c| c.is_alphabetic()).is_some_and(|c| u32::from(c) < 0x250)
}

/// ISO 639-1 for the languages that `whatlang` knows and that have such a code.
fn two_letters(lang: whatlang::Lang) -> Option<&'static str> {
    const CODES: [(&str, &str); 66] = [
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
    ];
    CODES.iter().find(|(three, _)| *three == lang.code()).map(|(_, two)| *two)
}
