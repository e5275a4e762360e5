//! How good a desk's examples are: cross-validated, with what to mend. `deskhand intents report` prints it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::confidence::{Scope, Witness};
use super::examples::TrainingSet;
use super::train::{Prepared, TrainError, TrainOptions, train_with_folds, trust};

/// Fewer examples than this and an intent's figures are guesses.
pub const FEW_EXAMPLES: usize = 10;
/// How many examples are named with each pair of confused intents.
const MOST_CULPRITS: usize = 5;
/// How many pairs of confused intents, and of near-duplicates, are listed.
const MOST_PAIRS: usize = 50;
const BINS: usize = 10;

/// What cross-validation says about a training set. Every figure comes from examples held out of training, their
/// near-duplicates with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Examples with an intent.
    pub examples: usize,
    /// Examples marked out of scope.
    pub out_of_scope_examples: usize,
    /// The share of held-out examples whose intent was found, 0 to 1.
    pub accuracy: f64,
    /// The mean of the intents' F1, 0 to 1.
    pub macro_f1: f64,
    /// The confidence from which a message counts as in scope.
    pub threshold: f32,
    /// What can be handled at 95 and at 98 % precision.
    pub coverage: Vec<Coverage>,
    /// By how much confidence and truth differ on average (expected calibration error), 0 to 1.
    pub calibration_error: f64,
    /// Confidence against truth, in ten steps.
    pub reliability: Vec<ReliabilityBin>,
    /// Every intent, in alphabetical order.
    pub intents: Vec<IntentReport>,
    /// Intents taken for one another, the commonest first.
    pub confusions: Vec<Confusion>,
    /// Examples of different intents that say nearly the same.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Intents with fewer than [`FEW_EXAMPLES`] examples.
    pub too_few_examples: Vec<String>,
}

/// One intent's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentReport {
    /// The intent's id.
    pub intent: String,
    /// How many examples it has.
    pub examples: usize,
    /// Of the examples taken for this intent, the share that is; `None` if none was.
    pub precision: Option<f64>,
    /// Of this intent's examples, the share that was found; `None` if none could be held out.
    pub recall: Option<f64>,
    /// The harmonic mean of the two; `None` if either is.
    pub f1: Option<f64>,
}

/// How much can be handled if so much of it has to be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The share that has to be right, 0 to 1.
    pub precision: f64,
    /// The share of in-scope examples that is handled then, 0 to 1.
    pub coverage: f64,
    /// The confidence it takes; `None` if no threshold reaches the precision.
    pub threshold: Option<f32>,
}

/// Held-out examples of similar confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The lowest confidence in it.
    pub from: f64,
    /// The end of it.
    pub to: f64,
    /// How many examples.
    pub examples: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share that was right.
    pub accuracy: f64,
}

/// One intent taken for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// What the examples are.
    pub intent: String,
    /// What they were taken for.
    pub taken_for: String,
    /// How many.
    pub times: usize,
    /// The examples that were taken wrongly with the greatest confidence.
    pub examples: Vec<ConfusedExample>,
}

/// An example that was taken for another intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusedExample {
    /// Its place in the training set, from 0.
    pub index: usize,
    /// Its text.
    pub text: String,
    /// How sure the wrong answer was, 0 to 1.
    pub confidence: f32,
}

/// Two examples that say nearly the same and belong to different intents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearDuplicate {
    /// The places of both in the training set, from 0.
    pub indices: [usize; 2],
    /// Their texts.
    pub texts: [String; 2],
    /// Their intents; `None` is out of scope.
    pub intents: [Option<String>; 2],
}

/// Cross-validates a training set. Calibration is always on, whatever the options say.
///
/// # Errors
/// As [`super::train`].
pub fn report(
    set: &TrainingSet,
    options: &TrainOptions,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<Report, TrainError> {
    let options = TrainOptions { calibrate: true, ..options.clone() };
    let (prepared, trained) = train_with_folds(set, &options, None, progress)?;
    let witnesses: Vec<Witness> = trained.into_iter().flat_map(|fold| fold.witnesses).collect();
    let (calibration, threshold) = trust(&witnesses, &options);
    let judged: Vec<(f32, Witness)> =
        witnesses.iter().map(|witness| (calibration.confidence(&witness.sight), *witness)).collect();
    let inside: Vec<(f32, Witness)> = judged.iter().filter(|(_, w)| w.scope == Scope::In).copied().collect();
    let intents = by_intent(set, &prepared, &inside);
    let f1: Vec<f64> = intents.iter().filter_map(|intent| intent.f1).collect();
    let (reliability, calibration_error) = reliability(&inside);
    Ok(Report {
        examples: set.examples.iter().filter(|example| example.intent.is_some()).count(),
        out_of_scope_examples: set.examples.iter().filter(|example| example.intent.is_none()).count(),
        accuracy: share(inside.iter().filter(|(_, witness)| witness.right()).count(), inside.len())
            .unwrap_or(0.0),
        macro_f1: f1.iter().sum::<f64>() / f1.len().max(1) as f64,
        threshold,
        coverage: [0.95, 0.98].map(|precision| coverage(&judged, inside.len(), precision)).to_vec(),
        calibration_error,
        reliability,
        too_few_examples: intents
            .iter()
            .filter(|i| i.examples < FEW_EXAMPLES)
            .map(|i| i.intent.clone())
            .collect(),
        intents,
        confusions: confusions(set, &prepared, &inside),
        near_duplicates: near_duplicates(set, &prepared),
    })
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

fn by_intent(set: &TrainingSet, prepared: &Prepared, inside: &[(f32, Witness)]) -> Vec<IntentReport> {
    let mut counts = vec![[0_usize; 3]; prepared.intents.len()];
    for (_, witness) in inside {
        let taken_for = usize::from(witness.sight.top[0].0);
        counts[taken_for][0] += 1;
        if let Some(label) = witness.label {
            counts[usize::from(label)][1] += 1;
        }
        if witness.right() {
            counts[taken_for][2] += 1;
        }
    }
    let intent = |(intent, [taken, held_out, right]): (&String, [usize; 3])| {
        let (precision, recall) = (share(right, taken), share(right, held_out));
        let f1 = precision.zip(recall).map(|(p, r)| if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 });
        let examples = set.examples.iter().filter(|example| example.intent.as_ref() == Some(intent)).count();
        IntentReport { intent: intent.clone(), examples, precision, recall, f1 }
    };
    prepared.intents.iter().zip(counts).map(intent).collect()
}

/// Out-of-scope texts count as errors where they would be handled, in their true number.
fn coverage(judged: &[(f32, Witness)], inside: usize, precision: f64) -> Coverage {
    let mut sorted: Vec<&(f32, Witness)> =
        judged.iter().filter(|(_, witness)| matches!(witness.scope, Scope::In | Scope::Out)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut handled, mut best) = (0, 0, None);
    for (all, (confidence, witness)) in sorted.iter().enumerate() {
        right += usize::from(witness.right());
        handled += usize::from(witness.scope == Scope::In);
        // A tie at the threshold is handled as a whole, or not at all.
        let tied = sorted.get(all + 1).is_some_and(|next| next.0 == *confidence);
        if !tied && right as f64 >= precision * (all + 1) as f64 {
            best = Some((handled, *confidence));
        }
    }
    Coverage {
        precision,
        coverage: best.and_then(|(handled, _)| share(handled, inside)).unwrap_or(0.0),
        threshold: best.map(|(_, confidence)| confidence),
    }
}

fn reliability(inside: &[(f32, Witness)]) -> (Vec<ReliabilityBin>, f64) {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (confidence, witness) in inside {
        let bin = &mut bins[((confidence * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += 1;
        bin.1 += f64::from(*confidence);
        bin.2 += usize::from(witness.right());
    }
    let error: f64 = bins.iter().map(|&(_, said, right)| (said - right as f64).abs()).sum();
    let bins = bins.iter().enumerate().map(|(at, &(examples, said, right))| ReliabilityBin {
        from: at as f64 / BINS as f64,
        to: (at + 1) as f64 / BINS as f64,
        examples,
        confidence: said / examples.max(1) as f64,
        accuracy: share(right, examples).unwrap_or(0.0),
    });
    (bins.collect(), error / inside.len().max(1) as f64)
}

fn confusions(set: &TrainingSet, prepared: &Prepared, inside: &[(f32, Witness)]) -> Vec<Confusion> {
    let mut pairs: BTreeMap<(u16, u16), Vec<(f32, u32)>> = BTreeMap::new();
    for (confidence, witness) in inside.iter().filter(|(_, witness)| !witness.right()) {
        if let Some(label) = witness.label {
            pairs.entry((label, witness.sight.top[0].0)).or_default().push((*confidence, witness.example));
        }
    }
    let name = |class: u16| prepared.intents.get(usize::from(class)).cloned().unwrap_or_default();
    let mut confusions: Vec<Confusion> = pairs
        .into_iter()
        .map(|((label, taken_for), mut culprits)| {
            culprits.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let times = culprits.len();
            let example = |&(confidence, index): &(f32, u32)| ConfusedExample {
                index: index as usize,
                text: set.examples[index as usize].text.clone(),
                confidence,
            };
            let examples = culprits.iter().take(MOST_CULPRITS).map(example).collect();
            Confusion { intent: name(label), taken_for: name(taken_for), times, examples }
        })
        .collect();
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.times));
    confusions.truncate(MOST_PAIRS);
    confusions
}

fn near_duplicates(set: &TrainingSet, prepared: &Prepared) -> Vec<NearDuplicate> {
    let differ = |&&(a, b): &&(u32, u32)| prepared.labels[a as usize] != prepared.labels[b as usize];
    let pair = |&(a, b): &(u32, u32)| {
        let indices = [a as usize, b as usize];
        NearDuplicate {
            indices,
            texts: indices.map(|index| set.examples[index].text.clone()),
            intents: indices.map(|index| set.examples[index].intent.clone()),
        }
    };
    prepared.alike.iter().filter(differ).take(MOST_PAIRS).map(pair).collect()
}
