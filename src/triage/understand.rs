//! What a message means: the local classifier and the readers of signals, joined.

use super::consult;
use super::joining;
use crate::domain::Time;
use crate::domain::consult::Opinion;
use crate::domain::conversation::{Conversation, Pending};
use crate::domain::decision::{Evidence, Guess};
use crate::playbook::Playbook;
use chrono::Offset;
use nlu::classifier::Flip;
use nlu::signals::{Hints, Reading, Sentiment, Urgency};

/// How many words of evidence a decision keeps.
const EVIDENCE: usize = 8;

/// What a message means.
#[derive(Debug, Clone)]
pub(super) struct Understanding {
    /// The likeliest intent; `None` where it is probably none of ours.
    pub(super) intent: Option<String>,
    pub(super) confidence: f32,
    /// What the confidence had to reach to act.
    pub(super) threshold: f32,
    /// Whether it did.
    pub(super) sure: bool,
    pub(super) top: Vec<Guess>,
    pub(super) evidence: Vec<Evidence>,
    /// The words without which it would have been taken otherwise.
    pub(super) flip: Option<Flip>,
    pub(super) reading: Reading,
    pub(super) urgency: Urgency,
    /// ISO 639-1, where the message shows it.
    pub(super) language: Option<String>,
    /// What classified it.
    pub(super) model: String,
    /// The opinions that were joined, where there is more than one.
    pub(super) opinions: Vec<Opinion>,
    /// How much it looks like an attempt to instruct a language model, 0 to 1.
    pub(super) injection: f32,
}

/// Reads a message.
pub(super) fn message(message: &Pending, talk: &Conversation, book: &Playbook) -> Understanding {
    let mut reading = read(&message.text, message.at, talk, book);
    let judged = book.classifier.judge(&message.text);
    let local: Vec<Guess> = judged
        .top
        .into_iter()
        .map(|guess| Guess { intent: guess.intent, confidence: guess.confidence })
        .collect();
    let by = format!("local:{}", book.classifier.id());
    let second = consult::second_opinion(message.seq, talk, book);
    let guesses = match &second {
        Some(second) => {
            // It may raise what was read, never lower it.
            reading.urgency = reading.urgency.max(second.urgency);
            if second.sentiment == Sentiment::Negative {
                reading.sentiment = Sentiment::Negative;
            }
            let policy = &book.guardrails.model;
            joining::join(&local, second.intent.as_deref(), second.certainty, policy, book.intents.len())
        }
        None => local.clone(),
    };
    let best = guesses.first().cloned();
    let confidence = best.as_ref().map_or(judged.confidence, |best| best.confidence);
    let intent = best.map(|best| best.intent).filter(|_| confidence >= book.desk.clarify_from);
    let evidence = book.classifier.explain(&message.text, EVIDENCE);
    let flip = book.classifier.flip(&message.text, &evidence, |intent| threshold(intent, book));
    let mut meaning = joined(book, reading, intent, confidence)
        .with_guesses(guesses.into_iter())
        .with_evidence(evidence.into_iter().map(|word| Evidence { text: word.text, weight: word.weight }))
        .by(match &second {
            Some(second) => format!("{by} + {}", second.opinion.by),
            None => by.clone(),
        });
    meaning.injection = book.detector.look(&message.text).score as f32;
    match second {
        Some(second) => {
            let first = Opinion {
                by,
                intent: local.first().map(|guess| guess.intent.clone()),
                confidence: local.first().map(|guess| guess.confidence),
                certainty: None,
                because: None,
            };
            meaning.opinions = vec![first, second.opinion];
        }
        // It is true of the classifier alone.
        None => meaning.flip = flip,
    }
    meaning
}

/// A message whose intent the customer has picked.
pub(super) fn picked(intent: &str, message: &Pending, talk: &Conversation, book: &Playbook) -> Understanding {
    // The words that count are those the customer was asked about, not the button's label.
    let asked_about = talk.recent.iter().rev().filter(|line| line.from == "customer").nth(1);
    let text = asked_about.map_or(message.text.as_str(), |line| &line.text);
    let reading = read(text, message.at, talk, book);
    joined(book, reading, Some(intent.to_owned()), 1.0)
        .with_guesses([Guess { intent: intent.to_owned(), confidence: 1.0 }].into_iter())
        .by("picked".to_owned())
}

fn read(text: &str, at: Time, talk: &Conversation, book: &Playbook) -> Reading {
    let offset = at.with_timezone(&book.desk.timezone).offset().fix().local_minus_utc() / 60;
    nlu::signals::read(
        text,
        &Hints {
            now: at,
            utc_offset_minutes: offset,
            language: Some(talk.language(&book.desk.default_language)),
        },
    )
}

/// What the confidence in an intent has to reach to act: its own threshold, or the trained one.
fn threshold(intent: &str, book: &Playbook) -> f32 {
    let own = book.intents.get(intent).and_then(|policy| policy.threshold.as_ref());
    own.map_or_else(|| book.classifier.threshold(), |threshold| threshold.value)
}

fn joined(book: &Playbook, reading: Reading, intent: Option<String>, confidence: f32) -> Understanding {
    let policy = intent.as_ref().and_then(|intent| book.intents.get(intent));
    let threshold =
        intent.as_ref().map_or_else(|| book.classifier.threshold(), |intent| threshold(intent, book));
    let sure = policy.is_some() && confidence >= threshold;
    let floor = policy.filter(|_| sure).and_then(|policy| policy.urgency).unwrap_or(Urgency::Low);
    let language = reading.language.clone();
    Understanding {
        urgency: reading.urgency.max(floor),
        intent: policy.is_some().then_some(intent).flatten(),
        confidence,
        threshold,
        sure,
        top: Vec::new(),
        evidence: Vec::new(),
        flip: None,
        reading,
        language,
        model: String::new(),
        opinions: Vec::new(),
        injection: 0.0,
    }
}

impl Understanding {
    fn with_guesses(mut self, guesses: impl Iterator<Item = Guess>) -> Self {
        self.top = guesses.collect();
        self
    }

    fn with_evidence(mut self, words: impl Iterator<Item = Evidence>) -> Self {
        self.evidence = words.collect();
        self
    }

    fn by(mut self, model: String) -> Self {
        self.model = model;
        self
    }
}
