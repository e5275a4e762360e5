//! The trained classifier: reads a text and says what it is about, how sure that is, and whether it is in scope.

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::embedding::Embedder;

use super::confidence::Calibration;
use super::corpus::{Known, Scale};
use super::features::{Page, Reader, group};
use super::head::Vectors;
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
    /// How far to trust it where a text comes with its vector.
    pub(crate) embedded: Option<Embedded>,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
}

/// Trust in what networks and vectors say together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Embedded {
    /// The id of the embedder it was trained with.
    pub(crate) embedder: String,
    pub(crate) calibration: Calibration,
    pub(crate) threshold: f32,
}

/// Why an embedder doesn't suit a model; train the model with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// The model was trained without any.
    #[error("the model was trained without embeddings; train it with them")]
    TrainedWithout,
    /// Its vectors mean something else.
    #[error("the model was trained with other embeddings; train it again")]
    TrainedWithOthers,
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
    ///
    /// With an embedder attached its vector has a say too; if it fails, the networks judge alone.
    pub fn judge(&self, text: &str) -> Judgement {
        let vector = self.vector(text);
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.page.tokens.read(text);
            self.judge_tokens(vector.as_ref(), scratch)
        })
    }

    /// Likewise with a vector that the caller has got from the embedder the model was trained with, as from an endpoint
    /// that is waited for elsewhere. One that doesn't fit is left aside.
    pub fn judge_embedded(&self, text: &str, vector: &[f32]) -> Judgement {
        let vector = self.vectors(vector);
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.page.tokens.read(text);
            self.judge_tokens(vector.as_ref(), scratch)
        })
    }

    /// Lets `embedder` have a say from now on.
    ///
    /// # Errors
    /// If the model was trained without, or with another.
    pub fn attach(&mut self, embedder: Arc<dyn Embedder>) -> Result<(), AttachError> {
        let embedded = self.embedded.as_ref().ok_or(AttachError::TrainedWithout)?;
        let dimensions = self.panel.head.as_ref().map(|head| head.dimensions);
        if embedded.embedder != embedder.id() || dimensions != Some(embedder.dimensions()) {
            return Err(AttachError::TrainedWithOthers);
        }
        self.embedder = Some(embedder);
        Ok(())
    }

    /// The confidence from which a text is in scope, 0 to 1; set in training from held-out examples alone. Of a
    /// model trained with embeddings it is the higher one of those with and without, so that it holds if vectors fail.
    pub fn threshold(&self) -> f32 {
        self.embedded.as_ref().map_or(self.threshold, |embedded| self.threshold.max(embedded.threshold))
    }

    /// What the attached embedder says of a text.
    pub(crate) fn vector(&self, text: &str) -> Option<Vectors> {
        let found = self.embedder.as_ref()?.embed(&[text]).ok()?;
        self.vectors(found.first()?)
    }

    fn vectors(&self, vector: &[f32]) -> Option<Vectors> {
        let mut vectors = Vectors::new(self.panel.head.as_ref()?.dimensions);
        vectors.push(vector).then_some(vectors)
    }

    /// The content address: a hex SHA-256 of everything the model was made from, equal to [`super::set_id`].
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ids of the intents, in alphabetical order.
    pub fn intents(&self) -> impl Iterator<Item = &str> {
        self.intents.iter().map(String::as_str)
    }

    /// Judges the tokens that stand on the scratch's page.
    pub(crate) fn judge_tokens(&self, vector: Option<&Vectors>, scratch: &mut Scratch) -> Judgement {
        let (known, tokens) = self.weigh(scratch);
        let Scratch { features, values, desk, .. } = scratch;
        let vector = vector.and_then(|vectors| vectors.get(0));
        let sight = self.panel.see(features, values, known, tokens, vector, desk);
        let calibration = match (&self.embedded, vector) {
            (Some(embedded), Some(_)) => &embedded.calibration,
            _ => &self.calibration,
        };
        let confidence = if features.is_empty() { 0.0 } else { calibration.confidence(&sight) };
        Judgement {
            intent: self.name(sight.top[0].0),
            confidence,
            in_scope: confidence >= self.threshold(),
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
