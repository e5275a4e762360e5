//! The examples as numbers: read once, weighed anew for every network trained on a part of them.

use std::collections::HashMap;

use super::features::{BIGRAM, GRAM, GROUPS, PAIR, Page, Reader, SKIP, STEM, group};
use super::head::Vectors;
use super::spread::Spread;

/// From this many examples on, training is for many.
pub(crate) const MANY: usize = 3_000;
/// From this many examples on, character n-grams seen once are dropped.
const SOME: usize = 600;

/// In how many examples a feature must occur to be kept: what is rare tells little, and is most of the size.
fn fewest(examples: usize, group: usize) -> u32 {
    match group {
        STEM if examples >= MANY => 2,
        GRAM if examples >= MANY => 6,
        _ if examples >= MANY => 3,
        STEM => 1,
        PAIR | SKIP => 2,
        GRAM if examples >= SOME => 2,
        _ => 1,
    }
}

/// How much more a feature of one class weighs than one of all. Twice as much helps further where intents are alike
/// (Banking77) and costs a little where they are not (CLINC150).
const FAVOUR: f32 = 0.5;

/// How much each group weighs, by its number.
pub(crate) const WEIGHTS: [f32; GROUPS] = {
    let mut weights = [0.0; GROUPS];
    weights[STEM] = 1.0;
    weights[BIGRAM] = 0.5;
    weights[GRAM] = 1.0;
    weights[PAIR] = 0.5;
    weights[SKIP] = 0.4;
    weights
};

/// Every text's features as (feature, times it occurs), sorted; features numbered in the order of their hashes.
pub(crate) struct Corpus {
    pub(crate) hashes: Vec<u64>,
    texts: Vec<Vec<(u32, u16)>>,
    /// How many tokens each text has.
    pub(crate) tokens: Vec<u16>,
    /// What each text is to the head, where there are vectors.
    pub(crate) vectors: Option<Vectors>,
}

impl Corpus {
    pub(crate) fn read<'a>(reader: &Reader, texts: impl Iterator<Item = &'a str>) -> Self {
        let mut page = Page::default();
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let mut hashes = Vec::new();
        let mut seen = Vec::new();
        let mut read: Vec<Vec<(u32, u16)>> = Vec::new();
        let mut tokens = Vec::new();
        for text in texts {
            seen.clear();
            reader.read(text, &mut page, |feature| {
                seen.push(*numbers.entry(feature.hash).or_insert_with(|| {
                    hashes.push(feature.hash);
                    hashes.len() as u32 - 1
                }));
            });
            tokens.push(page.tokens.list.len() as u16);
            seen.sort_unstable();
            let runs = seen.chunk_by(|a, b| a == b);
            read.push(runs.map(|run| (run[0], run.len().min(usize::from(u16::MAX)) as u16)).collect());
        }
        let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
        order.sort_unstable_by_key(|&old| hashes[old as usize]);
        let mut renumbered = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            renumbered[old as usize] = new as u32;
        }
        for text in &mut read {
            for (feature, _) in text.iter_mut() {
                *feature = renumbered[*feature as usize];
            }
            text.sort_unstable();
        }
        Corpus {
            hashes: order.iter().map(|&old| hashes[old as usize]).collect(),
            texts: read,
            tokens,
            vectors: None,
        }
    }

    /// The features known from the texts numbered in `part`, with their inverse document frequencies.
    pub(crate) fn vocabulary(&self, part: &[u32]) -> Vocabulary {
        let mut found = vec![0_u32; self.hashes.len()];
        for &text in part {
            for &(feature, _) in &self.texts[text as usize] {
                found[feature as usize] += 1;
            }
        }
        let texts = part.len() as f32;
        let mut vocabulary = Vocabulary {
            number: vec![u32::MAX; self.hashes.len()],
            features: Vec::new(),
            idf: Vec::new(),
            unseen_idf: idf(texts, 0.0),
        };
        // Frequent features first: their rows lie together and stay in the processor's caches.
        let mut order: Vec<u32> = (0..self.hashes.len() as u32).collect();
        order.sort_by_key(|&feature| std::cmp::Reverse(found[feature as usize]));
        for feature in order {
            let (feature, times) = (feature as usize, found[feature as usize]);
            let least = fewest(part.len(), group(self.hashes[feature]));
            if times >= least {
                vocabulary.number[feature] = vocabulary.features.len() as u32;
                vocabulary.features.push(feature as u32);
                vocabulary.idf.push(idf(texts, times as f32));
            }
        }
        vocabulary
    }

    /// Lets features that few of the `labels` (below `classes`, one for each text of `part`) share weigh up to half as
    /// much again: with few examples, a network can't learn by itself which words only happen to stand in several.
    pub(crate) fn favour_telling(
        &self,
        vocabulary: &mut Vocabulary,
        part: &[u32],
        labels: &[u16],
        classes: usize,
    ) {
        let mut spreads = vec![Spread::default(); vocabulary.features.len()];
        let mut order: Vec<usize> = (0..part.len()).collect();
        order.sort_by_key(|&nth| labels[nth]);
        for nth in order {
            for &(feature, _) in &self.texts[part[nth] as usize] {
                let number = vocabulary.number[feature as usize];
                if number != u32::MAX {
                    spreads[number as usize].meet(labels[nth]);
                }
            }
        }
        for (idf, spread) in vocabulary.idf.iter_mut().zip(&spreads) {
            *idf *= 1.0 + FAVOUR * spread.concentration(classes as f32);
        }
    }

    /// One text in the numbers of `vocabulary`, appended to `rows`.
    pub(crate) fn weigh(&self, text: u32, vocabulary: &Vocabulary, rows: &mut Rows) -> Known {
        let mut scale = Scale::default();
        let from = rows.features.len();
        for &(feature, times) in &self.texts[text as usize] {
            let in_group = group(self.hashes[feature as usize]);
            let number = vocabulary.number[feature as usize];
            if number == u32::MAX {
                scale.unknown(in_group, vocabulary.unseen_idf);
                continue;
            }
            rows.features.push(number);
            rows.values.push(scale.known(in_group, times, vocabulary.idf[number as usize]));
        }
        let factors = scale.factors();
        for at in from..rows.features.len() {
            let feature = vocabulary.features[rows.features[at] as usize];
            rows.values[at] *= factors[group(self.hashes[feature as usize])];
        }
        rows.ends.push(rows.features.len() as u32);
        scale.shares()
    }
}

fn idf(texts: f32, found_in: f32) -> f32 {
    libm::logf((1.0 + texts) / (1.0 + found_in)) + 1.0
}

/// The features of one network: which of the corpus's, how rare each is.
pub(crate) struct Vocabulary {
    number: Vec<u32>,
    pub(crate) features: Vec<u32>,
    pub(crate) idf: Vec<f32>,
    pub(crate) unseen_idf: f32,
}

/// Weighed texts, one after the other: the features and values of text `n` end at `ends[n]`.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) features: Vec<u32>,
    pub(crate) values: Vec<f32>,
    pub(crate) ends: Vec<u32>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn row(&self, text: usize) -> (&[u32], &[f32]) {
        let start = if text == 0 { 0 } else { self.ends[text - 1] as usize };
        let end = self.ends[text] as usize;
        (&self.features[start..end], &self.values[start..end])
    }

    pub(crate) fn clear(&mut self) {
        self.features.clear();
        self.values.clear();
        self.ends.clear();
    }
}

/// How much of a text the vocabulary knows, as shares of its idf, 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) stems: f32,
    pub(crate) grams: f32,
}

/// Adds up what the weights of one text need: the same arithmetic for training and for judging.
#[derive(Debug, Default)]
pub(crate) struct Scale {
    squares: [f32; GROUPS],
    known: [f32; GROUPS],
    unknown: [f32; GROUPS],
}

impl Scale {
    /// The value of a feature before scaling: (1 + ln tf) · idf.
    #[inline(always)]
    pub(crate) fn known(&mut self, group: usize, times: u16, idf: f32) -> f32 {
        let value = if times == 1 { idf } else { (1.0 + libm::logf(f32::from(times))) * idf };
        self.squares[group] += value * value;
        self.known[group] += idf;
        value
    }

    #[inline(always)]
    pub(crate) fn unknown(&mut self, group: usize, unseen_idf: f32) {
        self.unknown[group] += unseen_idf;
    }

    /// What each group's values are multiplied with: every group of length 1 times its weight, the whole of length √2.
    pub(crate) fn factors(&self) -> [f32; GROUPS] {
        let whole: f32 = (0..GROUPS)
            .filter(|&g| self.squares[g] > 0.0)
            .map(|g| WEIGHTS[g] * WEIGHTS[g])
            .sum::<f32>()
            .max(1e-12);
        let stretch = (2.0 / whole).sqrt();
        std::array::from_fn(|g| {
            if self.squares[g] > 0.0 { WEIGHTS[g] * stretch / self.squares[g].sqrt() } else { 0.0 }
        })
    }

    pub(crate) fn shares(&self) -> Known {
        let share = |g: usize| {
            let all = self.known[g] + self.unknown[g];
            if all > 0.0 { self.known[g] / all } else { 0.0 }
        };
        Known { stems: share(STEM), grams: share(GRAM) }
    }
}
