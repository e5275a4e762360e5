//! The word lists and how they are found in a text. The lists are data (`nlu/data/lexicon/*.tsv`): term, weight,
//! code, language. A term is one or more words; each word may be
//! `a/b+c` one of several (`+` joins words), `pre*` a beginning, `~word` one typo allowed, `word?` optional,
//! `_` up to two words of any kind. All terms of all languages stand in one trie, walked once for each word.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words::{Words, folded};

/// What a list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Urgency,
    Sentiment,
    Negation,
    Time,
    Language,
}

/// One row of a list.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) table: Table,
    pub(super) code: String,
    pub(super) weight: f32,
    /// `en`, `de`, `fr`, `es`, …, or `*` for all.
    pub(super) language: String,
}

impl Entry {
    /// Whether the entry counts in a text of this language; of an unknown language, all do.
    pub(super) fn fits(&self, language: Option<&str>) -> bool {
        self.language == "*" || language.is_none_or(|l| l == self.language)
    }
}

/// A term found: words `first..=last`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'l> {
    pub(super) entry: &'l Entry,
    pub(super) first: usize,
    pub(super) last: usize,
}

/// All lists, compiled.
pub(super) struct Lexicon {
    entries: Vec<Entry>,
    words: FxHashMap<String, u32>,
    beginnings: FxHashMap<String, u32>,
    /// Lengths in bytes of the beginnings, ascending.
    beginning_lengths: Vec<usize>,
    /// Terms with one letter left out, for typos.
    typos: FxHashMap<String, u32>,
    nodes: Vec<Node>,
    roots: FxHashMap<u32, u32>,
}

#[derive(Default)]
struct Node {
    next: Vec<(u32, u32)>,
    any: Option<u32>,
    ends: Vec<u32>,
}

const FILES: [(Table, &str); 5] = [
    (Table::Urgency, include_str!("../../data/lexicon/urgency.tsv")),
    (Table::Sentiment, include_str!("../../data/lexicon/sentiment.tsv")),
    (Table::Negation, include_str!("../../data/lexicon/negation.tsv")),
    (Table::Time, include_str!("../../data/lexicon/time.tsv")),
    (Table::Language, include_str!("../../data/lexicon/language.tsv")),
];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::empty();
    for (table, file) in FILES {
        let mut names = FxHashMap::default();
        // A test refuses rows that cannot be read, so none is lost here.
        for (term, entry) in file.lines().filter_map(|line| row(table, line, &mut names).ok().flatten()) {
            lexicon.add(&term, entry);
        }
    }
    lexicon.seal();
    lexicon
});

/// The lists that the product ships with.
pub(super) fn shipped() -> &'static Lexicon {
    &LEXICON
}

/// Reads one line: nothing for a blank, a comment, or a name given to alternatives (kept in `names`).
fn row(
    table: Table,
    line: &str,
    names: &mut FxHashMap<String, String>,
) -> Result<Option<(String, Entry)>, String> {
    if line.trim().is_empty() || line.starts_with("# ") {
        return Ok(None);
    }
    let columns: Vec<&str> = line.split('\t').collect();
    let [term, weight, code, language] = columns.as_slice() else {
        return Err(format!("expected term, weight, code and language, separated by tabs: {line:?}"));
    };
    if *code == "=" {
        names.insert((*term).to_owned(), (*weight).to_owned());
        return Ok(None);
    }
    let weight = weight.parse().map_err(|_| format!("the weight is not a number: {line:?}"))?;
    let known = matches!(*language, "*" | "en" | "de" | "fr" | "es" | "it" | "pt" | "nl");
    if term.is_empty() || code.is_empty() || !known {
        return Err(format!("term, code or language is missing: {line:?}"));
    }
    let entry = Entry { table, code: (*code).to_owned(), weight, language: (*language).to_owned() };
    let mut spelled = Vec::new();
    for slot in term.split_whitespace() {
        let mut choices = Vec::new();
        for choice in slot.split('/') {
            choices.push(match choice.starts_with('@') {
                true => names
                    .get(choice)
                    .ok_or_else(|| format!("{choice} is not defined above: {line:?}"))?
                    .as_str(),
                false => choice,
            });
        }
        spelled.push(choices.join("/"));
    }
    Ok(Some((spelled.join(" "), entry)))
}

impl Lexicon {
    fn empty() -> Self {
        Self {
            entries: Vec::new(),
            words: FxHashMap::default(),
            beginnings: FxHashMap::default(),
            beginning_lengths: Vec::new(),
            typos: FxHashMap::default(),
            nodes: Vec::new(),
            roots: FxHashMap::default(),
        }
    }

    fn add(&mut self, term: &str, entry: Entry) {
        let id = self.entries.len() as u32;
        self.entries.push(entry);
        for sequence in expand(term) {
            let mut node = None;
            for step in sequence {
                let key = match step.strip_prefix('~') {
                    _ if step == "_" => None,
                    Some(word) => Some(self.tolerant(word)),
                    None => Some(self.intern(&step)),
                };
                node = Some(self.child(node, key));
            }
            if let Some(node) = node.and_then(|n: u32| self.nodes.get_mut(n as usize))
                && !node.ends.contains(&id)
            {
                node.ends.push(id);
            }
        }
    }

    fn intern(&mut self, word: &str) -> u32 {
        let next = (self.words.len() + self.beginnings.len()) as u32;
        match word.strip_suffix('*') {
            Some(beginning) => *self.beginnings.entry(folded(beginning)).or_insert(next),
            None => *self.words.entry(folded(word)).or_insert(next),
        }
    }

    fn tolerant(&mut self, word: &str) -> u32 {
        let id = self.intern(word);
        let word = folded(word);
        for (at, c) in word.char_indices().skip(1) {
            let shorter = format!("{}{}", &word[..at], &word[at + c.len_utf8()..]);
            self.typos.entry(shorter).or_insert(id);
        }
        self.typos.insert(word, id);
        id
    }

    fn child(&mut self, parent: Option<u32>, key: Option<u32>) -> u32 {
        let fresh = self.nodes.len() as u32;
        let found = match (parent.and_then(|p| self.nodes.get_mut(p as usize)), key) {
            (Some(parent), None) => *parent.any.get_or_insert(fresh),
            (Some(parent), Some(key)) => match parent.next.iter().find(|(k, _)| *k == key) {
                Some(&(_, node)) => node,
                None => {
                    parent.next.push((key, fresh));
                    fresh
                }
            },
            (None, key) => *self.roots.entry(key.unwrap_or(u32::MAX)).or_insert(fresh),
        };
        if found == fresh {
            self.nodes.push(Node::default());
        }
        found
    }

    fn seal(&mut self) {
        self.beginning_lengths = self.beginnings.keys().map(String::len).collect();
        self.beginning_lengths.sort_unstable();
        self.beginning_lengths.dedup();
        self.nodes.iter_mut().for_each(|node| node.next.sort_unstable());
    }

    /// Every term of the lists in the text, in order of its first word.
    pub(super) fn find<'l>(&'l self, words: &Words<'_>) -> Vec<Hit<'l>> {
        let mut keys: Vec<[u32; KEYS]> = Vec::with_capacity(words.list.len());
        let mut scratch = String::new();
        keys.extend((0..words.list.len()).map(|i| self.keys(words.at(i), &mut scratch)));
        let mut hits = Vec::with_capacity(words.list.len());
        for first in 0..keys.len() {
            for key in keys[first].iter().take_while(|k| **k != NONE) {
                if let Some(&node) = self.roots.get(key) {
                    self.walk(words, &keys, first, first, node, &mut hits);
                }
            }
        }
        hits
    }

    /// The depth is bounded by the longest term, the width by the lists: constant work for each word of the text.
    fn walk<'l>(
        &'l self,
        words: &Words<'_>,
        keys: &[[u32; KEYS]],
        first: usize,
        last: usize,
        node: u32,
        hits: &mut Vec<Hit<'l>>,
    ) {
        let Some(node) = self.nodes.get(node as usize) else { return };
        hits.extend(node.ends.iter().filter_map(|&e| self.entries.get(e as usize)).map(|entry| Hit {
            entry,
            first,
            last,
        }));
        let next = last + 1;
        if next >= keys.len() || words.list[next].sentence != words.list[first].sentence {
            return;
        }
        if let Some(any) = node.any {
            self.walk(words, keys, first, next, any, hits);
        }
        if !node.next.is_empty() {
            for key in keys[next].iter().take_while(|k| **k != NONE) {
                if let Ok(at) = node.next.binary_search_by_key(key, |(k, _)| *k) {
                    self.walk(words, keys, first, next, node.next[at].1, hits);
                }
            }
        }
    }

    /// The ids under which a word may stand in a term: itself, its beginnings, what it is a typo of.
    fn keys(&self, word: &str, scratch: &mut String) -> [u32; KEYS] {
        let mut keys = [NONE; KEYS];
        let mut count = 0;
        let mut add = |id: u32| {
            if count < KEYS && !keys[..count].contains(&id) {
                keys[count] = id;
                count += 1;
            }
        };
        let exact = self.words.get(word);
        exact.copied().into_iter().for_each(&mut add);
        for &length in self.beginning_lengths.iter().take_while(|l| **l <= word.len()) {
            if let Some(&id) = word.get(..length).and_then(|beginning| self.beginnings.get(beginning)) {
                add(id);
            }
        }
        if exact.is_none() && (5..=16).contains(&word.len()) && word.is_ascii() {
            if let Some(&id) = self.typos.get(word) {
                add(id);
            }
            for skip in 1..word.len() {
                scratch.clear();
                scratch.push_str(&word[..skip]);
                scratch.push_str(&word[skip + 1..]);
                if let Some(&id) = self.typos.get(scratch.as_str()) {
                    add(id);
                    break;
                }
            }
        }
        keys
    }
}

const KEYS: usize = 6;
const NONE: u32 = u32::MAX;

/// All word sequences that a term stands for.
fn expand(term: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for slot in term.split_whitespace() {
        let (slot, optional) = slot.strip_suffix('?').map_or((slot, false), |s| (s, true));
        let choices: Vec<Vec<String>> = match slot {
            "_" => vec![vec![], vec!["_".into()], vec!["_".into(), "_".into()]],
            slot => slot
                .split('/')
                .map(|choice| choice.split('+').map(str::to_owned).collect())
                .chain(optional.then(Vec::new))
                .collect(),
        };
        all = all
            .iter()
            .flat_map(|head| choices.iter().map(move |tail| [head.as_slice(), tail].concat()))
            .collect();
    }
    all.retain(|sequence| sequence.iter().any(|s| s != "_"));
    all
}

/// Of hits that overlap, the longest stays; among equals the heavier, then the earlier.
pub(super) fn longest<'l>(hits: impl Iterator<Item = Hit<'l>>) -> Vec<Hit<'l>> {
    let mut hits: Vec<Hit<'l>> = hits.collect();
    hits.sort_by(|a, b| {
        (b.last - b.first)
            .cmp(&(a.last - a.first))
            .then_with(|| b.entry.weight.abs().total_cmp(&a.entry.weight.abs()))
            .then_with(|| a.first.cmp(&b.first))
    });
    let mut taken = vec![false; hits.iter().map(|h| h.last + 1).max().unwrap_or(0)];
    hits.retain(|hit| {
        let span = &mut taken[hit.first..=hit.last];
        let free = !span.contains(&true);
        if free {
            span.fill(true);
        }
        free
    });
    hits.sort_by_key(|h| h.first);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_list_can_be_read() {
        for (table, file) in FILES {
            let mut names = FxHashMap::default();
            for line in file.lines() {
                if let Some((term, _)) = row(table, line, &mut names).unwrap() {
                    let sequences = expand(&term);
                    assert!(
                        !sequences.is_empty() && sequences.iter().all(|s| s[0] != "_" && s.len() <= 12),
                        "{line}"
                    );
                    assert!(
                        !sequences.iter().flatten().any(|s| s.contains(['?', '/', '@', '_']) && s != "_"),
                        "{line}"
                    );
                }
            }
        }
    }

    #[test]
    fn terms_match_with_gaps_beginnings_choices_and_typos() {
        let found = |text: &str| {
            let words = Words::of(text);
            let hits = shipped().find(&words);
            hits.iter()
                .filter(|h| h.entry.table == Table::Urgency)
                .map(|h| h.entry.code.clone())
                .collect::<Vec<_>>()
        };
        for text in ["can't even access it", "CANNOT ACCESS", "I can’t acess anything", "cannot log in"] {
            assert!(found(text).contains(&"locked-out".to_owned()), "{text}");
        }
        assert!(found("impersonating").contains(&"fraud".to_owned()));
        assert!(
            !found("can't. access").contains(&"locked-out".to_owned()),
            "a term does not cross a sentence"
        );
        assert!(!found("charged").contains(&"explicit-urgent".to_owned()));
    }
}
