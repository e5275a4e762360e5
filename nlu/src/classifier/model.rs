//! The trained classifier: reads a text and says what it is about, how sure that is, and whether it is in scope.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::confidence::Calibration;
use super::corpus::{Known, Scale};
use super::features::{Page, Reader, group};
use super::lookup::Lookup;
use super::signs::{Desk, Panel, Sight};

/// What the classifier makes of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The likeliest intent's id.
    pub intent: String,
    /// The probability, 0 to 1, that `intent` is right; of a text that is out of scope, no intent is.
    pub confidence: f32,
    /// Whether `confidence` reaches the trained threshold.
    pub in_scope: bool,
    /// The best guesses, three at most, best first; the first is `intent`. Their confidences sum to one at most.
    pub top: Vec<Guess>,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The intent's id.
    pub intent: String,
    /// The probability, 0 to 1, that this is the right one.
    pub confidence: f32,
}

/// A trained classifier. Cheap to share (behind an `Arc`), safe to use from many threads at once.
pub struct Model {
    pub(crate) id: String,
    pub(crate) intents: Vec<String>,
    pub(crate) reader: Reader,
    pub(crate) hashes: Vec<u64>,
    pub(crate) idf: Vec<f32>,
    pub(crate) unseen_idf: f32,
    pub(crate) panel: Panel,
    pub(crate) calibration: Calibration,
    pub(crate) threshold: f32,
    pub(crate) lookup: Lookup,
}

/// Working memory of one thread, reused from text to text.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) page: Page,
    seen: Vec<u32>,
    pub(crate) features: Vec<u32>,
    pub(crate) values: Vec<f32>,
    pub(crate) desk: Desk,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Model {
    /// Judges one text of any kind and length; texts without words get an honest low confidence.
    pub fn judge(&self, text: &str) -> Judgement {
        SCRATCH.with_borrow_mut(|scratch| self.judge_with(text, scratch))
    }

    /// The confidence from which a text is in scope, 0 to 1; set in training from held-out examples alone.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The content address: a hex SHA-256 of everything the model was made from, equal to [`super::set_id`].
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ids of the intents, in alphabetical order.
    pub fn intents(&self) -> impl Iterator<Item = &str> {
        self.intents.iter().map(String::as_str)
    }

    fn judge_with(&self, text: &str, scratch: &mut Scratch) -> Judgement {
        scratch.page.tokens.read(text);
        self.judge_tokens(scratch)
    }

    /// Judges the tokens that stand on the scratch's page.
    pub(crate) fn judge_tokens(&self, scratch: &mut Scratch) -> Judgement {
        let (known, tokens) = self.weigh(scratch);
        let Scratch { features, values, desk, .. } = scratch;
        let sight = self.panel.see(features, values, known, tokens, desk);
        let confidence = if features.is_empty() { 0.0 } else { self.calibration.confidence(&sight) };
        Judgement {
            intent: self.name(sight.top[0].0),
            confidence,
            in_scope: confidence >= self.threshold,
            top: self.guesses(&sight, confidence),
        }
    }

    /// Reads `text` into the features this model knows, weighed.
    pub(crate) fn read(&self, text: &str, scratch: &mut Scratch) -> (Known, usize) {
        scratch.page.tokens.read(text);
        self.weigh(scratch)
    }

    fn weigh(&self, scratch: &mut Scratch) -> (Known, usize) {
        let Scratch { page, seen, features, values, .. } = scratch;
        seen.clear();
        let mut scale = Scale::default();
        self.reader.read_tokens(page, |feature| match self.lookup.find(feature.hash) {
            Some(number) => seen.push(number),
            None => scale.unknown(group(feature.hash), self.unseen_idf),
        });
        seen.sort_unstable();
        features.clear();
        values.clear();
        for run in seen.chunk_by(|a, b| a == b) {
            let number = run[0] as usize;
            let times = run.len().min(usize::from(u16::MAX)) as u16;
            features.push(run[0]);
            values.push(scale.known(group(self.hashes[number]), times, self.idf[number]));
        }
        let factors = scale.factors();
        for (&number, value) in features.iter().zip(values.iter_mut()) {
            *value *= factors[group(self.hashes[number as usize])];
        }
        (scale.shares(), page.tokens.list.len())
    }

    fn guesses(&self, sight: &Sight, confidence: f32) -> Vec<Guess> {
        let best = sight.top[0].1;
        let chance = libm::expf(best - sight.log_sum);
        let left = (1.0 - confidence) / (1.0 - chance).max(1e-6);
        let guess = |(nth, &(class, logit)): (usize, &(u16, f32))| {
            // A rival has its share of what the best guess leaves, and never more than the best guess.
            let share = libm::expf(logit - sight.log_sum) * left;
            let confidence = if nth == 0 { confidence } else { share.min(confidence) };
            Guess { intent: self.name(class), confidence }
        };
        sight.top.iter().enumerate().filter(|(_, (class, _))| *class != u16::MAX).map(guess).collect()
    }

    pub(crate) fn name(&self, class: u16) -> String {
        self.intents.get(usize::from(class)).cloned().unwrap_or_default()
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .field("intents", &self.intents.len())
            .finish_non_exhaustive()
    }
}
