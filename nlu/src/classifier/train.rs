//! From a training set to a model: what is read, who is held out, what trust is learnt from it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::embedding::Embedder;

use super::confidence::{Calibration, Scope, Witness};
use super::corpus::Corpus;
use super::examples::TrainingSet;
use super::features::Reader;
use super::folds;
use super::head::Vectors;
use super::lookup::Lookup;
use super::model::{Embedded, Model};
use super::random::Random;
use super::strangers;
use super::threshold::{self, Aim, ENOUGH};
use super::training::{self, Material, Trained};

/// Raised whenever training or reading changes, so that a cached model of older code is not taken for this one's.
const CODE_VERSION: u32 = 3;
/// The threshold of a model without calibration, whose confidence is only the network's own probability.
const UNCALIBRATED_THRESHOLD: f32 = 0.7;

/// One in so many intents is left out of each fold: fewer where the desk's own out-of-scope examples say what is not its
/// business, more where left-out intents must.
const LEAVE_FEW: usize = 15;
const LEAVE_MANY: usize = 5;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// Learn confidence and threshold from held-out folds; without, confidence is the network's own probability.
    pub calibrate: bool,
    /// The share of messages, 0 to 1, that are expected to be out of scope.
    pub out_of_scope_share: f64,
    /// The share of messages above the threshold, 0 to 1, that must be right.
    pub target_precision: f64,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Threads to train on; 0 means as many as the machine has. Never changes the result.
    pub threads: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions { calibrate: true, out_of_scope_share: 0.2, target_precision: 0.95, seed: 1, threads: 0 }
    }
}

/// Why a set can't be trained on; each is mended by editing the examples.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to tell apart.
    #[error("there is no example with an intent; add some")]
    NoIntents,
    /// One example can't be learnt from and checked at once.
    #[error("intent \"{intent}\" has {found} example(s); give it at least two, better five or more")]
    TooFewExamples {
        /// The intent's id.
        intent: String,
        /// How many it has.
        found: usize,
    },
    /// Classes are numbered in two bytes.
    #[error("{found} intents are more than the 10,000 that fit a model; merge some")]
    TooManyIntents {
        /// How many there are.
        found: usize,
    },
    /// The vectors that were asked for are not to be had.
    #[error("{what}; train without embeddings, or mend them")]
    Embedding {
        /// A sentence.
        what: String,
    },
    /// A share outside 0 to 1.
    #[error("{what} is {value}; it must lie between 0 and 1")]
    BadShare {
        /// Which option.
        what: &'static str,
        /// What it was.
        value: String,
    },
}

/// Trains a model. `progress` is called with rising numbers up to 1, from any of the threads.
///
/// The same set and options give the same model to the last byte, whatever the number of threads.
///
/// # Errors
/// If the set has no intent, or an intent with fewer than two examples, or an option is out of range.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<Model, TrainError> {
    let (prepared, trained) = train_with_folds(set, options, None, progress)?;
    Ok(prepared.model(set, options, trained))
}

/// Trains a model that also listens to the texts' vectors: its probabilities are the geometric mean of the networks'
/// and those of a logistic regression on the vectors, and trust in them is learnt apart from trust in the networks
/// alone. [`Model::attach`] the embedder before judging; without, the model judges as one trained by [`train`].
///
/// # Errors
/// As [`train`], and if the embedder fails or its vectors don't fit.
pub fn train_embedded(
    set: &TrainingSet,
    options: &TrainOptions,
    embedder: &dyn Embedder,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<Model, TrainError> {
    let (prepared, trained) = train_with_folds(set, options, Some(embedder), progress)?;
    let mut model = prepared.model(set, options, trained);
    model.id = set_id_embedded(set, options, embedder);
    if let Some(embedded) = &mut model.embedded {
        embedder.id().clone_into(&mut embedded.embedder);
    }
    Ok(model)
}

/// The content address a model trained with these vectors would have.
pub fn set_id_embedded(set: &TrainingSet, options: &TrainOptions, embedder: &dyn Embedder) -> String {
    let mut hash = Sha256::new();
    hash.update(set_id(set, options));
    hash.update(embedder.id());
    hash.update((embedder.dimensions() as u64).to_le_bytes());
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The content address a model trained from these would have: look for it before training.
pub fn set_id(set: &TrainingSet, options: &TrainOptions) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&CODE_VERSION.to_le_bytes());
    part(&[u8::from(options.calibrate)]);
    part(&options.out_of_scope_share.to_le_bytes());
    part(&options.target_precision.to_le_bytes());
    part(&options.seed.to_le_bytes());
    for example in &set.examples {
        part(example.text.as_bytes());
        part(&[u8::from(example.intent.is_some())]);
        part(example.intent.as_deref().unwrap_or("").as_bytes());
    }
    part(b"names");
    for (intent, name) in &set.names {
        part(intent.as_bytes());
        part(name.as_bytes());
    }
    hex(&hash.finalize())
}

/// A set made ready: read, numbered, compared.
pub(crate) struct Prepared {
    pub(crate) reader: Reader,
    pub(crate) corpus: Corpus,
    pub(crate) intents: Vec<String>,
    /// The class of each example, then of each name.
    pub(crate) labels: Vec<u16>,
    /// Strangers' texts behind the labelled ones.
    pub(crate) strangers: usize,
    /// Near-duplicates among the examples.
    pub(crate) alike: Vec<(u32, u32)>,
    /// A hash of each example's words.
    pub(crate) keys: Vec<u64>,
}

pub(crate) fn train_with_folds(
    set: &TrainingSet,
    options: &TrainOptions,
    embedder: Option<&dyn Embedder>,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<(Prepared, Vec<Trained>), TrainError> {
    let prepared = prepare(set, options, embedder)?;
    let examples = set.examples.len();
    let intents = prepared.intents.len();
    let classes = prepared.labels.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(0);
    let folds = if options.calibrate {
        let count = folds::how_many(examples);
        let mut random = Random::new(options.seed, 0);
        let own = prepared.labels[..examples].iter().filter(|&&label| usize::from(label) >= intents).count();
        let leave = if own >= ENOUGH { LEAVE_FEW } else { LEAVE_MANY };
        let mut folds = folds::cut(
            &prepared.labels[..examples],
            &prepared.keys,
            intents,
            leave,
            &prepared.alike,
            count,
            &mut random,
        );
        // A fold that leaves no intent to train on can teach nothing.
        folds.retain(|fold| {
            fold.train.iter().any(|&text| usize::from(prepared.labels[text as usize]) < intents)
        });
        folds
    } else {
        Vec::new()
    };
    let material = Material {
        corpus: &prepared.corpus,
        labels: &prepared.labels,
        examples,
        intents,
        classes,
        strangers: prepared.strangers,
        seed: options.seed,
        threads: options.threads,
    };
    let trained = training::run(&material, &folds, progress);
    Ok((prepared, trained))
}

fn prepare(
    set: &TrainingSet,
    options: &TrainOptions,
    embedder: Option<&dyn Embedder>,
) -> Result<Prepared, TrainError> {
    for (what, value) in
        [("out_of_scope_share", options.out_of_scope_share), ("target_precision", options.target_precision)]
    {
        if !(0.0..=1.0).contains(&value) {
            return Err(TrainError::BadShare { what, value: value.to_string() });
        }
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for intent in set.examples.iter().filter_map(|example| example.intent.as_deref()) {
        *counts.entry(intent).or_insert(0) += 1;
    }
    if counts.is_empty() {
        return Err(TrainError::NoIntents);
    }
    if counts.len() > 10_000 {
        return Err(TrainError::TooManyIntents { found: counts.len() });
    }
    if let Some((intent, &found)) = counts.iter().find(|(_, count)| **count < 2) {
        return Err(TrainError::TooFewExamples { intent: (*intent).to_owned(), found });
    }
    let intents: Vec<String> = counts.into_keys().map(str::to_owned).collect();
    let background = intents.len();
    let mut labels: Vec<u16> = set
        .examples
        .iter()
        .map(|example| {
            let class = example.intent.as_ref().and_then(|intent| intents.binary_search(intent).ok());
            class.unwrap_or(background) as u16
        })
        .collect();
    let texts = || set.examples.iter().map(|example| example.text.as_str());
    let reader = Reader::new(Reader::languages_of(texts()));
    let stems = folds::stem_sets(&reader, texts());
    let alike = folds::near_duplicates(&stems);
    let keys = stems.iter().map(|stems| folds::key(stems)).collect();
    let strangers = if options.calibrate { strangers::to(&reader, &stems) } else { Vec::new() };
    let mut names = Vec::new();
    for (class, intent) in intents.iter().enumerate() {
        if let Some(name) = set.names.get(intent).cloned().or_else(|| words_of_id(intent)) {
            names.push(name);
            labels.push(class as u16);
        }
    }
    let behind = names.iter().map(String::as_str).chain(strangers.iter().copied());
    let all: Vec<&str> = texts().chain(behind).collect();
    let mut corpus = Corpus::read(&reader, all.iter().copied());
    corpus.vectors = embedder.map(|embedder| embed(embedder, &all)).transpose()?;
    Ok(Prepared { reader, corpus, intents, labels, strangers: strangers.len(), alike, keys })
}

fn embed(embedder: &dyn Embedder, texts: &[&str]) -> Result<Vectors, TrainError> {
    let failed = |what: String| TrainError::Embedding { what };
    let found = embedder.embed(texts).map_err(|error| failed(error.to_string()))?;
    let mut vectors = Vectors::new(embedder.dimensions());
    let fit = found.iter().all(|vector| vectors.push(vector));
    if !fit || found.len() != texts.len() || embedder.dimensions() == 0 {
        let what = format!("not every text has got a vector of {} numbers", embedder.dimensions());
        return Err(failed(what));
    }
    Ok(vectors)
}

/// "cardArrival" and "card_arrival" say "card arrival"; "17" says nothing.
fn words_of_id(id: &str) -> Option<String> {
    let mut words = String::new();
    let mut was_lower = false;
    for c in id.chars() {
        if c.is_uppercase() && was_lower {
            words.push(' ');
        }
        was_lower = c.is_lowercase();
        words.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    words
        .split_whitespace()
        .any(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 2)
        .then_some(words)
}

impl Prepared {
    fn model(self, set: &TrainingSet, options: &TrainOptions, trained: Vec<Trained>) -> Model {
        let mut trained = trained.into_iter();
        let own = trained.next();
        let (mut witnesses, mut embedded) = (Vec::new(), Vec::new());
        for fold in trained {
            witnesses.extend(fold.witnesses);
            embedded.extend(fold.embedded);
        }
        let trust = |witnesses: &[Witness]| match options.calibrate {
            true => trust(witnesses, options),
            false => (Calibration::none(), UNCALIBRATED_THRESHOLD),
        };
        let (calibration, threshold) = trust(&witnesses);
        let embedded = self.corpus.vectors.as_ref().map(|_| {
            let (calibration, threshold) = trust(&embedded);
            Embedded { embedder: String::new(), calibration, threshold }
        });
        let (hashes, idf, unseen_idf, panel) = match own {
            Some(own) => {
                let hash = |&feature: &u32| self.corpus.hashes[feature as usize];
                let hashes: Vec<u64> = own.vocabulary.features.iter().map(hash).collect();
                (hashes, own.vocabulary.idf, own.vocabulary.unseen_idf, own.panel)
            }
            None => (
                Vec::new(),
                Vec::new(),
                0.0,
                super::signs::Panel::new(Vec::new(), 0, &Default::default(), &[]),
            ),
        };
        Model {
            id: set_id(set, options),
            intents: self.intents,
            reader: self.reader,
            lookup: Lookup::new(&hashes),
            hashes,
            idf,
            unseen_idf,
            panel,
            calibration,
            threshold,
            embedded,
            embedder: None,
        }
    }
}

/// Learns confidence and threshold from held-out texts, weighed to the stream that is expected.
pub(crate) fn trust(witnesses: &[Witness], options: &TrainOptions) -> (Calibration, f32) {
    let weights = Weights::of(witnesses, options.out_of_scope_share);
    let calibration = Calibration::fit(witnesses, |witness| weights.weight(witness));
    let judged: Vec<(f32, Witness)> =
        witnesses.iter().map(|witness| (calibration.confidence(&witness.sight), *witness)).collect();
    let aim = Aim { precision: options.target_precision, out_of_scope_share: options.out_of_scope_share };
    let threshold = threshold::choose(&judged, aim);
    (calibration, threshold)
}

/// What share of the stream a desk is taken to expect out of scope if it lists no such example.
const UNLISTED_SHARE: f64 = 0.02;
/// How the out-of-scope share is divided: the desk's own examples, intents left out (many, but nearer to the desk's
/// business than most of what it can't answer), strangers.
const PARTS: [f64; 3] = [0.8, 0.1, 0.1];

/// How much a held-out text counts, so that the held-out texts together resemble the expected stream.
struct Weights([f64; 3]);

const OUTSIDE: [Scope; 3] = [Scope::Out, Scope::LeftOut, Scope::Stranger];

impl Weights {
    fn of(witnesses: &[Witness], share: f64) -> Self {
        let count = |scope: Scope| witnesses.iter().filter(|witness| witness.scope == scope).count() as f64;
        let counts = OUTSIDE.map(count);
        let share = if counts[0] > 0.0 { share.min(0.9) } else { share.min(UNLISTED_SHARE) };
        let wanted = count(Scope::In) * share / (1.0 - share);
        let present: f64 = (0..3).filter(|&part| counts[part] > 0.0).map(|part| PARTS[part]).sum();
        Weights(std::array::from_fn(|part| PARTS[part] / present.max(1e-9) * wanted / counts[part].max(1.0)))
    }

    fn weight(&self, witness: &Witness) -> f64 {
        OUTSIDE.iter().position(|&scope| scope == witness.scope).map_or(1.0, |part| self.0[part])
    }
}
