//! Cuts long messages into parts that a platform takes.

use unicode_segmentation::UnicodeSegmentation as _;

/// Parts of at most `limit` UTF-16 units each (no platform counts more than that for a character), cut after a
/// paragraph, a line, a sentence or a word where there is one in the second half of the part, else between two
/// characters as people see them. White space at a cut is dropped; nothing else is.
#[must_use]
pub fn split(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while units(rest) > limit {
        let end = fits(rest, limit);
        let (part, after) = rest.split_at(cut(rest, end));
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest beginning, in bytes, of at most `limit` units that ends between two graphemes; between two
/// characters where a single grapheme is longer than that.
fn fits(text: &str, limit: usize) -> usize {
    let longest = |lengths: &mut dyn Iterator<Item = (usize, &str)>| {
        let (mut used, mut end) = (0, 0);
        for (start, piece) in lengths {
            used += units(piece);
            if used > limit {
                break;
            }
            end = start + piece.len();
        }
        end
    };
    match longest(&mut text.grapheme_indices(true)) {
        0 => longest(&mut text.char_indices().map(|(at, c)| (at, &text[at..at + c.len_utf8()]))).max(1),
        end => end,
    }
}

/// Where to cut the first `end` bytes.
fn cut(text: &str, end: usize) -> usize {
    let head = &text[..end];
    let after = |found: Option<usize>, length: usize| found.map(|at| at + length).filter(|at| *at > end / 2);
    after(head.rfind("\n\n"), 2)
        .or_else(|| after(head.rfind('\n'), 1))
        .or_else(|| after(head.rfind(". "), 2))
        .or_else(|| after(head.rfind(' '), 1))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_stays_whole_and_a_long_one_is_cut_where_it_reads_well() {
        assert_eq!(split("Hello there", 20), ["Hello there"]);
        assert_eq!(split("One two. Three four.", 12), ["One two.", "Three four."]);
        assert_eq!(split("First line\nsecond line", 14), ["First line", "second line"]);
        assert_eq!(split("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
        assert_eq!(split("", 4), [""]);
    }

    #[test]
    fn no_character_is_torn() {
        // A family of four is one character to people, eleven units to a platform.
        assert_eq!(split("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 12), ["👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"]);
        assert_eq!(split("👨‍👩‍👧‍👦", 4).concat(), "👨‍👩‍👧‍👦");
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "\\PC{0,300}|[a-z .\n😀é]{0,300}", limit in 2_usize..50) {
            let parts = split(&text, limit);
            prop_assert!(parts.iter().all(|part| units(part) <= limit));
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }
    }
}
