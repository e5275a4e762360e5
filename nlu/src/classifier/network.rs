//! One hidden layer of rectified units over sparse features, softmax on top, trained with dropout on the features.

use super::corpus::{MANY, Rows};
use super::kernels::{add_scaled, dot, padded, softmax, with_widest_vectors};
use super::random::Random;

/// Hidden units. More gain little (0.1 to 0.5 points with twice as many); averaged networks gain more.
pub(crate) const HIDDEN: usize = 128;

/// From this many examples on, training takes seconds anyway, and is worth some more.
const VERY_MANY: usize = 6_000;
/// How often examples are read then, all together: the more there are, the less often each.
const READINGS: usize = 150_000;

/// How a network is trained; from the number of examples alone.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// Chance in 65,536 that a feature is kept.
    keep_features: u16,
    /// Likewise for a hidden unit.
    keep_hidden: u16,
    /// How strongly the two readings of an example are drawn together.
    agreement: f32,
    epochs: usize,
    rate: f32,
    batch: usize,
}

impl Recipe {
    pub(crate) fn for_examples(examples: usize) -> Self {
        let large = Recipe {
            keep_features: 32_768,
            keep_hidden: 32_768,
            // Reading twice costs more than it gives a desk that waits for its first start.
            agreement: 0.0,
            epochs: 10,
            rate: 0.003,
            batch: 16,
        };
        match examples {
            0..MANY => Recipe {
                keep_features: 19_661,
                keep_hidden: 45_875,
                agreement: 0.5,
                epochs: 30,
                rate: 0.004,
                ..large
            },
            MANY..VERY_MANY => large,
            _ => Recipe { agreement: 0.3, epochs: (READINGS / examples).clamp(10, 15), ..large },
        }
    }
}

/// What momentum would have gathered after so many touches: 1 − 0.9ⁿ.
static RAMP: [f32; 64] = {
    let (mut ramp, mut left, mut n) = ([0.0; 64], 1.0, 0);
    while n < 64 {
        ramp[n] = 1.0 - left;
        left *= 0.9;
        n += 1;
    }
    ramp
};

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
    rows: &Rows,
    labels: &[u16],
    features: usize,
    classes: usize,
    seed: u64,
    progress: &mut dyn FnMut(f32),
) -> Network {
    let recipe = Recipe::for_examples(rows.len());
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
                    state.examine(&network, rows, labels, batch, &recipe, &mut random);
                    state.update(&mut network, rate, step);
                },
            );
        }
        progress(step as f32 / steps as f32);
    }
    network
}

/// What training keeps beside the weights: the optimiser's memory and one batch's activations and gradients.
///
/// The first layer has one running mean of squared gradients a row instead of one a weight, and no momentum of its own
/// (rows are touched rarely): Adam's results at a third of its traffic to memory, which is what bounds training.
struct State {
    width: usize,
    row_squares: Vec<f32>,
    row_touches: Vec<u8>,
    dense: [Moments; 3],
    kept: Vec<Kept>,
    /// For each feature, the last of its entries in `kept`; `END` if it has none.
    chains: Vec<u32>,
    touched: Vec<u32>,
    hidden_gradients: Vec<[f32; HIDDEN]>,
    second_gradient: Vec<f32>,
    second_bias_gradient: Vec<f32>,
    first_bias_gradient: Vec<f32>,
    errors: Vec<f32>,
    /// The example's two readings.
    readings: [Reading; 2],
}

/// What dropout has left of one example, and what the network makes of it.
struct Reading {
    units: [f32; HIDDEN],
    masks: [f32; HIDDEN],
    logits: Vec<f32>,
    chances: Vec<f32>,
    log_sum: f32,
}

impl Reading {
    fn new(width: usize) -> Self {
        let (units, masks) = ([0.0; HIDDEN], [0.0; HIDDEN]);
        Reading { units, masks, logits: vec![0.0; width], chances: vec![0.0; width], log_sum: 0.0 }
    }
}

/// A feature that dropout has left in one example of the batch.
struct Kept {
    value: f32,
    slot: u32,
    /// The feature's previous entry.
    next: u32,
}

const END: u32 = u32::MAX;

struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn new(length: usize) -> Self {
        Moments { first: vec![0.0; length], second: vec![0.0; length] }
    }

    #[inline(always)]
    fn update(&mut self, weights: &mut [f32], gradient: &mut [f32], rate: f32, unbias: f32) {
        for (((weight, gradient), m), v) in
            weights.iter_mut().zip(gradient.iter_mut()).zip(&mut self.first).zip(&mut self.second)
        {
            *m += 0.1 * (*gradient - *m);
            *v += 0.001 * (*gradient * *gradient - *v);
            *weight -= rate * *m / ((*v * unbias).sqrt() + 1e-8);
            *gradient = 0.0;
        }
    }
}

impl State {
    fn new(network: &Network, batch: usize) -> Self {
        let features = network.first.len() / HIDDEN;
        let width = network.second_bias.len();
        State {
            width,
            row_squares: vec![0.0; features],
            row_touches: vec![0; features],
            dense: [Moments::new(network.second.len()), Moments::new(width), Moments::new(HIDDEN)],
            kept: Vec::new(),
            chains: vec![END; features],
            touched: Vec::new(),
            hidden_gradients: vec![[0.0; HIDDEN]; 2 * batch],
            second_gradient: vec![0.0; network.second.len()],
            second_bias_gradient: vec![0.0; width],
            first_bias_gradient: vec![0.0; HIDDEN],
            errors: vec![0.0; width],
            readings: [Reading::new(width), Reading::new(width)],
        }
    }

    /// Forward and backward over one batch; the gradients stay in `self`.
    ///
    /// With `agreement` each example is read twice, with other features and units dropped, and besides its label each reading learns
    /// to say what the other says: for probabilities p and q the loss of the pair is the mean cross-entropy plus
    /// ½·`agreement`·(KL(p‖q) + KL(q‖p)) (R-Drop; Liang et al. 2021).
    #[inline(always)]
    fn examine(
        &mut self,
        network: &Network,
        rows: &Rows,
        labels: &[u16],
        batch: &[u32],
        recipe: &Recipe,
        random: &mut Random,
    ) {
        self.kept.clear();
        self.touched.clear();
        let sides = if recipe.agreement > 0.0 { 2 } else { 1 };
        let share = 1.0 / (sides * batch.len()) as f32;
        for (nth, &example) in batch.iter().enumerate() {
            let row = rows.row(example as usize);
            for side in 0..sides {
                self.read(network, row, 2 * nth + side, recipe, random);
            }
            let label = usize::from(labels[example as usize]);
            for side in 0..sides {
                self.draw_errors(network.classes, side, label, recipe.agreement, share);
                self.send_back(network, 2 * nth + side);
            }
        }
    }

    /// One example through the network with dropout: its units, logits and probabilities.
    #[inline(always)]
    fn read(
        &mut self,
        network: &Network,
        (features, values): (&[u32], &[f32]),
        slot: usize,
        recipe: &Recipe,
        random: &mut Random,
    ) {
        let feature_scale = 65_536.0 / f32::from(recipe.keep_features);
        let hidden_scale = 65_536.0 / f32::from(recipe.keep_hidden);
        let mut units = [0.0_f32; HIDDEN];
        units.copy_from_slice(&network.first_bias);
        let mut bits = 0;
        for (nth, (&feature, &value)) in features.iter().zip(values).enumerate() {
            bits = if nth % 4 == 0 { random.bits() } else { bits >> 16 };
            if bits as u16 >= recipe.keep_features {
                continue;
            }
            let value = value * feature_scale;
            let chain = &mut self.chains[feature as usize];
            if *chain == END {
                self.touched.push(feature);
            }
            self.kept.push(Kept { value, slot: slot as u32, next: *chain });
            *chain = self.kept.len() as u32 - 1;
            let at = feature as usize * HIDDEN;
            add_scaled(&mut units, &network.first[at..at + HIDDEN], value);
        }
        let Reading { units: seen, masks, logits, chances, log_sum } = &mut self.readings[slot % 2];
        for unit in 0..HIDDEN {
            bits = if unit % 4 == 0 { random.bits() } else { bits >> 16 };
            let keep = (bits as u16) < recipe.keep_hidden && units[unit] > 0.0;
            masks[unit] = if keep { hidden_scale } else { 0.0 };
            seen[unit] = units[unit] * masks[unit];
        }
        logits.copy_from_slice(&network.second_bias);
        for (&unit, weights) in seen.iter().zip(network.second.chunks_exact(self.width)) {
            if unit > 0.0 {
                add_scaled(logits, weights, unit);
            }
        }
        chances.copy_from_slice(logits);
        *log_sum = softmax(chances, network.classes);
    }

    /// The gradient of the loss by the logits of one of the two readings, into `errors`.
    #[inline(always)]
    fn draw_errors(&mut self, classes: usize, side: usize, label: usize, agreement: f32, share: f32) {
        let (own, other) = (&self.readings[side], &self.readings[1 - side]);
        if agreement == 0.0 {
            for (error, chance) in self.errors[..classes].iter_mut().zip(&own.chances[..classes]) {
                *error = share * chance;
            }
            self.errors[label] -= share;
            return;
        }
        let shift = other.log_sum - own.log_sum;
        let (own_logits, own_chances) = (&own.logits[..classes], &own.chances[..classes]);
        let (other_logits, other_chances) = (&other.logits[..classes], &other.chances[..classes]);
        let errors = &mut self.errors[..classes];
        for ((error, own), other) in errors.iter_mut().zip(own_logits).zip(other_logits) {
            *error = own - other + shift;
        }
        let mut divergence = 0.0;
        for (chance, difference) in own_chances.iter().zip(errors.iter()) {
            divergence += chance * difference;
        }
        for ((error, p), q) in errors.iter_mut().zip(own_chances).zip(other_chances) {
            *error = share * (p + agreement * (p * (*error - divergence) + p - q));
        }
        errors[label] -= share;
    }

    /// Adds what `errors` mean for every weight above the features, and keeps what they mean for the units.
    #[inline(always)]
    fn send_back(&mut self, network: &Network, slot: usize) {
        let Reading { units, masks, .. } = &self.readings[slot % 2];
        let gradients = &mut self.hidden_gradients[slot];
        for unit in 0..HIDDEN {
            gradients[unit] = 0.0;
            if units[unit] > 0.0 {
                let at = unit * self.width;
                let weights = &network.second[at..at + self.width];
                gradients[unit] = masks[unit] * dot(weights, &self.errors);
                add_scaled(&mut self.second_gradient[at..at + self.width], &self.errors, units[unit]);
            }
        }
        add_scaled(&mut self.second_bias_gradient, &self.errors, 1.0);
        add_scaled(&mut self.first_bias_gradient, gradients, 1.0);
    }

    #[inline(always)]
    fn update(&mut self, network: &mut Network, rate: f32, step: usize) {
        let unbias_first = 1.0 / (1.0 - libm::powf(0.9, step as f32));
        let unbias_second = 1.0 / (1.0 - libm::powf(0.999, step as f32));
        let rate = rate * unbias_first;
        self.dense[0].update(&mut network.second, &mut self.second_gradient, rate, unbias_second);
        self.dense[1].update(&mut network.second_bias, &mut self.second_bias_gradient, rate, unbias_second);
        self.dense[2].update(&mut network.first_bias, &mut self.first_bias_gradient, rate, unbias_second);
        for &feature in &self.touched {
            let feature = feature as usize;
            let mut gradient = [0.0_f32; HIDDEN];
            let mut entry = std::mem::replace(&mut self.chains[feature], END);
            while entry != END {
                let Kept { value, slot, next } = self.kept[entry as usize];
                add_scaled(&mut gradient, &self.hidden_gradients[slot as usize], value);
                entry = next;
            }
            let touches = &mut self.row_touches[feature];
            *touches = touches.saturating_add(1).min(RAMP.len() as u8 - 1);
            let squares = &mut self.row_squares[feature];
            *squares += 0.001 * (dot(&gradient, &gradient) / HIDDEN as f32 - *squares);
            let step = rate * RAMP[usize::from(*touches)] / ((*squares * unbias_second).sqrt() + 1e-8);
            let at = feature * HIDDEN;
            add_scaled(&mut network.first[at..at + HIDDEN], &gradient, -step);
        }
    }
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
        let network = train(&rows, &labels, 5, 2, 1, &mut |share| shares.push(share));
        assert!(shares.is_sorted() && shares.last() == Some(&1.0));
        let again = train(&rows, &labels, 5, 2, 1, &mut |_| {});
        assert_eq!(network.first, again.first);
        assert_ne!(network.first, train(&rows, &labels, 5, 2, 2, &mut |_| {}).first);
        let compact = super::super::compact::Compact::new(network);
        for text in 0..2 {
            let (features, values) = rows.row(text);
            let mut logits = vec![0.0; padded(2)];
            compact.run(features, values, &mut [0.0; HIDDEN], &mut logits);
            assert!(logits[text] > logits[1 - text] + 0.5, "{logits:?}");
        }
    }
}
