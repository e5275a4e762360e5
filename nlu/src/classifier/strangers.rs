//! Messages that are hardly any desk's business. No network is trained on them: they only show how the held-out
//! networks take what has nothing to do with anything they know, which a desk's own examples can't.

use std::collections::HashMap;

use super::features::Reader;
use super::folds::stem_sets;

/// English, German, French and Spanish, one a line.
const MESSAGES: &str = include_str!("strangers.txt");
/// Share of common stems from which a message might be the desk's business after all.
const ALIKE: f64 = 0.4;

/// Those that resemble none of the desk's own examples, whose sets of stems are given.
pub(crate) fn to(reader: &Reader, examples: &[Vec<u64>]) -> Vec<&'static str> {
    let messages: Vec<&str> = MESSAGES.lines().collect();
    let stems = stem_sets(reader, messages.iter().copied());
    let mut with_stem: HashMap<u64, Vec<usize>> = HashMap::new();
    for (message, stems) in stems.iter().enumerate() {
        stems.iter().for_each(|&stem| with_stem.entry(stem).or_default().push(message));
    }
    let mut ours = vec![false; messages.len()];
    let mut common = vec![0_usize; messages.len()];
    for example in examples {
        common.fill(0);
        for message in example.iter().filter_map(|stem| with_stem.get(stem)).flatten() {
            common[*message] += 1;
        }
        for (message, &common) in common.iter().enumerate().filter(|(_, common)| **common > 0) {
            let all = example.len() + stems[message].len() - common;
            ours[message] |= common as f64 >= ALIKE * all as f64;
        }
    }
    messages.into_iter().zip(ours).filter(|(_, ours)| !ours).map(|(message, _)| message).collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::Language;
    use super::*;

    #[test]
    fn what_a_desk_answers_is_no_stranger_to_it() {
        let reader = Reader::new(vec![Language::English]);
        let all = to(&reader, &[]);
        assert_eq!(all.len(), MESSAGES.lines().count());
        let desk = stem_sets(&reader, ["tell me a joke"].into_iter());
        let left = to(&reader, &desk);
        assert!(
            all.contains(&"tell me a joke about penguins")
                && !left.contains(&"tell me a joke about penguins")
        );
        assert!(left.contains(&"why is the sky blue"));
    }
}
