//! From signs to a probability: a logistic regression on held-out texts.

use super::signs::{SIGNS, Sight};

/// How strongly the regression's weights are held to "the network's own log-odds, nothing else": as many made-up texts.
const RIDGE: f64 = 2.0;
const NEWTON_STEPS: usize = 30;

/// One held-out text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Witness {
    pub(crate) sight: Sight,
    /// The class it was given, if the network that judged it could know it.
    pub(crate) label: Option<u16>,
    pub(crate) scope: Scope,
    /// Its number among the examples.
    pub(crate) example: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    In,
    /// The desk says that it is out of scope.
    Out,
    /// Of an intent the network had never seen: out of scope for it, in the desk's own domain.
    LeftOut,
    /// Hardly any desk's business.
    Stranger,
}

impl Witness {
    pub(crate) fn right(&self) -> bool {
        self.scope == Scope::In && self.label == Some(self.sight.top[0].0)
    }
}

/// Turns signs into the probability that the intent is right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) means: [f32; SIGNS],
    pub(crate) scales: [f32; SIGNS],
    pub(crate) weights: [f32; SIGNS],
    pub(crate) bias: f32,
}

impl Calibration {
    /// No correction: confidence is the network's own probability.
    pub(crate) fn none() -> Self {
        let mut weights = [0.0; SIGNS];
        weights[0] = 4.0;
        Calibration { means: [0.0; SIGNS], scales: [0.25; SIGNS], weights, bias: 0.0 }
    }

    /// Fits to held-out texts; `weight` says how much each counts.
    pub(crate) fn fit(witnesses: &[Witness], weight: impl Fn(&Witness) -> f64) -> Self {
        let mut fitted = Calibration::none();
        if witnesses.is_empty() {
            return fitted;
        }
        let all: f64 = witnesses.iter().map(&weight).sum::<f64>().max(1e-9);
        for sign in 0..SIGNS {
            let of = |witness: &Witness| f64::from(witness.sight.signs[sign]);
            let mean = witnesses.iter().map(|w| weight(w) * of(w)).sum::<f64>() / all;
            let variance =
                witnesses.iter().map(|w| weight(w) * (of(w) - mean) * (of(w) - mean)).sum::<f64>() / all;
            fitted.means[sign] = mean as f32;
            fitted.scales[sign] = if variance > 1e-8 { (1.0 / variance.sqrt()) as f32 } else { 0.0 };
        }
        fitted.regress(witnesses, weight);
        fitted
    }

    /// Newton's method for logistic regression with a ridge towards the network's own log-odds.
    fn regress(&mut self, witnesses: &[Witness], weight: impl Fn(&Witness) -> f64) {
        const N: usize = SIGNS + 1;
        let mut prior = [0.0_f64; N];
        prior[0] = if self.scales[0] > 0.0 { 1.0 / f64::from(self.scales[0]) } else { 0.0 };
        prior[SIGNS] = f64::from(self.means[0]);
        let mut solution = prior;
        for _ in 0..NEWTON_STEPS {
            let mut gradient = [0.0_f64; N];
            let mut curvature = [[0.0_f64; N]; N];
            for witness in witnesses {
                let mut inputs = [1.0_f64; N];
                for (sign, &value) in witness.sight.signs.iter().enumerate() {
                    inputs[sign] = f64::from(self.standard(sign, value));
                }
                let sum: f64 = inputs.iter().zip(&solution).map(|(x, w)| x * w).sum();
                let chance = 1.0 / (1.0 + libm::exp(-sum));
                let weight = weight(witness);
                let error = weight * (chance - f64::from(u8::from(witness.right())));
                let curve = weight * (chance * (1.0 - chance)).max(1e-6);
                for row in 0..N {
                    gradient[row] += error * inputs[row];
                    for (cell, input) in curvature[row].iter_mut().zip(&inputs) {
                        *cell += curve * inputs[row] * input;
                    }
                }
            }
            for row in 0..N {
                // The bias is free but for a trace that keeps the system solvable.
                let ridge = if row == SIGNS { 0.01 } else { RIDGE };
                gradient[row] += ridge * (solution[row] - prior[row]);
                curvature[row][row] += ridge;
            }
            let step = solve(curvature, gradient);
            let longest = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
            let damping = if longest > 2.0 { 2.0 / longest } else { 1.0 };
            for (value, part) in solution.iter_mut().zip(step) {
                *value -= damping * part;
            }
            if longest < 1e-9 {
                break;
            }
        }
        for (weight, &value) in self.weights.iter_mut().zip(&solution) {
            *weight = value as f32;
        }
        self.bias = solution[SIGNS] as f32;
    }

    #[inline(always)]
    fn standard(&self, sign: usize, value: f32) -> f32 {
        ((value - self.means[sign]) * self.scales[sign]).clamp(-5.0, 5.0)
    }

    /// The probability that the best guess is right, 0 to 1.
    pub(crate) fn confidence(&self, sight: &Sight) -> f32 {
        let mut sum = self.bias;
        for sign in 0..SIGNS {
            sum += self.weights[sign] * self.standard(sign, sight.signs[sign]);
        }
        1.0 / (1.0 + libm::expf(-sum))
    }
}

/// Solves a symmetric positive definite system by elimination; the matrix is small and ridged, so no pivoting.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in pivot + 1..N {
            let above = matrix[pivot];
            let factor = matrix[row][pivot] / above[pivot];
            for (cell, above) in matrix[row].iter_mut().zip(&above).skip(pivot) {
                *cell -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..N).rev() {
        for column in row + 1..N {
            right[row] -= matrix[row][column] * right[column];
        }
        right[row] /= matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn witness(log_odds: f32, right: bool) -> Witness {
        let mut signs = [0.0; SIGNS];
        signs[0] = log_odds;
        let sight = Sight { top: [(0, 0.0); 3], log_sum: 0.0, signs };
        Witness { sight, label: Some(u16::from(!right)), scope: Scope::In, example: 0 }
    }

    #[test]
    fn overconfident_log_odds_are_brought_back() {
        // The network says σ(2x), the truth is σ(x).
        let mut random = Random::new(3, 0);
        let witnesses: Vec<Witness> = (0..4_000)
            .map(|_| {
                let x = 1.5 * random.normal();
                let chance = 1.0 / (1.0 + (-x).exp());
                witness(2.0 * x, (random.below(10_000) as f32) < 10_000.0 * chance)
            })
            .collect();
        let fitted = Calibration::fit(&witnesses, |_| 1.0);
        for x in [-2.0_f32, -1.0, 0.0, 1.0, 2.0] {
            let truth = 1.0 / (1.0 + (-x).exp());
            let said = fitted.confidence(&witness(2.0 * x, true).sight);
            assert!((said - truth).abs() < 0.04, "{x}: {said} {truth}");
        }
    }

    #[test]
    fn with_hardly_any_evidence_the_network_is_believed() {
        let fitted = Calibration::fit(&[witness(2.0, true), witness(-2.0, false)], |_| 1.0);
        let said = fitted.confidence(&witness(2.0, true).sight);
        assert!((0.8..0.97).contains(&said), "{said}");
        assert!((Calibration::none().confidence(&witness(0.0, true).sight) - 0.5).abs() < 1e-6);
    }
}
