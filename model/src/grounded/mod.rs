//! Whether a draft says only what its sources say: the part that needs no model. It is strict where strictness is
//! cheap (numbers, dates, amounts, addresses, links must stand in a cited source) and measures the rest by words. The
//! model's own `screen` step is asked beside it; a draft goes out only when both let it pass.

mod facts;
mod words;

use facts::{Fact, Facts};
use serde::Serialize;
use std::collections::BTreeSet;
use words::Words;

/// A source that a draft may cite.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its text, title included.
    pub text: &'a str,
    /// ISO 639-1.
    pub language: &'a str,
}

/// What is to be screened.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The words.
    pub text: &'a str,
    /// The ids that it cites.
    pub citations: &'a [String],
    /// ISO 639-1.
    pub language: &'a str,
}

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// It cites nothing.
    NoCitation,
    /// It cites what it was not given.
    UnknownCitation,
    /// It is empty.
    Empty,
    /// A number, a date, an amount or a share that no cited source holds.
    UnsupportedNumber,
    /// An e-mail address that no cited source holds.
    UnsupportedAddress,
    /// A link that no cited source holds.
    UnsupportedLink,
    /// An image, HTML, or a link that runs something.
    ActiveContent,
    /// Too few of a sentence's words stand in the cited sources.
    LowSupport,
}

/// One problem with the words that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The words of the draft, or the id.
    pub quote: String,
}

/// One sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    /// Its words.
    pub text: String,
    /// The share of its telling words that stand in the cited sources, 0 to 1; none where nothing is claimed, or
    /// where draft and sources are in different languages.
    pub support: Option<f64>,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Everything that is wrong; nothing, and the draft passes this screen.
    pub problems: Vec<Problem>,
    /// The sentences with their support, for the "why" card.
    pub sentences: Vec<Sentence>,
    /// Words could not be compared, since a cited source is in another language: the model's screen must decide.
    pub needs_model: bool,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.problems.is_empty()
    }

    /// The lowest support of any sentence, 1 if there is none to compare.
    #[must_use]
    pub fn weakest(&self) -> f64 {
        self.sentences.iter().filter_map(|sentence| sentence.support).fold(1.0, f64::min)
    }
}

/// The screen.
#[derive(Debug, Clone)]
pub struct Screen {
    facts: Facts,
    /// The least support of a sentence.
    least: f64,
}

/// The least support by default. Two of three telling words in the sources leaves room for "please" and "you can".
pub const LEAST_SUPPORT: f64 = 0.6;

/// A sentence with fewer telling words claims nothing that words could be compared for.
const FEWEST_WORDS: usize = 3;

impl Screen {
    /// Compiles its patterns, which are part of the program: an error is a fault of ours.
    pub fn new(least: f64) -> Result<Self, regex::Error> {
        Ok(Self { facts: Facts::new()?, least })
    }

    /// Compares a draft with what it was given.
    #[must_use]
    pub fn look(&self, draft: Draft<'_>, sources: &[Source<'_>]) -> Report {
        let mut problems = Vec::new();
        let mut add =
            |kind, quote: &str| problems.push(Problem { kind, quote: quote.chars().take(200).collect() });
        if draft.text.trim().is_empty() {
            add(ProblemKind::Empty, "");
        }
        if draft.citations.is_empty() {
            add(ProblemKind::NoCitation, "");
        }
        let mut cited: Vec<Source<'_>> = Vec::new();
        for id in draft.citations {
            match sources.iter().find(|source| source.id == id) {
                Some(source) => cited.push(*source),
                None => add(ProblemKind::UnknownCitation, id),
            }
        }
        let held: BTreeSet<Fact> = cited.iter().flat_map(|source| self.facts.of(source.text)).collect();
        for (fact, quote) in self.facts.quoted(draft.text) {
            if !fact.is_held_by(&held) {
                add(fact.problem(), &quote);
            }
        }
        for quote in self.facts.active(draft.text) {
            add(ProblemKind::ActiveContent, &quote);
        }
        let comparable = cited.iter().all(|source| source.language == draft.language);
        let words = Words::new(draft.language);
        let there: BTreeSet<String> = cited.iter().flat_map(|source| words.telling(source.text)).collect();
        let mut sentences = Vec::new();
        let (mut all, mut held) = (0_u32, 0_u32);
        for text in words::sentences(draft.text) {
            let telling = words.telling(text);
            let found = telling.iter().filter(|word| there.contains(*word)).count();
            let share = found as f64 / telling.len().max(1) as f64;
            // A question back may bring words of its own, a statement may not.
            let least = if text.ends_with('?') { self.least / 2.0 } else { self.least };
            all = all.saturating_add(u32::try_from(telling.len()).unwrap_or(u32::MAX));
            held = held.saturating_add(u32::try_from(found).unwrap_or(u32::MAX));
            // Two foreign words are enough for a question: "your card number and password?"
            let fewest = if text.ends_with('?') { 2 } else { FEWEST_WORDS };
            let support = (comparable && telling.len() >= fewest).then_some(share);
            if support.is_some_and(|support| support < least) {
                add(ProblemKind::LowSupport, text);
            }
            sentences.push(Sentence { text: text.to_owned(), support });
        }
        // Sentences too short to compare one by one are compared together.
        let whole = f64::from(held) / f64::from(all.max(1));
        if comparable && whole < self.least && !draft.text.trim().is_empty() {
            add(ProblemKind::LowSupport, draft.text);
        }
        problems.sort_by_key(|problem| problem.kind);
        problems.dedup();
        Report { problems, sentences, needs_model: !comparable }
    }
}

#[cfg(test)]
mod tests;
