//! A logistic regression on vectors from outside: the second opinion that is averaged with the networks'.

use super::kernels::{add_scaled, dot, padded, softmax, with_widest_vectors};
use super::random::Random;

const EPOCHS: usize = 30;
const BATCH: usize = 32;
const RATE: f32 = 0.01;
/// Pulls weights towards zero at every step, times the rate.
const DECAY: f32 = 1e-3;
/// Vectors are given this length, so that weights of ordinary size tell classes apart.
const LENGTH: f32 = 8.0;

/// Vectors of texts, one after the other, each of length [`LENGTH`] and padded with zeros.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Vectors {
    pub(crate) dimensions: usize,
    values: Vec<f32>,
}

impl Vectors {
    pub(crate) fn new(dimensions: usize) -> Self {
        Vectors { dimensions, values: Vec::new() }
    }

    /// Takes one more; false if it has the wrong number of dimensions or holds what is no number.
    pub(crate) fn push(&mut self, vector: &[f32]) -> bool {
        let fits = vector.len() == self.dimensions && vector.iter().all(|value| value.is_finite());
        if fits {
            let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
            let scale = if square > 0.0 { f64::from(LENGTH) / libm::sqrt(square) } else { 0.0 };
            let padding = padded(self.dimensions) - self.dimensions;
            self.values.extend(vector.iter().map(|&value| (f64::from(value) * scale) as f32));
            self.values.extend(std::iter::repeat_n(0.0, padding));
        }
        fits
    }

    /// `None` past the end; a vector of zeros, of a text nothing is known of, is one.
    pub(crate) fn get(&self, text: usize) -> Option<&[f32]> {
        let width = padded(self.dimensions);
        self.values.get(text * width..(text + 1) * width)
    }
}

/// One row of weights a class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) classes: usize,
    pub(crate) dimensions: usize,
    /// `classes` rows of `padded(dimensions)`.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

impl Head {
    /// Trains on the vectors of `texts` with their `labels` (below `classes`), single-threaded.
    pub(crate) fn train(vectors: &Vectors, texts: &[u32], labels: &[u16], classes: usize, seed: u64) -> Self {
        let width = padded(vectors.dimensions);
        let dimensions = vectors.dimensions;
        let mut head = Head {
            classes,
            dimensions,
            weights: vec![0.0; classes * width],
            bias: vec![0.0; padded(classes)],
        };
        let mut squares = vec![1e-8_f32; classes];
        let mut gradient = vec![0.0_f32; classes * width];
        let mut bias_gradient = vec![0.0_f32; padded(classes)];
        let mut chances = vec![0.0_f32; padded(classes)];
        let mut random = Random::new(seed, 3);
        let mut order: Vec<u32> = (0..texts.len() as u32).collect();
        let steps = (EPOCHS * texts.len().div_ceil(BATCH)).max(1) as f32;
        let mut step = 0.0;
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for batch in order.chunks(BATCH) {
                let rate = RATE * (1.0 - step / steps);
                step += 1.0;
                let share = 1.0 / batch.len() as f32;
                with_widest_vectors(
                    #[inline(always)]
                    || {
                        for &nth in batch {
                            let Some(vector) = vectors.get(texts[nth as usize] as usize) else { continue };
                            head.logits(vector, &mut chances);
                            softmax(&mut chances, classes);
                            chances[usize::from(labels[nth as usize])] -= 1.0;
                            for (class, row) in gradient.chunks_exact_mut(width).enumerate() {
                                add_scaled(row, vector, share * chances[class]);
                            }
                            add_scaled(&mut bias_gradient, &chances, share);
                        }
                        // Adagrad, one running square a class: rare classes take longer steps.
                        for (class, row) in gradient.chunks_exact_mut(width).enumerate() {
                            squares[class] += dot(row, row) / dimensions as f32;
                            let pace = rate * 10.0 / squares[class].sqrt();
                            let weights = &mut head.weights[class * width..(class + 1) * width];
                            weights.iter_mut().for_each(|weight| *weight *= 1.0 - rate * DECAY);
                            add_scaled(weights, row, -pace.min(rate * 100.0));
                            head.bias[class] -= pace.min(rate * 100.0) * bias_gradient[class];
                            row.fill(0.0);
                        }
                        bias_gradient.fill(0.0);
                    },
                );
            }
        }
        head
    }

    /// The classes' logits, into `logits` (`padded(classes)` long).
    #[inline(always)]
    pub(crate) fn logits(&self, vector: &[f32], logits: &mut [f32]) {
        let width = padded(self.dimensions);
        logits.copy_from_slice(&self.bias);
        for (logit, weights) in logits.iter_mut().zip(self.weights.chunks_exact(width)) {
            *logit += dot(weights, vector);
        }
    }

    /// Replaces `logits` by the logarithm of the geometric mean of their probabilities and this head's.
    pub(crate) fn join(&self, vector: &[f32], logits: &mut [f32], working: &mut Vec<f32>) {
        let log_sum = |values: &[f32], working: &mut Vec<f32>| {
            working.clear();
            working.extend_from_slice(values);
            softmax(working, self.classes)
        };
        let own = log_sum(logits, working);
        let mut other = vec![0.0; logits.len()];
        self.logits(vector, &mut other);
        let others = log_sum(&other, working);
        for (logit, other) in logits.iter_mut().zip(&other).take(self.classes) {
            *logit = 0.5 * (*logit - own + other - others);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corners() -> (Vectors, Vec<u32>, Vec<u16>) {
        let mut vectors = Vectors::new(3);
        let mut random = Random::new(5, 5);
        for text in 0..90 {
            let mut vector: Vec<f32> = (0..3).map(|_| 0.3 * random.normal()).collect();
            vector[text % 3] += 1.0;
            assert!(vectors.push(&vector));
        }
        (vectors, (0..90).collect(), (0..90).map(|text| text % 3).collect())
    }

    #[test]
    fn classes_in_different_directions_are_told_apart() {
        let (vectors, texts, labels) = corners();
        let head = Head::train(&vectors, &texts, &labels, 3, 1);
        assert_eq!(head, Head::train(&vectors, &texts, &labels, 3, 1));
        let mut logits = vec![0.0; padded(3)];
        let right = texts.iter().filter(|&&text| {
            head.logits(vectors.get(text as usize).unwrap(), &mut logits);
            let best = (0..3).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            best == usize::from(labels[text as usize])
        });
        assert!(right.count() > 80);
    }

    #[test]
    fn the_geometric_mean_lies_between_the_two() {
        let (vectors, texts, labels) = corners();
        let head = Head::train(&vectors, &texts, &labels, 3, 1);
        let mut logits = vec![0.0; padded(3)];
        logits[1] = 4.0;
        head.join(vectors.get(0).unwrap(), &mut logits, &mut Vec::new());
        // The networks are sure of the second class, the head of the first: neither has it alone.
        assert!(logits[0] > logits[2] && logits[1] > logits[2], "{logits:?}");
    }

    #[test]
    fn vectors_of_another_length_or_without_numbers_are_refused() {
        let mut vectors = Vectors::new(2);
        assert!(!vectors.push(&[1.0]) && !vectors.push(&[1.0, f32::NAN]));
        assert!(vectors.push(&[0.0, 0.0]) && vectors.get(0).is_some() && vectors.get(1).is_none());
    }
}
