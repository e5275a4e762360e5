//! One spelling for what looks the same: case, compatibility forms, look-alike letters, hidden letters, spaced letters.

use super::{Evidence, Signal};
use unicode_normalization::UnicodeNormalization;

/// Letters of other scripts that look like Latin ones.
const ALIKE: &[(char, char)] = &[
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('ԁ', 'd'),
    ('һ', 'h'),
    ('ո', 'n'),
    ('ս', 'u'),
    ('ɡ', 'g'),
    ('ı', 'i'),
    ('ѵ', 'v'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('α', 'a'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('ν', 'v'),
    ('ι', 'i'),
    ('к', 'k'),
    ('м', 'm'),
    ('т', 't'),
    ('в', 'b'),
    ('н', 'h'),
    ('г', 'r'),
    ('υ', 'u'),
    ('τ', 't'),
    ('κ', 'k'),
    ('ε', 'e'),
    ('ո', 'n'),
];

/// How many spelt-out letters in a row are joined.
const SPACED: usize = 6;

/// The folded text, and what the folding itself noticed.
pub(super) fn fold(text: &str) -> (String, Vec<Evidence>) {
    let mut noticed = Vec::new();
    let tags = text.chars().filter(|letter| matches!(letter, '\u{e0020}'..='\u{e007e}')).count();
    let hidden = text.chars().filter(|letter| is_hidden(*letter)).count();
    if tags > 3 || hidden > 8 {
        noticed.push(Evidence {
            signal: Signal::HiddenText,
            weight: if tags > 3 { 0.9 } else { 0.3 },
            words: format!("{} hidden letters", tags + hidden),
        });
    }
    // Tag letters say to a model what their ASCII twins say.
    let seen = text.chars().filter(|letter| !is_hidden(*letter)).map(|letter| match letter {
        '\u{e0020}'..='\u{e007e}' => char::from_u32(u32::from(letter) - 0xe0000).unwrap_or(' '),
        other => other,
    });
    let plain: String = seen.nfkc().flat_map(char::to_lowercase).map(typed).collect();
    let mut imitated = 0;
    let words: Vec<String> = plain
        .split_inclusive(char::is_whitespace)
        .map(|word| {
            let (latin, alike) = (
                word.chars().any(|c| c.is_ascii_alphabetic()),
                word.chars().filter(|c| look(*c).is_some()).count(),
            );
            let foreign = word.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count();
            // A word of one other script is a word of that language; one that mixes, or is all look-alikes, imitates.
            if alike > 0 && (latin || alike == foreign && foreign > 3) {
                imitated += usize::from(latin);
                word.chars().map(|letter| look(letter).unwrap_or(letter)).collect()
            } else {
                word.to_owned()
            }
        })
        .collect();
    if imitated > 1 {
        noticed.push(Evidence {
            signal: Signal::HiddenText,
            weight: 0.4,
            words: format!("{imitated} words of mixed scripts"),
        });
    }
    (joined(&words.concat()), noticed)
}

fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{180e}')
}

fn typed(letter: char) -> char {
    match letter {
        '’' | '‘' | '`' | '´' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '–' | '—' => '-',
        other => other,
    }
}

fn look(letter: char) -> Option<char> {
    ALIKE.iter().find(|(other, _)| *other == letter).map(|(_, latin)| *latin)
}

/// "i g n o r e   t h i s" is "ignore this".
fn joined(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let mut end = at;
        let mut count = 0;
        let mut word = String::new();
        let begins = at == 0 || !letters[at - 1].is_alphanumeric();
        while begins && end < letters.len() && letters[end].is_alphabetic() {
            let lone = letters.get(end + 1).is_none_or(|next| !next.is_alphanumeric());
            if !lone {
                break;
            }
            word.push(letters[end]);
            count += 1;
            let mut gap = end + 1;
            while gap < letters.len() && matches!(letters[gap], ' ' | '.' | '-' | '_' | '*') {
                gap += 1;
            }
            if gap - end > 2 {
                word.push(' ');
            }
            if gap == end + 1 {
                end = gap;
                break;
            }
            end = gap;
        }
        if count >= SPACED {
            joined.push_str(&word);
            joined.push(' ');
            at = end;
        } else {
            joined.push(letters[at]);
            at += 1;
        }
    }
    joined
}
