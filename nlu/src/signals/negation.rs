//! Which words are negated: "not urgent", "kein Problem", "je n'aime pas".

use super::lexicon::{Hit, Table, longest};
use super::words::Words;

/// How many words a negator reaches.
const REACH: usize = 3;

/// The negators of a text, and where clauses are joined.
pub(super) struct Negation {
    negators: Vec<Negator>,
    joints: Vec<usize>,
}

struct Negator {
    first: usize,
    last: usize,
    backwards: bool,
}

impl Negation {
    pub(super) fn of(hits: &[Hit<'_>]) -> Self {
        let own = || hits.iter().filter(|h| h.entry.table == Table::Negation).copied();
        let joints = own().filter(|h| h.entry.code == "joint").map(|h| h.first).collect();
        let backwards: Vec<usize> =
            own().filter(|h| h.entry.code == "negator-back").map(|h| h.first).collect();
        let negators = longest(own().filter(|h| h.entry.code != "joint" && h.entry.code != "negator-back"))
            .into_iter()
            .filter(|h| h.entry.code == "negator")
            .map(|h| Negator {
                first: h.first,
                last: h.last,
                backwards: backwards.binary_search(&h.first).is_ok(),
            })
            .collect();
        Self { negators, joints }
    }

    /// The words of the negator that governs the words `first..=last`, if one does.
    pub(super) fn of_words(&self, words: &Words<'_>, first: usize, last: usize) -> Option<(usize, usize)> {
        let clause = |i: usize| words.list.get(i).map(|w| w.clause);
        // Ordered by place, so the nearest before is the last that ends before.
        let after = self.negators.partition_point(|n| n.first < first);
        let before = after.checked_sub(1).and_then(|i| self.negators.get(i)).filter(|n| {
            n.last < first
                && first - n.last <= REACH
                && clause(n.last) == clause(first)
                && !self.joined(n.last, first)
        });
        let behind = || {
            let next = self.negators.partition_point(|n| n.first <= last);
            self.negators
                .get(next)
                .filter(|n| n.backwards && n.first - last <= 1 && clause(n.first) == clause(last))
        };
        before.or_else(behind).map(|n| (n.first, n.last))
    }

    /// Whether a joint such as "but" stands after one word and up to another.
    pub(super) fn joined(&self, from: usize, to: usize) -> bool {
        let next = self.joints.partition_point(|&j| j <= from);
        self.joints.get(next).is_some_and(|&j| j <= to)
    }
}
