//! The confidence from which a message is taken to be in scope, from held-out texts alone.

use super::confidence::{Scope, Witness};

/// One-sided bounds at about 90 %: what is promised should hold nine times in ten, not every other time.
const Z: f64 = 1.28;
/// From this many on, the desk's own out-of-scope examples say by themselves how many get through.
pub(crate) const ENOUGH: usize = 30;

/// How much of what may get through is used up on the desk's own out-of-scope examples: those met are wilder.
const OWN_MARGIN: f64 = 0.3;

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
    let mut sorted: Vec<(f32, Outcome)> =
        judged.iter().map(|(confidence, witness)| (*confidence, Outcome::of(witness))).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let count = |wanted: &[Outcome]| sorted.iter().filter(|(_, outcome)| wanted.contains(outcome)).count();
    let all_in = count(&[Outcome::Right, Outcome::Wrong]);
    let all_out = count(&[Outcome::Out]);
    let all_left_out = count(&[Outcome::LeftOut]);
    let all_strangers = count(&[Outcome::Stranger]);
    let (mut right, mut wrong, mut out, mut left_out, mut strangers) = (0, 0, 0, 0, 0);
    let mut chosen = None;
    for (at, &(confidence, outcome)) in sorted.iter().enumerate() {
        match outcome {
            Outcome::Right => right += 1,
            Outcome::Wrong => wrong += 1,
            Outcome::Out => out += 1,
            Outcome::LeftOut => left_out += 1,
            Outcome::Stranger => strangers += 1,
        }
        if sorted.get(at + 1).is_some_and(|next| next.0 == confidence) {
            continue;
        }
        let handled = right + wrong;
        let handled_in = handled as f64 / all_in.max(1) as f64;
        let right_share = lower_bound(right, handled);
        // Without enough of the desk's own, half are taken to be strangers and half near misses.
        let let_in = match (all_out >= ENOUGH, all_left_out > 0) {
            (true, _) => upper_bound(out, all_out),
            (false, true) => {
                let far = upper_bound(out + strangers, all_out + all_strangers);
                0.5 * far + 0.5 * upper_bound(left_out, all_left_out)
            }
            (false, false) => upper_bound(out + strangers, all_out + all_strangers),
        };
        let in_stream = (1.0 - aim.out_of_scope_share) * handled_in;
        let stream = in_stream + aim.out_of_scope_share * let_in;
        let precise = in_stream * right_share >= aim.precision * stream;
        let turned_away =
            all_out < ENOUGH || out as f64 <= OWN_MARGIN * (1.0 - aim.precision) * all_out as f64;
        if precise && turned_away && handled > 0 {
            let next = sorted.get(at + 1).map_or(0.0, |next| next.0);
            chosen = Some(0.5 * (confidence + next));
        }
    }
    chosen.unwrap_or_else(|| {
        let best = sorted.first().map_or(1.0, |first| first.0);
        (aim.precision as f32).max(best.min(0.999))
    })
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

/// Wilson's lower bound of a share.
pub(crate) fn lower_bound(hits: usize, of: usize) -> f64 {
    wilson(hits, of, -Z)
}

/// Wilson's upper bound of a share.
pub(crate) fn upper_bound(hits: usize, of: usize) -> f64 {
    wilson(hits, of, Z)
}

fn wilson(hits: usize, of: usize, z: f64) -> f64 {
    if of == 0 {
        return if z < 0.0 { 0.0 } else { 1.0 };
    }
    let n = of as f64;
    let share = hits as f64 / n;
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
        assert!(lower_bound(95, 100) < 0.95 && lower_bound(95, 100) > 0.90);
        assert!(upper_bound(5, 100) > 0.05 && upper_bound(5, 100) < 0.10);
        assert_eq!((lower_bound(0, 0), upper_bound(0, 0)), (0.0, 1.0));
    }

    #[test]
    fn the_threshold_keeps_precision_with_room_for_chance() {
        // Right above 0.5, wrong below: a clean cut.
        let mut texts: Vec<_> =
            (0..1_000).map(|n| judged(0.5 + n as f32 / 2_000.0, Scope::In, true)).collect();
        texts.extend((0..500).map(|n| judged(n as f32 / 1_000.0, Scope::In, false)));
        texts.extend((0..100).map(|n| judged(n as f32 / 250.0, Scope::Out, false)));
        let threshold = choose(&texts, AIM);
        assert!((0.40..0.50).contains(&threshold), "{threshold}");
        // Out-of-scope texts all over: handling anything would break the promise, but for the very best.
        texts.extend((0..1_000).map(|n| judged(n as f32 / 1_000.0, Scope::Out, false)));
        assert!(choose(&texts, AIM) > 0.85);
    }

    #[test]
    fn ten_texts_can_promise_nothing_so_confidence_is_asked_to_be_high() {
        let texts: Vec<_> = (0..10).map(|n| judged(n as f32 / 20.0, Scope::In, true)).collect();
        assert!(choose(&texts, AIM) >= 0.95);
    }
}
