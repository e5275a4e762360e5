//! Urgency: what the rules find, and how the message is worded, weighed together by a small model learned from
//! labelled messages. The rules name their grounds and are right where they speak; the wording carries over to what no
//! rule foresees.

mod rules;

use std::sync::LazyLock;

use serde::Deserialize;

use super::wording::{LEVELS, Model, Ruled, WORDING};
use super::{Entity, Heard, Hints, Sentiment, Signal, Urgency, entities, sentiment};

/// What a judgement holds.
pub(super) struct Judged {
    pub(super) level: Urgency,
    pub(super) signals: Vec<Signal>,
    /// The weight of the harm that the rules saw, for the mood.
    pub(super) harm: f32,
    /// All that the rules saw, weighed together.
    score: f32,
}

/// The chance from which wording alone makes an emergency: likelier than all else together.
const UNMISTAKABLE: f32 = 0.5;
/// Below this the rules saw no trouble.
const TROUBLE: f32 = 0.3;

impl Judged {
    /// Takes back what the wording alone said of a message that praises or thanks and names no trouble.
    pub(super) fn hear_mood(&mut self, mood: &sentiment::Judged) {
        if mood.level != Sentiment::Positive || self.level == Urgency::Low || self.score >= TROUBLE {
            return;
        }
        self.level = Urgency::Low;
        self.signals.retain(|signal| signal.code != WORDING);
        let gladdest = mood
            .signals
            .iter()
            .filter(|signal| signal.weight > 0.0)
            .max_by(|a, b| a.weight.total_cmp(&b.weight));
        if let Some(gladdest) = gladdest {
            self.signals.insert(
                0,
                Signal { code: "content".into(), text: gladdest.text.clone(), weight: -gladdest.weight },
            );
        }
    }
}

#[derive(Deserialize)]
struct Labelled {
    text: String,
    urgency: Urgency,
    half: String,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::learned(examples(), ruled));

/// Learns the model now rather than at the first message.
pub(super) fn warm_up() {
    LazyLock::force(&MODEL);
}

/// Judges the urgency of a text.
pub(super) fn judge(heard: &Heard<'_, '_, '_>, entities: &[Entity], hints: &Hints<'_>) -> Judged {
    let rules::Ruled { mut signals, score, harm } = rules::apply(heard, entities, hints);
    let features = MODEL.features(heard.words, &Ruled { signals: &signals, score });
    let level = decided(&MODEL.chances(&features), &signals);
    let sign = if level == Urgency::Low { -1.0 } else { 1.0 };
    signals.extend(MODEL.telling(heard, &features, level as usize, sign));
    signals.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.code.cmp(&b.code)));
    Judged { level, signals, harm, score }
}

/// A missed emergency costs more than a look too early, so high wins near ties; but an emergency has a ground that a rule
/// can name, or is worded unmistakably.
fn decided(chances: &[f32; LEVELS], signals: &[Signal]) -> Urgency {
    let [low, medium, high] = *chances;
    let grounded = signals.iter().any(|signal| signal.weight > 0.0);
    match () {
        () if high * 1.15 >= medium.max(low) && (grounded || high >= UNMISTAKABLE) => Urgency::High,
        () if medium >= low => Urgency::Medium,
        () => Urgency::Low,
    }
}

fn ruled(heard: &Heard<'_, '_, '_>, hints: &Hints<'_>) -> (Vec<Signal>, f32) {
    let ruled = rules::apply(heard, &entities::find(heard, hints), hints);
    (ruled.signals, ruled.score)
}

/// The texts to learn from. Lines that cannot be read are left out here and refused by a test.
fn examples() -> impl Iterator<Item = (String, usize)> {
    let labelled = include_str!("../../../data/urgency.jsonl")
        .lines()
        .filter_map(|line| serde_json::from_str::<Labelled>(line).ok())
        .filter(|row| row.half == "tune")
        .map(|row| (row.text, row.urgency as usize));
    let more = include_str!("../../../data/urgency-train.tsv").lines().filter_map(|line| {
        let mut columns = line.splitn(3, '\t');
        let level = match columns.next()? {
            "low" => Urgency::Low,
            "medium" => Urgency::Medium,
            "high" => Urgency::High,
            _ => return None,
        };
        Some((columns.nth(1)?.to_owned(), level as usize))
    });
    labelled.chain(more)
}

#[cfg(test)]
mod tests {
    use super::super::wording::{heard, heard_in};
    use super::*;

    /// Macro-F1 over five folds, and the recall of high, of the rows from `from` on.
    fn crossed(from: usize) -> (f32, f32) {
        let all: Vec<(String, usize)> = examples().collect();
        let hints = Hints { now: chrono::DateTime::UNIX_EPOCH, utc_offset_minutes: 0, language: None };
        let mut counts = [[0.0_f32; LEVELS]; LEVELS];
        for fold in 0..5 {
            let rest = all.iter().enumerate().filter(|(i, _)| i % 5 != fold).map(|(_, row)| row.clone());
            let model = Model::learned(rest, ruled);
            for (_, (text, level)) in all.iter().enumerate().filter(|(i, _)| i % 5 == fold && *i >= from) {
                let (words, hits) = heard_in(text);
                let (signals, score) = ruled(&heard(&words, &hits), &hints);
                let got = decided(
                    &model.chances(&model.features(&words, &Ruled { signals: &signals, score })),
                    &signals,
                );
                counts[*level][got as usize] += 1.0;
            }
        }
        let f1 = |k: usize| {
            2.0 * counts[k][k]
                / (counts[k].iter().sum::<f32>() + counts.iter().map(|row| row[k]).sum::<f32>()).max(1.0)
        };
        ((f1(0) + f1(1) + f1(2)) / 3.0, counts[2][2] / counts[2].iter().sum::<f32>().max(1.0))
    }

    #[test]
    fn the_model_carries_over_to_messages_it_was_not_taught() {
        let taught =
            include_str!("../../../data/urgency-train.tsv").lines().filter(|l| !l.starts_with('#')).count();
        let (f1, recall) = crossed(examples().count() - taught);
        println!("five folds, the rows of urgency-train.tsv: macro-F1 {f1:.3}, recall of high {recall:.3}");
        assert!(f1 > 0.7 && recall > 0.75, "macro-F1 {f1}, recall of high {recall}");
    }

    #[test]
    fn every_line_to_learn_from_can_be_read() {
        let labelled = include_str!("../../../data/urgency.jsonl").lines();
        let tune = labelled
            .map(|l| serde_json::from_str::<Labelled>(l).unwrap())
            .filter(|l| l.half == "tune")
            .count();
        let lines =
            include_str!("../../../data/urgency-train.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(examples().count(), tune + lines);
    }
}
