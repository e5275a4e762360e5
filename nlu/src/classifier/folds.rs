//! Who is held out when: near-duplicates stay together, intents are spread evenly, and some intents are left out whole.

use std::collections::HashMap;

use super::corpus::MANY;
use super::features::{Page, Reader, STEM, group};
use super::random::{Random, mix};

/// Signatures a text gets, and how many must agree in one band before two texts are compared.
const SIGNATURES: usize = 16;
const BAND: usize = 2;
/// Share of common stems from which two texts are near-duplicates.
const ALIKE: f64 = 0.6;
/// In a bucket of many, a text is compared with this many others only.
const MOST_COMPARED: usize = 8;
/// With fewer classes, leaving some out would leave too little to tell apart.
const FEWEST_CLASSES: usize = 5;

/// One part of the examples held out, the rest trained on.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    /// Example numbers to train on.
    pub(crate) train: Vec<u32>,
    /// Example numbers to judge, those of left-out classes included.
    pub(crate) held_out: Vec<u32>,
}

/// Folds: fewer where there is much to train on and little to gain.
pub(crate) fn how_many(examples: usize) -> usize {
    if examples >= MANY { 3 } else { 5 }
}

/// Each text's set of stems, for comparing texts.
pub(crate) fn stem_sets<'a>(reader: &Reader, texts: impl Iterator<Item = &'a str>) -> Vec<Vec<u64>> {
    let mut page = Page::default();
    texts
        .map(|text| {
            let mut stems = Vec::new();
            reader.read(text, &mut page, |feature| {
                if group(feature.hash) == STEM {
                    stems.push(feature.hash);
                }
            });
            stems.sort_unstable();
            stems.dedup();
            stems
        })
        .collect()
}

/// One number for a set of stems.
pub(crate) fn key(stems: &[u64]) -> u64 {
    stems.iter().fold(stems.len() as u64, |key, &stem| mix(key ^ stem))
}

/// Pairs of near-duplicates, found by min-hashing; enough of them to connect every group, not all.
pub(crate) fn near_duplicates(stems: &[Vec<u64>]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for band in 0..SIGNATURES / BAND {
        let mut buckets: HashMap<u64, Vec<u32>> = HashMap::new();
        for (text, set) in stems.iter().enumerate() {
            let key = (band * BAND..(band + 1) * BAND).fold(0, |key, salt| {
                let salt = mix(salt as u64 + 1);
                mix(key ^ set.iter().map(|&stem| mix(stem ^ salt)).min().unwrap_or(0))
            });
            let bucket = buckets.entry(key).or_default();
            let recent = bucket.iter().rev().take(MOST_COMPARED);
            pairs.extend(
                recent
                    .filter(|&&other| overlap(set, &stems[other as usize]) >= ALIKE)
                    .map(|&other| (other, text as u32)),
            );
            bucket.push(text as u32);
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The share of common members of two sorted sets (Jaccard), 0 to 1; two empty sets are alike.
pub(crate) fn overlap(a: &[u64], b: &[u64]) -> f64 {
    let common = a.iter().filter(|stem| b.binary_search(stem).is_ok()).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

/// The group each text belongs to, named by its first member, when the two of every pair belong together.
fn groups(texts: usize, pairs: &[(u32, u32)]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..texts as u32).collect();
    fn root(parent: &mut [u32], mut text: u32) -> u32 {
        while parent[text as usize] != text {
            parent[text as usize] = parent[parent[text as usize] as usize];
            text = parent[text as usize];
        }
        text
    }
    for &(a, b) in pairs {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b) as usize] = a.min(b);
    }
    (0..texts as u32).map(|text| root(&mut parent, text)).collect()
}

/// Cuts the examples (their classes in `labels`) into `count` folds.
///
/// Near-duplicates share a fold; `keys`, a hash of each example's words, decide which, so that an example more or less
/// moves no examples of other classes, and the threshold learnt from the folds stays where it is. Besides its share of the examples, each fold holds out one in `leave` of the first
/// `leavable` classes whole, so that the network meets messages about things it has never heard of. The more are left
/// out, the more is learnt of such messages, and the easier the rest becomes to tell apart than it will be.
pub(crate) fn cut(
    labels: &[u16],
    keys: &[u64],
    leavable: usize,
    leave: usize,
    pairs: &[(u32, u32)],
    count: usize,
    random: &mut Random,
) -> Vec<Fold> {
    let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
    for (text, group) in groups(labels.len(), pairs).into_iter().enumerate() {
        members.entry(group).or_default().push(text as u32);
    }
    let mut groups: Vec<(u64, Vec<u32>)> = members
        .into_values()
        .map(|group| (group.iter().map(|&text| keys[text as usize]).min().unwrap_or(0), group))
        .collect();
    groups.sort_unstable_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.cmp(b)));
    let classes = labels.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(0);
    let mut filled = vec![vec![0_usize; count]; classes];
    let mut fold_of = vec![0_usize; labels.len()];
    for (key, group) in &groups {
        let filled_here = &filled[usize::from(labels[group[0] as usize])];
        let preferred = |fold: usize| mix(key ^ mix(fold as u64 + 1));
        let fold = (0..count).min_by_key(|&fold| (filled_here[fold], preferred(fold))).unwrap_or(0);
        for &text in group {
            filled[usize::from(labels[text as usize])][fold] += 1;
            fold_of[text as usize] = fold;
        }
    }
    let mut order: Vec<u16> = (0..leavable as u16).collect();
    random.shuffle(&mut order);
    let left_out = |fold: usize| -> &[u16] {
        if leavable < FEWEST_CLASSES {
            return &[];
        }
        let share = (leavable / leave).max(1);
        &order[fold * share..(fold + 1) * share]
    };
    (0..count)
        .map(|fold| {
            let left_out = left_out(fold);
            let mut is_out = vec![false; classes];
            for &class in left_out {
                is_out[usize::from(class)] = true;
            }
            let out = |text: &u32| {
                let text = *text as usize;
                fold_of[text] == fold || is_out[usize::from(labels[text])]
            };
            let (held_out, train) = (0..labels.len() as u32).partition(out);
            Fold { train, held_out }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::Language;
    use super::*;

    #[test]
    fn near_duplicates_are_found_and_others_are_not() {
        let texts = [
            "where is my order 12345",
            "where is my order 99999?",
            "cancel my subscription please",
            "please cancel my subscription",
            "what a lovely day",
        ];
        let stems = stem_sets(&Reader::new(vec![Language::English]), texts.into_iter());
        assert_eq!(near_duplicates(&stems), [(0, 1), (2, 3)]);
    }

    fn keys(count: u64) -> Vec<u64> {
        (0..count).map(mix).collect()
    }

    #[test]
    fn another_example_moves_no_example_of_another_class() {
        let labels: Vec<u16> = (0..200).map(|text| text % 10).collect();
        let before = cut(&labels, &keys(200), 10, 5, &[], 5, &mut Random::new(1, 1));
        let more: Vec<u16> = labels.iter().copied().chain([3, 3]).collect();
        let after = cut(&more, &keys(202), 10, 5, &[], 5, &mut Random::new(1, 1));
        for (before, after) in before.iter().zip(&after) {
            let others = |fold: &Fold| -> Vec<u32> {
                fold.held_out.iter().copied().filter(|&text| more[text as usize] != 3).collect()
            };
            assert_eq!(others(before), others(after));
        }
    }

    #[test]
    fn duplicates_share_a_fold_and_every_example_is_held_out_once_or_more() {
        let labels: Vec<u16> = (0..200).map(|text| text % 10).collect();
        let pairs: Vec<(u32, u32)> = (0..50).map(|n| (n, n + 100)).collect();
        let folds = cut(&labels, &keys(200), 10, 5, &pairs, 5, &mut Random::new(1, 1));
        assert_eq!(folds.len(), 5);
        let mut held = vec![0; 200];
        for fold in &folds {
            assert_eq!(fold.train.len() + fold.held_out.len(), 200);
            for &(a, b) in &pairs {
                assert_eq!(fold.train.contains(&a), fold.train.contains(&b));
            }
            let seen: std::collections::HashSet<u16> =
                fold.train.iter().map(|&t| labels[t as usize]).collect();
            assert_eq!(seen.len(), 8, "a fifth of ten classes is left out");
            fold.held_out.iter().for_each(|&text| held[text as usize] += 1);
        }
        assert!(held.iter().all(|&times| times >= 1));
    }

    #[test]
    fn few_classes_are_never_left_out() {
        let labels: Vec<u16> = (0..40).map(|text| text % 4).collect();
        for fold in cut(&labels, &keys(40), 4, 5, &[], 5, &mut Random::new(1, 1)) {
            let seen: std::collections::HashSet<u16> =
                fold.train.iter().map(|&t| labels[t as usize]).collect();
            assert_eq!(seen.len(), 4);
        }
    }
}
