//! One step of training: a batch forward and backward, then every weight it touched a little downhill.

use super::corpus::Rows;
use super::kernels::{add_scaled, dot, softmax};
use super::network::{HIDDEN, Network, Recipe};
use super::random::Random;

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

/// What training keeps beside the weights: the optimiser's memory and one batch's activations and gradients.
///
/// The first layer has one running mean of squared gradients a row instead of one a weight, and no momentum of its own
/// (rows are touched rarely): Adam's results at a third of its traffic to memory, which is what bounds training.
pub(crate) struct State {
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
    pub(crate) fn new(network: &Network, batch: usize) -> Self {
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
    pub(crate) fn examine(
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
    pub(crate) fn update(&mut self, network: &mut Network, rate: f32, step: usize) {
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
