//! How urgent a message is, in what mood and language it was written, and which addresses, numbers, amounts and times
//! it names. Pure and total: the same text and hints give the same reading, and no text makes it fail.

mod entities;
mod language;
mod lexicon;
mod negation;
mod sentiment;
mod urgency;
mod wording;
mod words;

use serde::{Deserialize, Serialize};

use lexicon::{Hit, Table};
use words::Words;

/// How soon somebody has to look at a message. The levels are defined in `nlu/data/urgency.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Nothing is wrong, or nothing has to be done soon.
    Low,
    /// Something is wrong and can wait some hours.
    Medium,
    /// Harm is happening now or within about a day.
    High,
}

/// The customer's mood in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Displeasure, anger, worry, sarcasm.
    Negative,
    /// Sober.
    Neutral,
    /// Thanks, praise, relief.
    Positive,
}

/// One ground for a judgement, for the evidence that people see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// A stable kebab-case code: `deadline`, `outage`, `blocked-work`, `locked-out`, `fraud`, `negated`, ….
    pub code: String,
    /// The customer's words, as written.
    pub text: String,
    /// What it added to the judgement, or took from it where negative.
    pub weight: f32,
}

/// Something named in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// As written.
    pub text: String,
    /// Normalised: lower-case address, `400.00 EUR`, RFC 3339 in the customer's offset, number without its `#`.
    pub value: String,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes, exclusive.
    pub end: usize,
}

/// The kinds of things that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// An e-mail address, in lower case.
    Email,
    /// A telephone number: digits, with `+` where the country is given.
    Phone,
    /// An order's number.
    OrderNumber,
    /// An invoice's number.
    InvoiceNumber,
    /// A ticket's or case's number.
    TicketNumber,
    /// An amount of money with its ISO 4217 currency.
    Amount,
    /// A day, or a moment that is not a deadline.
    Date,
    /// A moment by which something has to be done, or at which something begins that cannot wait.
    Deadline,
    /// A web address.
    Url,
    /// An error code, such as `503` or `ERR_TIMED_OUT`.
    ErrorCode,
}

/// What is known before the text is read.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a> {
    /// When the message was written; times such as "in 30 minutes" count from here.
    pub now: chrono::DateTime<chrono::Utc>,
    /// The customer's offset from UTC, in minutes (-1439 to 1439; anything else counts as 0).
    pub utc_offset_minutes: i32,
    /// The language known of the customer (ISO 639-1); tips the scale in short texts.
    pub language: Option<&'a str>,
}

/// All that is read from a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// ISO 639-1, or nothing where the text does not tell.
    pub language: Option<String>,
    /// How sure the language is, 0 to 1; a score, not calibrated.
    pub language_confidence: f32,
    /// How soon somebody has to look.
    pub urgency: Urgency,
    /// Why, heaviest first.
    pub urgency_signals: Vec<Signal>,
    /// The mood.
    pub sentiment: Sentiment,
    /// Why, heaviest first.
    pub sentiment_signals: Vec<Signal>,
    /// What is named, in order of place; they never overlap.
    pub entities: Vec<Entity>,
}

/// Reads a message. Linear in the length of the text; never panics.
#[must_use]
pub fn read(text: &str, hints: &Hints<'_>) -> Reading {
    let words = Words::of(text);
    let hits = lexicon::shipped().find(&words);
    let spoken = language::detect(&words, &hits, hints.language);
    let heard = Heard::new(&words, &hits, spoken.as_ref().filter(|s| s.confidence >= 0.6).map(|s| s.code));
    let entities = entities::find(&heard, hints);
    let mut urgent = urgency::judge(&heard, &entities, hints);
    let mood = sentiment::judge(&heard, urgent.harm);
    urgent.hear_mood(&mood);
    Reading {
        language: spoken.as_ref().map(|s| s.code.to_owned()),
        language_confidence: spoken.map_or(0.0, |s| s.confidence),
        urgency: urgent.level,
        urgency_signals: urgent.signals,
        sentiment: mood.level,
        sentiment_signals: mood.signals,
        entities,
    }
}

/// Compiles the word lists and learns the model now (some tens of milliseconds) rather than at the first message.
pub fn warm_up() {
    urgency::warm_up();
    sentiment::warm_up();
}

/// A text with the terms found in it, those of other languages left out.
struct Heard<'w, 't, 'l> {
    words: &'w Words<'t>,
    hits: Vec<Hit<'l>>,
    language: Option<&'static str>,
    negation: negation::Negation,
}

impl<'w, 't, 'l> Heard<'w, 't, 'l> {
    fn new(words: &'w Words<'t>, hits: &[Hit<'l>], language: Option<&'static str>) -> Self {
        // For a language without lists, all lists are tried: "urgente" and "account" travel.
        let language = language.filter(|l| language::LISTED.contains(l));
        let hits: Vec<Hit<'l>> = hits.iter().filter(|h| h.entry.fits(language)).copied().collect();
        let negation = negation::Negation::of(&hits);
        Self { words, hits, language, negation }
    }

    fn table(&self, table: Table) -> impl Iterator<Item = Hit<'l>> {
        self.hits.iter().filter(move |h| h.entry.table == table).copied()
    }

    fn signal(&self, code: &str, first: usize, last: usize, weight: f32) -> Signal {
        Signal { code: code.to_owned(), text: shortened(self.words.span(first, last)), weight }
    }
}

/// At most 120 bytes of evidence, cut at a character.
fn shortened(text: &str) -> String {
    let end = (0..=text.len().min(120)).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    text[..end].to_owned()
}
