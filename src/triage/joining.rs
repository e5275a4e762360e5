//! Two opinions joined into one confidence, by Bayes' rule over the intents and "none of the desk's matters":
//!
//! P(h | answer) ∝ P_local(h) · L(answer | h)^w
//!
//! P_local is the classifier's calibrated probability; what its three best guesses leave over is shared between the
//! intents it did not name and "none" (half of it to "none"). L is how often the model gives this answer where h is
//! right: its reliability ρ at the certainty it states if the answer is h, else (1 − ρ) / k, its errors falling on k
//! intents. The exponent w < 1 tempers it: both opinions err on the same texts, so the second is worth less than an
//! independent witness.
//!
//! Since ρ ≥ (1 − ρ) / k, agreement never lowers a confidence, and disagreement never raises one; all confidences
//! together are at most 1.

use crate::domain::decision::Guess;
use crate::playbook::policy::guardrails::ModelPart;

/// How sure the model says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    Sure,
    Likely,
    Guess,
}

impl Certainty {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "sure" => Some(Self::Sure),
            "likely" => Some(Self::Likely),
            "guess" => Some(Self::Guess),
            _ => None,
        }
    }
}

/// How many guesses are kept.
const KEPT: usize = 3;

/// The joined guesses, best first. `answer` is the model's intent (`None`: none of the desk's matters); `intents` is how
/// many the desk has.
pub(super) fn join(
    local: &[Guess],
    answer: Option<&str>,
    certainty: Certainty,
    policy: &ModelPart,
    intents: usize,
) -> Vec<Guess> {
    let reliability = f64::from(match certainty {
        Certainty::Sure => policy.reliability.sure,
        Certainty::Likely => policy.reliability.likely,
        Certainty::Guess => policy.reliability.guess,
    });
    let weight = f64::from(policy.weight);
    let right = reliability.powf(weight);
    let wrong = ((1.0 - reliability) / f64::from(policy.confused_with.max(1))).min(reliability).powf(weight);

    let prior = |guess: &Guess| f64::from(guess.confidence).clamp(0.0, 1.0);
    let left = (1.0 - local.iter().map(prior).sum::<f64>()).max(0.0);
    let unnamed = intents.saturating_sub(local.len());
    // Where every intent is named, what is left over can only be "none".
    let none = if unnamed == 0 { left } else { left / 2.0 };
    let mut candidates: Vec<(Option<&str>, f64)> =
        local.iter().map(|guess| (Some(guess.intent.as_str()), prior(guess))).collect();
    let mut others = left - none;
    if let Some(named) = answer.filter(|named| local.iter().all(|guess| guess.intent != *named)) {
        let share = if unnamed == 0 { 0.0 } else { others / unnamed as f64 };
        candidates.push((Some(named), share));
        others -= share;
    }
    candidates.push((None, none));
    let likelihood = |hypothesis: Option<&str>| if hypothesis == answer { right } else { wrong };
    let mut joint: Vec<(Option<&str>, f64)> =
        candidates.into_iter().map(|(name, prior)| (name, prior * likelihood(name))).collect();
    let all = joint.iter().map(|(_, weight)| weight).sum::<f64>() + others.max(0.0) * wrong;
    joint.sort_by(|a, b| b.1.total_cmp(&a.1));
    let guesses = joint.into_iter().filter_map(|(name, weight)| {
        let share = if all > 0.0 { weight / all } else { 0.0 };
        name.map(|name| Guess { intent: name.to_owned(), confidence: share as f32 })
    });
    guesses.take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn guesses(shares: &[f32]) -> Vec<Guess> {
        let names = ["a", "b", "c"];
        names
            .iter()
            .zip(shares)
            .map(|(name, share)| Guess { intent: (*name).to_owned(), confidence: *share })
            .collect()
    }

    fn of(name: &str, guesses: &[Guess]) -> f32 {
        guesses.iter().find(|guess| guess.intent == name).map_or(0.0, |guess| guess.confidence)
    }

    #[test]
    fn a_sure_second_opinion_settles_what_was_open_and_cannot_carry_what_was_absurd() {
        let policy = ModelPart::default();
        let local = guesses(&[0.45, 0.2, 0.1]);
        let agreed = join(&local, Some("a"), Certainty::Sure, &policy, 37);
        assert!(of("a", &agreed) > 0.9, "{agreed:?}");
        let other = join(&local, Some("b"), Certainty::Sure, &policy, 37);
        assert!(other[0].intent == "b" && (0.6..0.9).contains(&other[0].confidence), "{other:?}");
        let stranger = join(&guesses(&[0.9, 0.05, 0.01]), Some("z"), Certainty::Sure, &policy, 37);
        assert_eq!(stranger[0].intent, "a");
        assert!(of("z", &stranger) < 0.05, "{stranger:?}");
        let none = join(&local, None, Certainty::Sure, &policy, 37);
        assert!(none[0].confidence < 0.25, "{none:?}");
        let guessed = join(&local, Some("b"), Certainty::Guess, &policy, 37);
        assert!(guessed[0].confidence < of("b", &other));
    }

    fn shares() -> impl Strategy<Value = Vec<f32>> {
        (0.0_f32..=1.0, 0.0_f32..=1.0, 0.0_f32..=1.0, 0.0_f32..=1.0).prop_map(|(a, b, c, rest)| {
            let all = (a + b + c + rest).max(f32::MIN_POSITIVE);
            let mut shares = vec![a / all, b / all, c / all];
            shares.sort_by(|a, b| b.total_cmp(a));
            shares
        })
    }

    fn policy() -> impl Strategy<Value = ModelPart> {
        (0.5_f32..=0.99, 0.0_f32..=1.0, 1_u32..50).prop_map(|(reliability, weight, confused_with)| {
            let mut policy = ModelPart { weight, confused_with, ..ModelPart::default() };
            policy.reliability.sure = reliability;
            policy
        })
    }

    proptest! {
        #[test]
        fn agreement_never_lowers_disagreement_never_raises_and_all_is_a_probability(
            shares in shares(), policy in policy(), intents in 3_usize..200,
            answer in prop_oneof![Just(None), Just(Some("a")), Just(Some("b")), Just(Some("z"))],
        ) {
            let local = guesses(&shares);
            let joined = join(&local, answer, Certainty::Sure, &policy, intents);
            let all: f32 = joined.iter().map(|guess| guess.confidence).sum();
            prop_assert!(all <= 1.0 + 1e-4);
            prop_assert!(joined.iter().all(|guess| (0.0..=1.0).contains(&guess.confidence)));
            prop_assert!(joined.windows(2).all(|two| two[0].confidence >= two[1].confidence));
            for guess in &local {
                let after = of(&guess.intent, &joined);
                let kept = joined.iter().any(|one| one.intent == guess.intent);
                if answer == Some(guess.intent.as_str()) {
                    prop_assert!(after >= guess.confidence - 1e-4, "{guess:?} {joined:?}");
                } else if kept {
                    prop_assert!(after <= guess.confidence + 1e-4, "{guess:?} {joined:?}");
                }
            }
        }
    }
}
