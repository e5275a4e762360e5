//! One hidden layer of rectified units over sparse features, softmax on top, trained with dropout on the features.

use super::corpus::{MANY, Rows};
use super::descent::State;
use super::kernels::{padded, with_widest_vectors};
use super::random::Random;

/// Hidden units. More gain little (0.1 to 0.5 points with twice as many); averaged networks gain more.
pub(crate) const HIDDEN: usize = 128;

/// From this many examples on, training takes seconds anyway, and is worth some more.
const VERY_MANY: usize = 8_000;
/// How often examples are read then, all together: the more there are, the less often each.
const READINGS: usize = 150_000;

/// How a network is trained; from the number of a desk's examples alone.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// Chance in 65,536 that a feature is kept.
    pub(crate) keep_features: u16,
    /// Likewise for a hidden unit.
    pub(crate) keep_hidden: u16,
    /// How strongly the two readings of an example are drawn together.
    pub(crate) agreement: f32,
    epochs: usize,
    rate: f32,
    batch: usize,
}

impl Recipe {
    /// For a network of so many `examples`, out of `whole`. Networks of folds are trained as the whole's are, so that what
    /// is learnt of their trustworthiness holds for those; but few examples need what few examples need.
    pub(crate) fn for_examples(examples: usize, whole: usize) -> Self {
        let large = Recipe {
            keep_features: 32_768,
            keep_hidden: 32_768,
            // Reading twice costs more than it gives a desk that waits for its first start.
            agreement: 0.0,
            epochs: 10,
            rate: 0.003,
            batch: 16,
        };
        match if examples < MANY { examples } else { whole } {
            0..MANY => Recipe {
                keep_features: 19_661,
                keep_hidden: 45_875,
                agreement: if (MANY..VERY_MANY).contains(&whole) { 0.0 } else { 0.5 },
                epochs: 30,
                rate: 0.004,
                ..large
            },
            MANY..VERY_MANY => large,
            _ => Recipe { agreement: 0.3, epochs: (READINGS / whole).clamp(10, 15), ..large },
        }
    }
}

/// A trained network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) classes: usize,
    /// One row of `HIDDEN` weights a feature.
    pub(crate) first: Vec<f32>,
    pub(crate) first_bias: Vec<f32>,
    /// One row of `padded(classes)` weights a hidden unit.
    pub(crate) second: Vec<f32>,
    pub(crate) second_bias: Vec<f32>,
}

impl Network {
    fn new(features: usize, classes: usize, random: &mut Random) -> Self {
        let width = padded(classes);
        let scale = 1.0 / (HIDDEN as f32).sqrt();
        Network {
            classes,
            first: (0..features * HIDDEN).map(|_| 0.01 * random.normal()).collect(),
            first_bias: vec![0.0; HIDDEN],
            second: (0..HIDDEN * width)
                .map(|at| if at % width < classes { scale * random.normal() } else { 0.0 })
                .collect(),
            second_bias: vec![0.0; width],
        }
    }
}

/// Trains on `rows` with their `labels` (below `classes`). Single-threaded, so that the result depends on nothing else.
pub(crate) fn train(
    recipe: &Recipe,
    rows: &Rows,
    labels: &[u16],
    features: usize,
    classes: usize,
    seed: u64,
    progress: &mut dyn FnMut(f32),
) -> Network {
    let mut random = Random::new(seed, 1);
    let mut network = Network::new(features, classes, &mut random);
    let mut state = State::new(&network, recipe.batch);
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    let steps = (recipe.epochs * rows.len().div_ceil(recipe.batch)).max(1);
    let mut step = 0;
    for _ in 0..recipe.epochs {
        random.shuffle(&mut order);
        for batch in order.chunks(recipe.batch) {
            let rate = recipe.rate * (1.0 - step as f32 / steps as f32);
            step += 1;
            with_widest_vectors(
                #[inline(always)]
                || {
                    state.examine(&network, rows, labels, batch, recipe, &mut random);
                    state.update(&mut network, rate, step);
                },
            );
        }
        progress(step as f32 / steps as f32);
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes, told apart by two features each, and one feature that both share.
    fn rows() -> (Rows, Vec<u16>) {
        let mut rows = Rows::default();
        let labels: Vec<u16> = (0..40).map(|text| text % 2).collect();
        for &label in &labels {
            rows.features.extend([u32::from(label) * 2, u32::from(label) * 2 + 1, 4]);
            rows.values.extend([1.0, 0.5, 0.7]);
            rows.ends.push(rows.features.len() as u32);
        }
        (rows, labels)
    }

    #[test]
    fn what_can_be_told_apart_is_learnt_and_training_repeats_itself() {
        let (rows, labels) = rows();
        let mut shares = Vec::new();
        let recipe = Recipe::for_examples(rows.len(), rows.len());
        let network = train(&recipe, &rows, &labels, 5, 2, 1, &mut |share| shares.push(share));
        assert!(shares.is_sorted() && shares.last() == Some(&1.0));
        let again = train(&recipe, &rows, &labels, 5, 2, 1, &mut |_| {});
        assert_eq!(network.first, again.first);
        assert_ne!(network.first, train(&recipe, &rows, &labels, 5, 2, 2, &mut |_| {}).first);
        let compact = super::super::compact::Compact::new(network);
        for text in 0..2 {
            let (features, values) = rows.row(text);
            let mut logits = vec![0.0; padded(2)];
            compact.run(features, values, &mut [0.0; HIDDEN], &mut logits);
            assert!(logits[text] > logits[1 - text] + 0.5, "{logits:?}");
        }
    }
}
