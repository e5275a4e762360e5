//! The customer's mood: what the rules find where they are clear, else how the message is worded, by the same kind of
//! model as urgency.

mod rules;

use std::sync::LazyLock;

use serde::Deserialize;

use super::wording::{LEVELS, Model, Ruled};
use super::{Heard, Hints, Sentiment, Signal};

/// What a judgement holds.
pub(super) struct Judged {
    pub(super) level: Sentiment,
    pub(super) signals: Vec<Signal>,
}

#[derive(Deserialize)]
struct Labelled {
    text: String,
    sentiment: Sentiment,
    half: String,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::learned(examples(), ruled));

/// Learns the model now rather than at the first message.
pub(super) fn warm_up() {
    LazyLock::force(&MODEL);
}

/// Judges the mood; `harm` is the weight of the harm that the text reports, 0 or more.
pub(super) fn judge(heard: &Heard<'_, '_, '_>, harm: f32) -> Judged {
    let (mut signals, sum) = rules::apply(heard, harm);
    let level = if heard.words.list.is_empty() {
        Sentiment::Neutral
    } else {
        let features = MODEL.features(heard.words, &Ruled { signals: &signals, score: sum / 2.0 });
        let level = decided(sum, &MODEL.chances(&features));
        if level != Sentiment::Neutral {
            let sign = if level == Sentiment::Negative { -1.0 } else { 1.0 };
            signals.extend(MODEL.telling(heard, &features, level as usize, sign));
        }
        level
    };
    signals.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.code.cmp(&b.code)));
    Judged { level, signals }
}

/// Plain words ("terrible", "not bad") decide by themselves unless the whole wording speaks strongly against.
fn decided(sum: f32, chances: &[f32; LEVELS]) -> Sentiment {
    let [negative, neutral, positive] = *chances;
    match () {
        () if sum <= -rules::CLEAR && negative >= 0.03 => Sentiment::Negative,
        () if sum >= rules::CLEAR && positive >= 0.03 => Sentiment::Positive,
        () if negative >= neutral.max(positive) && sum < 0.5 => Sentiment::Negative,
        () if positive > neutral && sum > -0.5 => Sentiment::Positive,
        () => Sentiment::Neutral,
    }
}

fn ruled(heard: &Heard<'_, '_, '_>, _: &Hints<'_>) -> (Vec<Signal>, f32) {
    let (signals, sum) = rules::apply(heard, 0.0);
    (signals, sum / 2.0)
}

/// The texts to learn from. Lines that cannot be read are left out here and refused by a test.
fn examples() -> impl Iterator<Item = (String, usize)> {
    let labelled = include_str!("../../../data/urgency.jsonl")
        .lines()
        .filter_map(|line| serde_json::from_str::<Labelled>(line).ok())
        .filter(|row| row.half == "tune")
        .map(|row| (row.text, row.sentiment as usize));
    let more = include_str!("../../../data/sentiment-train.tsv").lines().filter_map(|line| {
        let mut columns = line.splitn(3, '\t');
        let level = match columns.next()? {
            "negative" => Sentiment::Negative,
            "neutral" => Sentiment::Neutral,
            "positive" => Sentiment::Positive,
            _ => return None,
        };
        Some((columns.nth(1)?.to_owned(), level as usize))
    });
    labelled.chain(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_to_learn_from_can_be_read() {
        let labelled = include_str!("../../../data/urgency.jsonl").lines();
        let tune = labelled
            .map(|l| serde_json::from_str::<Labelled>(l).unwrap())
            .filter(|l| l.half == "tune")
            .count();
        let lines =
            include_str!("../../../data/sentiment-train.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(examples().count(), tune + lines);
    }
}
