//! From a feature's hash to its number: open addressing in one flat array, built in a millisecond when a model loads.

/// Slots a feature; a third of the slots are taken at most, so a miss is seen after one or two looks.
const SLOTS_PER_FEATURE: usize = 3;

#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// (upper half of the hash, number + 1), zero where free.
    slots: Vec<(u32, u32)>,
    shift: u32,
}

impl Lookup {
    pub(crate) fn new(hashes: &[u64]) -> Self {
        let size = (hashes.len() * SLOTS_PER_FEATURE).next_power_of_two().max(16);
        let mut lookup = Lookup { slots: vec![(0, 0); size], shift: 64 - size.trailing_zeros() };
        for (number, &hash) in hashes.iter().enumerate() {
            let mut at = lookup.start(hash);
            while lookup.slots[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            lookup.slots[at] = ((hash >> 32) as u32, number as u32 + 1);
        }
        lookup
    }

    /// Two of a hundred thousand features that share their upper halves would be taken for each other, once in a
    /// vocabulary perhaps; the first then stands for both.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        let wanted = (hash >> 32) as u32;
        let mut at = self.start(hash);
        loop {
            match self.slots[at] {
                (_, 0) => return None,
                (found, number) if found == wanted => return Some(number - 1),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// The lower half decides where to start, the upper half who it is.
    #[inline(always)]
    fn start(&self, hash: u64) -> usize {
        hash.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::random::mix;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let hashes: Vec<u64> = (0..5_000).map(mix).collect();
        let lookup = Lookup::new(&hashes);
        for (number, &hash) in hashes.iter().enumerate() {
            assert_eq!(lookup.find(hash), Some(number as u32));
        }
        assert!((5_000..10_000).all(|n| lookup.find(mix(n)).is_none()));
        assert_eq!(Lookup::new(&[]).find(0), None);
    }
}
