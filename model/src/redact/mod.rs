//! Personal data out of texts before they leave the machine, and back in for those who may see it. What is found is
//! replaced by placeholders such as `⟦email-1⟧`; the map of placeholders is kept apart and never sent.

mod numbers;
mod patterns;
mod placeholders;

pub use placeholders::{Personal, Placeholders};

use patterns::Patterns;
use placeholders::{CLOSE, OPEN};
use std::ops::Range;

/// What is taken out.
#[derive(Debug, Clone)]
pub struct RedactionSettings {
    /// Kinds that are left in; empty by default.
    pub keep: Vec<Personal>,
    /// Names that are known beforehand, such as the customer's own: taken out wherever they stand.
    pub names: Vec<String>,
    /// Whether names are also recognised by what stands before them ("my name is …"). It misses most: without a
    /// language model or a list of all names, names in free text can't be told from other words.
    pub guess_names: bool,
}

impl Default for RedactionSettings {
    fn default() -> Self {
        Self { keep: Vec::new(), names: Vec::new(), guess_names: true }
    }
}

/// Finds and replaces.
#[derive(Debug, Clone)]
pub struct Redactor {
    patterns: Patterns,
    settings: RedactionSettings,
}

/// Something found, by its bytes in the folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Personal,
    /// Where it stands.
    pub at: Range<usize>,
}

impl Redactor {
    /// Compiles the patterns, which are part of the program: an error is a fault of ours.
    pub fn new(settings: RedactionSettings) -> Result<Self, regex::Error> {
        Ok(Self { patterns: Patterns::new()?, settings })
    }

    /// The same for one more known name, such as that of the customer who writes.
    #[must_use]
    pub fn with_names(&self, names: impl IntoIterator<Item = String>) -> Self {
        let mut more = self.clone();
        more.settings.names.extend(names);
        more
    }

    /// The text with placeholders. Digits of other scripts become ASCII, borders of placeholders become brackets.
    #[must_use]
    pub fn text(&self, text: &str, placeholders: &mut Placeholders) -> String {
        let text = fold(text);
        let mut redacted = String::with_capacity(text.len());
        let mut done = 0;
        let mut given: Vec<(Personal, String)> = Vec::new();
        for found in self.find(&text) {
            let value = &text[found.at.clone()];
            redacted.push_str(&text[done..found.at.start]);
            redacted.push_str(&placeholders.give(found.kind, value));
            done = found.at.end;
            given.push((found.kind, value.to_owned()));
        }
        redacted.push_str(&text[done..]);
        sweep(&redacted, &given, placeholders)
    }

    /// Everything found in a text that was folded, in its order, without overlaps.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Found> {
        let mut all: Vec<Found> = Vec::new();
        for kind in Personal::ALL {
            if self.settings.keep.contains(&kind) {
                continue;
            }
            for at in self.find_kind(kind, text) {
                let overlaps = |other: &Found| at.start < other.at.end && other.at.start < at.end;
                if !at.is_empty() && !all.iter().any(overlaps) {
                    all.push(Found { kind, at });
                }
            }
        }
        all.sort_by_key(|found| found.at.start);
        all
    }

    fn find_kind(&self, kind: Personal, text: &str) -> Vec<Range<usize>> {
        let patterns = &self.patterns;
        let all =
            |pattern: &regex::Regex| pattern.find_iter(text).map(|found| found.range()).collect::<Vec<_>>();
        match kind {
            Personal::Email => all(&patterns.email).into_iter().map(|at| trimmed(text, at, "'.")).collect(),
            Personal::Iban => {
                let candidates = all(&patterns.iban).into_iter();
                candidates
                    .filter_map(|at| Some(at.start..at.start + numbers::iban(&text[at.start..])?))
                    .collect()
            }
            Personal::Card => {
                all(&patterns.card).into_iter().filter(|at| numbers::luhn(&text[at.clone()])).collect()
            }
            Personal::Ssn => {
                let named =
                    patterns.ssn_named.captures_iter(text).filter_map(|found| Some(found.get(1)?.range()));
                all(&patterns.ssn).into_iter().chain(named).collect()
            }
            Personal::Ip => {
                // Five numbers with dots are something else: a telephone number, a version.
                let lone = |at: &Range<usize>| {
                    let more = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
                    !text[at.end..].strip_prefix('.').is_some_and(more)
                        && !text[..at.start]
                            .strip_suffix('.')
                            .is_some_and(|text| text.ends_with(char::is_numeric))
                };
                all(&patterns.ip).into_iter().filter(lone).collect()
            }
            Personal::Phone => {
                let candidates = all(&patterns.phone).into_iter().map(|at| trimmed(text, at, " .-/(\u{a0}"));
                candidates
                    .filter(|at| {
                        numbers::could_be_phone(&text[at.clone()], &text[..at.start], &text[at.end..])
                    })
                    .collect()
            }
            Personal::Address => patterns.addresses.iter().flat_map(|pattern| inner(pattern, text)).collect(),
            Personal::Name => {
                let known = self.settings.names.iter().flat_map(|name| words(text, name));
                let guessed = patterns.names.iter().filter(|_| self.settings.guess_names);
                known.chain(guessed.flat_map(|pattern| inner(pattern, text))).collect()
            }
        }
    }
}

/// The first group of each match, or the whole match.
fn inner(pattern: &regex::Regex, text: &str) -> Vec<Range<usize>> {
    let range = |found: regex::Captures<'_>| found.get(1).or_else(|| found.get(0)).map(|group| group.range());
    pattern.captures_iter(text).filter_map(range).map(|at| trimmed(text, at, " .,\n")).collect()
}

fn trimmed(text: &str, at: Range<usize>, ends: &str) -> Range<usize> {
    let kept = text[at.clone()].trim_end_matches(|letter| ends.contains(letter)).len();
    at.start..at.start + kept
}

/// Where a name stands as words of their own, whatever its case.
fn words(text: &str, name: &str) -> Vec<Range<usize>> {
    let name = name.trim();
    if name.chars().count() < 2 {
        return Vec::new();
    }
    let pattern = regex::RegexBuilder::new(&regex::escape(name)).case_insensitive(true).build();
    let Ok(pattern) = pattern else { return Vec::new() };
    let lone = |at: &Range<usize>| {
        !text[..at.start].ends_with(char::is_alphanumeric)
            && !text[at.end..].starts_with(char::is_alphanumeric)
    };
    pattern.find_iter(text).map(|found| found.range()).filter(lone).collect()
}

/// What was found in one place is taken out in every place, also where it could not be recognised.
fn sweep(redacted: &str, given: &[(Personal, String)], placeholders: &mut Placeholders) -> String {
    let mut text = redacted.to_owned();
    for (kind, value) in given {
        if matches!(kind, Personal::Name | Personal::Address)
            || value.len() < 6
            || !text.contains(value.as_str())
        {
            continue;
        }
        text = text.replace(value.as_str(), &placeholders.give(*kind, value));
    }
    text
}

/// Digits and signs of other scripts as ASCII, nothing invisible, no borders of placeholders.
fn fold(text: &str) -> String {
    let fold = |letter: char| match letter {
        OPEN => Some('['),
        CLOSE => Some(']'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0),
        '\u{660}'..='\u{669}' => char::from_u32(u32::from(letter) - 0x660 + 0x30),
        '\u{6f0}'..='\u{6f9}' => char::from_u32(u32::from(letter) - 0x6f0 + 0x30),
        '\u{966}'..='\u{96f}' => char::from_u32(u32::from(letter) - 0x966 + 0x30),
        '\u{2010}'..='\u{2013}' | '\u{2212}' => Some('-'),
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
        '\u{2007}' | '\u{202f}' | '\u{2009}' => Some(' '),
        other => Some(other),
    };
    text.chars().filter_map(fold).collect()
}

#[cfg(test)]
mod tests;
