//! The confidence from which a message is taken to be in scope, from held-out texts alone.

use super::confidence::{Scope, Witness};

/// One-sided bounds at about 90 %: what is promised should hold nine times in ten, not every other time.
const Z: f64 = 1.28;
/// From this many on, the desk's own out-of-scope examples say by themselves how many get through.
pub(crate) const ENOUGH: usize = 30;

/// How much of what may get through is used up on the desk's own out-of-scope examples: those met are wilder.
const OWN_MARGIN: f64 = 0.3;

/// How widely one held-out text counts, in log-odds: without it the threshold would hang on single texts, and jump
/// whenever an example is added.
const BREADTH: f64 = 0.35;
/// Thresholds that are tried, in log-odds: from 0.999 down to 0.05, in steps that nobody notices.
const HIGHEST: f64 = 7.0;
const LOWEST: f64 = -3.0;
const STEPS: usize = 500;

/// What is asked of the threshold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aim {
    /// Share of handled messages that must be right, 0 to 1.
    pub(crate) precision: f64,
    /// Share of all messages that are out of scope, 0 to 1.
    pub(crate) out_of_scope_share: f64,
}

/// The lowest threshold at which even the pessimistic estimate of precision reaches the aim, and at which the
/// desk's own out-of-scope examples are turned away with a margin. Where the held-out texts can't promise it at any
/// threshold, confidence itself is trusted: the threshold is the aimed precision or what the best-trusted text reaches.
pub(crate) fn choose(judged: &[(f32, Witness)], aim: Aim) -> f32 {
    let of = |wanted: Outcome| -> Vec<f64> {
        let texts = judged.iter().filter(|(_, witness)| Outcome::of(witness) == wanted);
        texts.map(|(confidence, _)| log_odds(*confidence)).collect()
    };
    let (right, wrong) = (of(Outcome::Right), of(Outcome::Wrong));
    let (out, left_out, strangers) = (of(Outcome::Out), of(Outcome::LeftOut), of(Outcome::Stranger));
    let inside = (right.len() + wrong.len()) as f64;
    let own = Bell::of(&out);
    let promised = |threshold: f64| {
        let (right, wrong) = (above(&right, threshold), above(&wrong, threshold));
        let handled = right + wrong;
        let got_through = own.above(threshold);
        // Without enough of the desk's own, half are taken to be strangers and half near misses.
        let let_in = if out.len() >= ENOUGH {
            upper_bound(got_through, out.len() as f64)
        } else {
            let far = above(&out, threshold) + above(&strangers, threshold);
            let far = upper_bound(far, (out.len() + strangers.len()) as f64);
            match left_out.len() {
                0 => far,
                all => 0.5 * far + 0.5 * upper_bound(above(&left_out, threshold), all as f64),
            }
        };
        let in_stream = (1.0 - aim.out_of_scope_share) * handled / inside.max(1.0);
        let stream = in_stream + aim.out_of_scope_share * let_in;
        let precise = in_stream * lower_bound(right, handled) >= aim.precision * stream;
        let turned_away =
            out.len() < ENOUGH || got_through <= OWN_MARGIN * (1.0 - aim.precision) * out.len() as f64;
        precise && turned_away && handled > 0.5
    };
    let tried = (0..=STEPS).map(|step| LOWEST + (HIGHEST - LOWEST) * step as f64 / STEPS as f64);
    tried.into_iter().find(|&threshold| promised(threshold)).map_or_else(
        || {
            let best = judged.iter().map(|(confidence, _)| *confidence).fold(0.0, f32::max);
            (aim.precision as f32).max(best.min(0.999))
        },
        |threshold| (1.0 / (1.0 + libm::exp(-threshold))) as f32,
    )
}

fn log_odds(confidence: f32) -> f64 {
    let chance = f64::from(confidence).clamp(0.001, 0.9995);
    libm::log(chance / (1.0 - chance))
}

/// How many of `texts` lie above the threshold, one near it counting in part (a logistic kernel).
fn above(texts: &[f64], threshold: f64) -> f64 {
    texts.iter().map(|at| 1.0 / (1.0 + libm::exp((threshold - at) / BREADTH))).sum()
}

/// Out-of-scope texts, of which only the wildest few matter, are told by the bell curve they fill: of a hundred, the
/// one or two highest by themselves say little.
struct Bell {
    texts: f64,
    mean: f64,
    spread: f64,
}

impl Bell {
    fn of(texts: &[f64]) -> Self {
        let count = texts.len().max(1) as f64;
        let mean = texts.iter().sum::<f64>() / count;
        let variance = texts.iter().map(|at| (at - mean) * (at - mean)).sum::<f64>() / count;
        Bell { texts: texts.len() as f64, mean, spread: libm::sqrt(variance).max(BREADTH) }
    }

    /// How many are expected above the threshold.
    fn above(&self, threshold: f64) -> f64 {
        let far = (threshold - self.mean) / self.spread;
        self.texts * 0.5 * libm::erfc(far * std::f64::consts::FRAC_1_SQRT_2)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Right,
    Wrong,
    Out,
    LeftOut,
    Stranger,
}

impl Outcome {
    fn of(witness: &Witness) -> Self {
        match witness.scope {
            Scope::Out => Outcome::Out,
            Scope::LeftOut => Outcome::LeftOut,
            Scope::Stranger => Outcome::Stranger,
            Scope::In if witness.right() => Outcome::Right,
            Scope::In => Outcome::Wrong,
        }
    }
}

/// Wilson's lower bound of a share; texts may count in part.
fn lower_bound(hits: f64, of: f64) -> f64 {
    wilson(hits, of, -Z)
}

/// Wilson's upper bound of a share.
fn upper_bound(hits: f64, of: f64) -> f64 {
    wilson(hits, of, Z)
}

fn wilson(hits: f64, n: f64, z: f64) -> f64 {
    if n <= 0.0 {
        return if z < 0.0 { 0.0 } else { 1.0 };
    }
    let share = (hits / n).clamp(0.0, 1.0);
    let spread = z * libm::sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
    ((share + z * z / (2.0 * n) + spread) / (1.0 + z * z / n)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::signs::{SIGNS, Sight};
    use super::*;

    fn judged(confidence: f32, scope: Scope, right: bool) -> (f32, Witness) {
        let sight = Sight { top: [(0, 0.0); 3], log_sum: 0.0, signs: [0.0; SIGNS] };
        (confidence, Witness { sight, label: Some(u16::from(!right)), scope, example: 0 })
    }

    const AIM: Aim = Aim { precision: 0.95, out_of_scope_share: 0.2 };

    #[test]
    fn wilson_bounds_enclose_the_share() {
        assert!(lower_bound(95.0, 100.0) < 0.95 && lower_bound(95.0, 100.0) > 0.90);
        assert!(upper_bound(5.0, 100.0) > 0.05 && upper_bound(5.0, 100.0) < 0.10);
        assert_eq!((lower_bound(0.0, 0.0), upper_bound(0.0, 0.0)), (0.0, 1.0));
    }

    #[test]
    fn the_threshold_keeps_precision_with_room_for_chance() {
        // Right above 0.5, wrong below: a clean cut.
        let mut texts: Vec<_> =
            (0..1_000).map(|n| judged(0.5 + n as f32 / 2_000.0, Scope::In, true)).collect();
        texts.extend((0..500).map(|n| judged(n as f32 / 1_000.0, Scope::In, false)));
        texts.extend((0..100).map(|n| judged(n as f32 / 500.0, Scope::Out, false)));
        let threshold = choose(&texts, AIM);
        assert!((0.40..0.65).contains(&threshold), "{threshold}");
        // Out-of-scope texts all over: handling anything would break the promise, but for the very best.
        texts.extend((0..1_000).map(|n| judged(n as f32 / 1_000.0, Scope::Out, false)));
        assert!(choose(&texts, AIM) > 0.85);
    }

    #[test]
    fn one_wild_text_more_hardly_moves_the_threshold() {
        let mut random = super::super::random::Random::new(11, 0);
        let mut draw = |mean: f32, spread: f32| 1.0 / (1.0 + (-(mean + spread * random.normal())).exp());
        let mut texts: Vec<_> = (0..900).map(|_| judged(draw(3.5, 1.5), Scope::In, true)).collect();
        texts.extend((0..60).map(|_| judged(draw(-0.5, 1.2), Scope::In, false)));
        texts.extend((0..100).map(|_| judged(draw(-2.5, 1.5), Scope::Out, false)));
        let before = choose(&texts, AIM);
        for wild in [0.9, 0.97, 0.995] {
            for scope in [Scope::Out, Scope::In] {
                texts.push(judged(wild, scope, false));
                let after = choose(&texts, AIM);
                let moved = log_odds(after) - log_odds(before);
                assert!((0.0..0.6).contains(&moved), "{wild} {scope:?}: {before} to {after}");
                texts.pop();
            }
        }
    }

    #[test]
    fn ten_texts_can_promise_nothing_so_confidence_is_asked_to_be_high() {
        let texts: Vec<_> = (0..10).map(|n| judged(n as f32 / 20.0, Scope::In, true)).collect();
        assert!(choose(&texts, AIM) >= 0.95);
    }
}
