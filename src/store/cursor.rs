//! Where a page begins: the sort key of the last row of the page before, in hexadecimal.

use crate::ports::storage::Page;

/// The place of a row in a list. `list` tells lists apart, so that a cursor of one is garbage in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) list: char,
    pub(crate) rank: i64,
    pub(crate) key: i64,
    pub(crate) id: String,
}

impl Cursor {
    pub(crate) fn encode(&self) -> String {
        hex::encode(format!("{}:{}:{}:{}", self.list, self.rank, self.key, self.id))
    }

    /// `None` for anything that [`Cursor::encode`] did not make for this list: the page is then the first one.
    pub(crate) fn decode(text: &str, list: char) -> Option<Self> {
        let text = String::from_utf8(hex::decode(text).ok()?).ok()?;
        let mut parts = text.splitn(4, ':');
        let found = parts.next()?;
        let cursor = Self {
            list,
            rank: parts.next()?.parse().ok()?,
            key: parts.next()?.parse().ok()?,
            id: parts.next()?.to_owned(),
        };
        (found == list.to_string() && !cursor.id.contains('\0')).then_some(cursor)
    }
}

/// How many rows a page holds.
pub(crate) fn page_size(limit: i64) -> i64 {
    limit.clamp(1, 200)
}

/// A page out of rows that were read with one too many.
pub(crate) fn page<T>(mut rows: Vec<(Cursor, T)>, limit: i64) -> Page<T> {
    let size = usize::try_from(page_size(limit)).unwrap_or(1);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = if more { rows.last().map(|(cursor, _)| cursor.encode()) } else { None };
    Page { items: rows.into_iter().map(|(_, row)| row).collect(), next }
}
