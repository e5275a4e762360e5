//! A small linear model over words, word pairs, letter sequences and the rules' signals, learned at the first use from
//! labelled messages in some tens of milliseconds. Multinomial logistic regression by AdaGrad (Duchi et al. 2011), the
//! same result every time.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::words::Words;
use super::{Heard, Hints, Signal, language, lexicon};

/// Buckets for hashed features; a collision costs little at this fill.
const BUCKETS: usize = 1 << 16;
pub(super) const LEVELS: usize = 3;
/// The code of a word that the model, no rule, found telling.
pub(super) const WORDING: &str = "wording";
/// No more words of a long message are weighed, and no more letters of a long word.
const MOST_WORDS: usize = 300;
const MOST_LETTERS: usize = 24;
const EPOCHS: usize = 18;
const RATE: f32 = 0.35;
/// Weight decay of each step that touches a weight.
const DECAY: f32 = 2e-4;
/// How much a signal of the rules counts beside the wording, whose features together have length 1 for each group.
const SIGNAL_SCALE: f32 = 0.9;

/// What the rules of a judgement hand over.
pub(super) struct Ruled<'s> {
    pub(super) signals: &'s [Signal],
    /// All signals together, about -1 to 2.
    pub(super) score: f32,
}

/// A model of three ordered levels.
pub(super) struct Model {
    weights: Vec<[f32; LEVELS]>,
    rarity: Vec<f32>,
    codes: FxHashMap<String, u32>,
    bias: [f32; LEVELS],
}

/// A feature: its index, its value, and the word it comes from (none for a rule's signal).
#[derive(Clone, Copy)]
pub(super) struct Feature {
    index: u32,
    value: f32,
    word: Option<u32>,
}

impl Model {
    /// Learns from texts with their levels; `rules` reads a text as the judgement itself will.
    pub(super) fn learned(
        examples: impl Iterator<Item = (String, usize)>,
        rules: impl Fn(&Heard<'_, '_, '_>, &Hints<'_>) -> (Vec<Signal>, f32),
    ) -> Self {
        let mut model = Self {
            weights: Vec::new(),
            rarity: vec![0.0; BUCKETS],
            codes: FxHashMap::default(),
            bias: [0.0; LEVELS],
        };
        let hints = Hints { now: chrono::DateTime::UNIX_EPOCH, utc_offset_minutes: 0, language: None };
        let mut rows: Vec<(Vec<Feature>, usize)> = Vec::new();
        for (text, level) in examples {
            let (words, hits) = heard_in(&text);
            let (signals, score) = rules(&heard(&words, &hits), &hints);
            for signal in &signals {
                let next = (BUCKETS + LEVELS + model.codes.len()) as u32;
                model.codes.entry(signal.code.clone()).or_insert(next);
            }
            rows.push((model.raw(&words, &Ruled { signals: &signals, score }), level.min(LEVELS - 1)));
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

    /// The chance of each level.
    pub(super) fn chances(&self, features: &[Feature]) -> [f32; LEVELS] {
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

    /// The features of a text.
    pub(super) fn features(&self, words: &Words<'_>, ruled: &Ruled<'_>) -> Vec<Feature> {
        let mut features = self.raw(words, ruled);
        self.scale(&mut features);
        features
    }

    /// Each occurrence with value 1; the rules' signals carry their weight.
    fn raw(&self, words: &Words<'_>, ruled: &Ruled<'_>) -> Vec<Feature> {
        let mut features = Vec::with_capacity(words.list.len() * 18);
        let count = words.list.len().min(MOST_WORDS);
        let mut padded = String::with_capacity(MOST_LETTERS + 2);
        for i in 0..count {
            let word = words.at(i);
            let word = &word[..word.floor_char_boundary(MOST_LETTERS)];
            let mut add = |kind: u8, parts: [&str; 2]| {
                let index =
                    (hashed(kind, parts) as usize % (BUCKETS / 2)) + if kind == 0 { BUCKETS / 2 } else { 0 };
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
        let asked =
            u32::from((0..=words.list.last().map_or(0, |w| w.sentence)).any(|s| words.is_question(s)));
        for (at, value) in
            [ruled.score.clamp(-1.0, 2.0), asked as f32, words.exclamations.min(3) as f32 / 3.0]
                .into_iter()
                .enumerate()
        {
            features.push(Feature { index: (BUCKETS + at) as u32, value: SIGNAL_SCALE * value, word: None });
        }
        for signal in ruled.signals {
            if let Some(&index) = self.codes.get(&signal.code) {
                features.push(Feature {
                    index,
                    value: SIGNAL_SCALE * signal.weight.abs().min(1.0),
                    word: None,
                });
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
    pub(super) fn telling(
        &self,
        heard: &Heard<'_, '_, '_>,
        features: &[Feature],
        level: usize,
        sign: f32,
    ) -> Vec<Signal> {
        let mut by_word: Vec<(u32, f32)> = Vec::new();
        for feature in features {
            let (Some(word), weights) = (feature.word, &self.weights[feature.index as usize]) else {
                continue;
            };
            let others: f32 = (0..LEVELS).filter(|k| *k != level).map(|k| weights[k]).sum();
            by_word.push((word, feature.value * (weights[level] - others / 2.0)));
        }
        // Features stand in the order of their words.
        by_word.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        by_word.sort_by(|a, b| b.1.total_cmp(&a.1));
        by_word
            .into_iter()
            .take(3)
            .filter(|(_, weight)| *weight >= 0.1)
            .map(|(word, weight)| heard.signal(WORDING, word as usize, word as usize, sign * weight))
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

/// Words and terms of a text to learn from.
pub(super) fn heard_in(text: &str) -> (Words<'_>, Vec<lexicon::Hit<'static>>) {
    let words = Words::of(text);
    let hits = lexicon::shipped().find(&words);
    (words, hits)
}

/// A text to learn from as `read` hears it.
pub(super) fn heard<'w, 't>(words: &'w Words<'t>, hits: &[lexicon::Hit<'static>]) -> Heard<'w, 't, 'static> {
    let spoken = language::detect(words, hits, None);
    Heard::new(words, hits, spoken.filter(|s| s.confidence >= 0.6).map(|s| s.code))
}
