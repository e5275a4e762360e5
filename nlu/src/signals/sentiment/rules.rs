//! Signals of mood by rule: weighed words, with negation, intensifiers, emoji, exclamation marks and capitals.

use crate::signals::lexicon::{Hit, Table, longest};
use crate::signals::{Heard, Signal};

/// From about here a mood is more than neutral.
pub(super) const CLEAR: f32 = 0.88;

/// Applies the rules: the signals and their sum; `harm` is the weight of the harm that the text reports, 0 or more.
pub(super) fn apply(heard: &Heard<'_, '_, '_>, harm: f32) -> (Vec<Signal>, f32) {
    let hits = longest(heard.table(Table::Sentiment));
    let mut signals: Vec<Signal> = Vec::new();
    let (mut good, mut bad, mut polite) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (at, hit) in hits.iter().enumerate() {
        let code = hit.entry.code.as_str();
        if hit.entry.weight == 0.0 || matches!(code, "intensifier" | "softener") {
            continue;
        }
        let stressed = hit.entry.weight * degree(hits[..at].last(), hit);
        let negation =
            turns(code).then(|| heard.negation.of_words(heard.words, hit.first, hit.last)).flatten();
        let (weight, code, first, last) = match negation {
            Some((first, last)) => (-0.6 * stressed, "negated", first.min(hit.first), last.max(hit.last)),
            None => (stressed, code, hit.first, hit.last),
        };
        match code {
            "thanks" | "politeness" => polite += weight,
            _ if weight > 0.0 => good += weight,
            _ => bad += weight,
        }
        if !signals.iter().any(|s| s.code == code && s.weight == weight) {
            signals.push(heard.signal(code, first, last, weight));
        }
    }
    // Many words of one kind say little more than a few.
    let (good, mut bad) = (good.min(4.0), bad.max(-5.0));
    if bad < 0.0 {
        let loud =
            0.15 * (heard.words.exclamations.min(3) as f32) + 0.2 * (heard.words.shouted.min(3) as f32);
        if loud > 0.0 {
            bad -= loud;
            signals.push(Signal { code: "loudness".into(), text: "!".into(), weight: -loud });
        }
    }
    // Thanks around a complaint are manners; praise around an outage is at best mixed.
    let mut sum = good + bad + if bad <= -0.7 { 0.2 * polite } else { polite };
    if harm >= 0.8 && sum > 0.0 {
        sum = (sum - 1.5).min(CLEAR / 2.0);
    }
    (signals, sum)
}

/// "very" and "a bit" right before the word.
fn degree(before: Option<&Hit<'_>>, hit: &Hit<'_>) -> f32 {
    before
        .filter(|b| b.last + 1 == hit.first && matches!(b.entry.code.as_str(), "intensifier" | "softener"))
        .map_or(1.0, |b| b.entry.weight)
}

/// Codes that a negator turns round; "nobody answered" and sarcasm are what they are.
fn turns(code: &str) -> bool {
    matches!(code, "praise" | "displeasure" | "worry" | "anger" | "relief" | "thanks")
}
