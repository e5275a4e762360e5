//! Floors under the figures on the labelled set. Published figures: `cargo run --release -p nlu --example signals`.

use std::collections::BTreeSet;

use nlu::signals::{Sentiment, Urgency};
use serde::Deserialize;

use super::reading;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    text: String,
    urgency: Urgency,
    language: String,
    sentiment: Sentiment,
    half: String,
}

fn messages() -> Vec<Message> {
    include_str!("../../data/urgency.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Macro-F1, and the recall of the class with this index.
fn figures(pairs: &[(usize, usize)], class: usize) -> (f64, f64) {
    let count = |f: &dyn Fn(&(usize, usize)) -> bool| pairs.iter().filter(|p| f(p)).count() as f64;
    let f1 =
        |k: usize| 2.0 * count(&|p| *p == (k, k)) / (count(&|p| p.0 == k) + count(&|p| p.1 == k)).max(1.0);
    ((f1(0) + f1(1) + f1(2)) / 3.0, count(&|p| *p == (class, class)) / count(&|p| p.0 == class).max(1.0))
}

#[test]
fn both_halves_stay_above_their_floors() {
    for (half, urgency_floor, recall_floor, mood_floor, language_floor) in
        [("tune", 0.95, 0.95, 0.72, 0.97), ("held", 0.82, 0.85, 0.72, 0.97)]
    {
        let of: Vec<_> =
            messages().into_iter().filter(|m| m.half == half).map(|m| (reading(&m.text), m)).collect();
        let urgency: Vec<_> = of.iter().map(|(r, m)| (m.urgency as usize, r.urgency as usize)).collect();
        let mood: Vec<_> = of.iter().map(|(r, m)| (m.sentiment as usize, r.sentiment as usize)).collect();
        let (f1, recall) = figures(&urgency, Urgency::High as usize);
        let (mood_f1, _) = figures(&mood, 0);
        let spoken = of.iter().filter(|(r, m)| r.language.as_ref() == Some(&m.language)).count() as f64
            / of.len() as f64;
        assert!(f1 >= urgency_floor, "{half}: macro-F1 of urgency {f1:.3}");
        assert!(recall >= recall_floor, "{half}: recall of high {recall:.3}");
        assert!(mood_f1 >= mood_floor, "{half}: macro-F1 of sentiment {mood_f1:.3}");
        assert!(spoken >= language_floor, "{half}: language right {spoken:.3}");
    }
}

#[test]
fn the_set_is_what_it_claims_to_be() {
    let messages = messages();
    assert!(messages.len() >= 400);
    let texts: BTreeSet<&str> = messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts.len(), messages.len(), "a message stands twice");
    for language in ["en", "de", "fr", "es"] {
        for level in [Urgency::Low, Urgency::Medium, Urgency::High] {
            for half in ["tune", "held"] {
                let count = messages
                    .iter()
                    .filter(|m| m.language == language && m.urgency == level && m.half == half)
                    .count();
                assert!(count >= 5, "{language} {level:?} {half}: {count}");
            }
        }
    }
    let taught =
        [include_str!("../../data/urgency-train.tsv"), include_str!("../../data/sentiment-train.tsv")];
    for line in taught.iter().flat_map(|file| file.lines()).filter(|l| !l.starts_with('#')) {
        let text = line.splitn(3, '\t').nth(2).unwrap();
        assert!(!texts.contains(text), "a message that is measured is also taught: {text}");
    }
}
