//! A small linear model over words, word pairs, letter sequences and the rules' signals, learned at the first use from
//! `data/urgency-train.tsv` and the `tune` half of `data/urgency.jsonl` in some tens of milliseconds.
//! Multinomial logistic regression by AdaGrad (Duchi et al. 2011), the same result every time.

use std::hash::Hasher;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHasher};
use serde::Deserialize;

use super::rules::{self, Ruled};
use crate::signals::{Heard, Hints, Signal, Urgency, entities, language, lexicon, words::Words};

/// Buckets for hashed features; a collision costs little at this fill.
const BUCKETS: usize = 1 << 16;
const LEVELS: usize = 3;
/// No more words of a long message are weighed, and no more letters of a long word.
const MOST_WORDS: usize = 300;
const MOST_LETTERS: usize = 24;
const EPOCHS: usize = 40;
const RATE: f32 = 0.35;
/// Weight decay of each step that touches a weight.
const DECAY: f32 = 2e-4;
/// How much a signal of the rules counts beside the wording, whose features together have length 1 for each group.
const SIGNAL_SCALE: f32 = 0.9;

/// The model's verdict.
pub(super) struct Weighed {
    pub(super) level: Urgency,
    /// The words that weighed most for it, as signals.
    pub(super) words: Vec<Signal>,
}

struct Model {
    weights: Vec<[f32; LEVELS]>,
    rarity: Vec<f32>,
    codes: FxHashMap<String, u32>,
    bias: [f32; LEVELS],
}

#[derive(Deserialize)]
struct Labelled {
    text: String,
    urgency: Urgency,
    half: String,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::learned(examples()));

pub(super) fn warm_up() {
    LazyLock::force(&MODEL);
}

/// Weighs the rules' signals and the wording together.
pub(super) fn weigh(heard: &Heard<'_, '_, '_>, ruled: &Ruled) -> Weighed {
    let model = &*MODEL;
    let features = model.features(heard.words, ruled);
    let chances = model.chances(&features);
    let level = decided(&chances);
    Weighed { level, words: model.telling(heard, &features, level) }
}

/// A missed emergency costs more than a look too early, so high wins near ties.
fn decided(chances: &[f32; LEVELS]) -> Urgency {
    let [low, medium, high] = *chances;
    match () {
        () if high * 1.15 >= medium.max(low) => Urgency::High,
        () if medium >= low => Urgency::Medium,
        () => Urgency::Low,
    }
}

/// A feature: its index, its value, and the word it comes from (none for a rule's signal).
#[derive(Clone, Copy)]
struct Feature {
    index: u32,
    value: f32,
    word: Option<u32>,
}

impl Model {
    fn learned(examples: impl Iterator<Item = (String, Urgency)>) -> Self {
        let mut model =
            Self { weights: Vec::new(), rarity: vec![0.0; BUCKETS], codes: FxHashMap::default(), bias: [0.0; LEVELS] };
        let mut rows: Vec<(Vec<Feature>, usize)> = Vec::new();
        for (text, level) in examples {
            let words = Words::of(&text);
            let hits = lexicon::shipped().find(&words);
            let spoken = language::detect(&words, &hits, None);
            let heard = Heard::new(&words, &hits, spoken.filter(|s| s.confidence >= 0.6).map(|s| s.code));
            let hints = Hints { now: chrono::DateTime::UNIX_EPOCH, utc_offset_minutes: 0, language: None };
            let ruled = rules::apply(&heard, &entities::find(&heard, &hints), &hints);
            for signal in &ruled.signals {
                let next = (BUCKETS + LEVELS + model.codes.len()) as u32;
                model.codes.entry(signal.code.clone()).or_insert(next);
            }
            rows.push((model.raw(&words, &ruled), level as usize));
        }
        for (features, _) in &rows {
            features.iter().filter(|f| f.word.is_some()).for_each(|f| model.rarity[f.index as usize] += 1.0);
        }
        let documents = rows.len() as f32;
        model.rarity.iter_mut().for_each(|n| *n = ((1.0 + documents) / (1.0 + *n)).ln() + 1.0);
        rows.iter_mut().for_each(|(features, _)| model.scale(features));
        model.weights = vec![[0.0; LEVELS]; BUCKETS + LEVELS + model.codes.len()];
        model.fit(&rows);
        model
    }

    fn fit(&mut self, rows: &[(Vec<Feature>, usize)]) {
        let mut steps = vec![[1e-6_f32; LEVELS]; self.weights.len()];
        let mut bias_steps = [1e-6_f32; LEVELS];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..EPOCHS {
            for i in (1..order.len()).rev() {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                order.swap(i, ((dice >> 33) % (i as u64 + 1)) as usize);
            }
            for (features, level) in order.iter().filter_map(|&i| rows.get(i)) {
                let mut slope = self.chances(features);
                slope[*level] -= 1.0;
                for feature in features {
                    let index = feature.index as usize;
                    for k in 0..LEVELS {
                        let g = slope[k] * feature.value + DECAY * self.weights[index][k];
                        steps[index][k] += g * g;
                        self.weights[index][k] -= RATE * g / steps[index][k].sqrt();
                    }
                }
                for k in 0..LEVELS {
                    bias_steps[k] += slope[k] * slope[k];
                    self.bias[k] -= 0.1 * RATE * slope[k] / bias_steps[k].sqrt();
                }
            }
        }
    }

    fn chances(&self, features: &[Feature]) -> [f32; LEVELS] {
        let mut sums = self.bias;
        for feature in features {
            let weights = &self.weights[feature.index as usize];
            (0..LEVELS).for_each(|k| sums[k] += feature.value * weights[k]);
        }
        let top = sums.iter().copied().fold(f32::MIN, f32::max);
        let grown = sums.map(|s| (s - top).exp());
        let all: f32 = grown.iter().sum();
        grown.map(|g| g / all)
    }

    fn features(&self, words: &Words<'_>, ruled: &Ruled) -> Vec<Feature> {
        let mut features = self.raw(words, ruled);
        self.scale(&mut features);
        features
    }

    /// Each feature once, with value 1, except the rules', which carry their weight.
    fn raw(&self, words: &Words<'_>, ruled: &Ruled) -> Vec<Feature> {
        let mut features = Vec::with_capacity(words.list.len() * 18);
        let count = words.list.len().min(MOST_WORDS);
        let mut padded = String::with_capacity(MOST_LETTERS + 2);
        for i in 0..count {
            let word = words.at(i);
            let word = &word[..word.floor_char_boundary(MOST_LETTERS)];
            let mut add = |kind: u8, parts: [&str; 2]| {
                let index = (hashed(kind, parts) as usize % (BUCKETS / 2)) + if kind == 0 { BUCKETS / 2 } else { 0 };
                features.push(Feature { index: index as u32, value: 1.0, word: Some(i as u32) });
            };
            add(1, [word, ""]);
            if i + 1 < count {
                add(2, [word, words.at(i + 1)]);
            }
            padded.clear();
            padded.push(' ');
            padded.push_str(word);
            padded.push(' ');
            for length in 3..=5 {
                for start in 0..padded.len().saturating_sub(length - 1) {
                    if let Some(part) = padded.get(start..start + length) {
                        add(0, [part, ""]);
                    }
                }
            }
        }
        features.sort_unstable_by_key(|f| (f.index, f.word));
        features.dedup_by_key(|f| f.index);
        let asked = u32::from((0..=words.list.last().map_or(0, |w| w.sentence)).any(|s| words.is_question(s)));
        for (at, value) in [ruled.score.clamp(-1.0, 2.0), asked as f32, words.exclamations.min(3) as f32 / 3.0].into_iter().enumerate() {
            features.push(Feature { index: (BUCKETS + at) as u32, value: SIGNAL_SCALE * value, word: None });
        }
        for signal in &ruled.signals {
            if let Some(&index) = self.codes.get(&signal.code) {
                features.push(Feature { index, value: SIGNAL_SCALE * signal.weight.abs().min(1.0), word: None });
            }
        }
        features
    }

    /// Rare features count more; words and letters have length 1 each, whatever the message's length.
    fn scale(&self, features: &mut [Feature]) {
        let mut length = [0.0_f32; 2];
        for feature in features.iter_mut().filter(|f| f.word.is_some()) {
            feature.value = self.rarity[feature.index as usize];
            length[feature.index as usize / (BUCKETS / 2)] += feature.value * feature.value;
        }
        let length = length.map(|l| l.sqrt().max(1e-6));
        for feature in features.iter_mut().filter(|f| f.word.is_some()) {
            feature.value /= length[feature.index as usize / (BUCKETS / 2)];
        }
    }

    /// Up to three words that speak for the level rather than for the other two.
    fn telling(&self, heard: &Heard<'_, '_, '_>, features: &[Feature], level: Urgency) -> Vec<Signal> {
        let mut by_word: Vec<(u32, f32)> = Vec::new();
        for feature in features {
            let (Some(word), weights) = (feature.word, &self.weights[feature.index as usize]) else { continue };
            let others: f32 = (0..LEVELS).filter(|k| *k != level as usize).map(|k| weights[k]).sum();
            by_word.push((word, feature.value * (weights[level as usize] - others / 2.0)));
        }
        by_word.sort_by_key(|(word, _)| *word);
        by_word.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        by_word.sort_by(|a, b| b.1.total_cmp(&a.1));
        let sign = if level == Urgency::Low { -1.0 } else { 1.0 };
        by_word
            .into_iter()
            .take(3)
            .filter(|(_, weight)| *weight >= 0.1)
            .map(|(word, weight)| heard.signal("wording", word as usize, word as usize, sign * weight))
            .collect()
    }
}

fn hashed(kind: u8, parts: [&str; 2]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u8(kind);
    parts.iter().for_each(|p| hasher.write(p.as_bytes()));
    // Fx leaves its best bits high.
    hasher.finish() >> 20
}

/// The texts to learn from. Lines that cannot be read are left out here and refused by a test.
fn examples() -> impl Iterator<Item = (String, Urgency)> {
    let labelled = include_str!("../../../data/urgency.jsonl")
        .lines()
        .filter_map(|line| serde_json::from_str::<Labelled>(line).ok())
        .filter(|row| row.half == "tune")
        .map(|row| (row.text, row.urgency));
    let more = include_str!("../../../data/urgency-train.tsv").lines().filter_map(|line| {
        let mut columns = line.splitn(3, '\t');
        let level = match columns.next()? {
            "low" => Urgency::Low,
            "medium" => Urgency::Medium,
            "high" => Urgency::High,
            _ => return None,
        };
        Some((columns.nth(1)?.to_owned(), level))
    });
    labelled.chain(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Macro-F1 over five folds, and the recall of high, of the rows from `from` on.
    fn crossed(from: usize) -> (f32, f32) {
        let all: Vec<(String, Urgency)> = examples().collect();
        let hints = Hints { now: chrono::DateTime::UNIX_EPOCH, utc_offset_minutes: 0, language: None };
        let mut counts = [[0.0_f32; LEVELS]; LEVELS];
        for fold in 0..5 {
            let rest = all.iter().enumerate().filter(|(i, _)| i % 5 != fold).map(|(_, row)| row.clone());
            let model = Model::learned(rest);
            for (text, level) in all.iter().enumerate().filter(|(i, _)| i % 5 == fold && *i >= from).map(|(_, row)| row) {
                let words = Words::of(text);
                let hits = lexicon::shipped().find(&words);
                let spoken = language::detect(&words, &hits, None);
                let heard = Heard::new(&words, &hits, spoken.filter(|s| s.confidence >= 0.6).map(|s| s.code));
                let ruled = rules::apply(&heard, &entities::find(&heard, &hints), &hints);
                let got = decided(&model.chances(&model.features(&words, &ruled)));
                counts[*level as usize][got as usize] += 1.0;
            }
        }
        let f1 = |k: usize| {
            2.0 * counts[k][k] / (counts[k].iter().sum::<f32>() + counts.iter().map(|row| row[k]).sum::<f32>()).max(1.0)
        };
        println!("{counts:?}");
        ((f1(0) + f1(1) + f1(2)) / 3.0, counts[2][2] / counts[2].iter().sum::<f32>().max(1.0))
    }

    #[test]
    fn the_model_carries_over_to_messages_it_was_not_taught() {
        let tuned = examples().count() - include_str!("../../../data/urgency-train.tsv").lines().count() + 1;
        let (f1, recall) = crossed(tuned);
        println!("train rows: macro-F1 {f1:.3}, recall of high {recall:.3}");
        assert!(f1 > 0.65 && recall > 0.75, "macro-F1 {f1}, recall of high {recall}");
        println!("all: {:?}", crossed(0));
    }

    #[test]
    fn every_line_to_learn_from_can_be_read() {
        let labelled = include_str!("../../../data/urgency.jsonl").lines();
        let tune = labelled.map(|l| serde_json::from_str::<Labelled>(l).unwrap()).filter(|l| l.half == "tune").count();
        let lines = include_str!("../../../data/urgency-train.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(examples().count(), tune + lines);
    }
}
