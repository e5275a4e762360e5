//! A trained network as it is kept and run: first-layer rows as signed bytes, each with its own scale.

use super::kernels::{add_scaled, add_scaled_bytes, padded, with_widest_vectors};
use super::network::{HIDDEN, Network};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compact {
    pub(crate) classes: usize,
    /// `HIDDEN` bytes a feature.
    pub(crate) first: Vec<i8>,
    /// What a row's bytes are multiplied with, a feature each.
    pub(crate) scales: Vec<f32>,
    pub(crate) first_bias: Vec<f32>,
    /// `padded(classes)` weights a hidden unit.
    pub(crate) second: Vec<f32>,
    pub(crate) second_bias: Vec<f32>,
}

impl Compact {
    pub(crate) fn new(network: Network) -> Self {
        let mut first = Vec::with_capacity(network.first.len());
        let mut scales = Vec::with_capacity(network.first.len() / HIDDEN);
        for row in network.first.chunks_exact(HIDDEN) {
            let largest = row.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            scales.push(scale);
            first.extend(row.iter().map(|weight| (weight / scale).round_ties_even() as i8));
        }
        Compact {
            classes: network.classes,
            first,
            scales,
            first_bias: network.first_bias,
            second: network.second,
            second_bias: network.second_bias,
        }
    }

    /// Adds this network's logits to `logits` (`padded(classes)` long) and writes its hidden units to `units`.
    pub(crate) fn run(
        &self,
        features: &[u32],
        values: &[f32],
        units: &mut [f32; HIDDEN],
        logits: &mut [f32],
    ) {
        units.copy_from_slice(&self.first_bias);
        let width = padded(self.classes);
        with_widest_vectors(
            #[inline(always)]
            || {
                let mut sums = *units;
                for (&feature, &value) in features.iter().zip(values) {
                    let at = feature as usize * HIDDEN;
                    add_scaled_bytes(
                        &mut sums,
                        &self.first[at..at + HIDDEN],
                        value * self.scales[feature as usize],
                    );
                }
                add_scaled(logits, &self.second_bias, 1.0);
                for (sum, weights) in sums.iter_mut().zip(self.second.chunks_exact(width)) {
                    *sum = sum.max(0.0);
                    if *sum > 0.0 {
                        add_scaled(logits, weights, *sum);
                    }
                }
                *units = sums;
            },
        );
    }
}
