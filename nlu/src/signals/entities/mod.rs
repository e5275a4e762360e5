//! What a message names. The kinds claim their places in an order that keeps one from being read as another: addresses,
//! amounts, times, then numbers by what they are called, then telephones.

mod address;
mod amount;
mod calendar;
mod number;
mod phrase;
mod time;

use chrono::{DateTime, Utc};

use super::{Entity, EntityKind, Heard, Hints};

/// Finds everything named in the text, in order of place.
pub(super) fn find(heard: &Heard<'_, '_, '_>, hints: &Hints<'_>) -> Vec<Entity> {
    let text = heard.words.text;
    let mut claims = Claims { text, found: Vec::new(), blocked: Vec::new() };
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    address::find(&mut claims);
    if digits {
        amount::find(&mut claims);
    }
    time::find(heard, hints, digits, &mut claims);
    if digits || text.contains('_') {
        number::find(&mut claims);
    }
    claims.found.sort_by_key(|e| e.start);
    claims.found
}

/// How heavily a deadline presses: `None` for one that is past or further than ten days.
pub(super) fn deadline_weight(entity: &Entity, now: DateTime<Utc>) -> Option<f32> {
    let due = DateTime::parse_from_rfc3339(&entity.value).ok()?;
    let minutes = due.signed_duration_since(now).num_minutes();
    match minutes {
        ..=-1 => None,
        0..=360 => Some(0.65),
        361..=1620 => Some(0.55),
        1621..=4320 => Some(0.25),
        4321..=14400 => Some(0.1),
        _ => None,
    }
}

/// What has been found so far, and which places are taken.
struct Claims<'t> {
    text: &'t str,
    found: Vec<Entity>,
    /// Places that are nothing: a 31 February is no date, and no order number either. In ascending order.
    blocked: Vec<(usize, usize)>,
}

impl Claims<'_> {
    /// Whether nothing has claimed any of these bytes.
    fn free(&self, start: usize, end: usize) -> bool {
        let apart = |from: usize, to: usize| to <= start || from >= end;
        let near = |list: &[(usize, usize)]| {
            let at = list.partition_point(|&(from, _)| from < end);
            at == 0 || apart(list[at - 1].0, list[at - 1].1)
        };
        let at = self.found.partition_point(|e| e.start < end);
        (at == 0 || apart(self.found[at - 1].start, self.found[at - 1].end)) && near(&self.blocked)
    }

    /// Records an entity where the place is free.
    fn claim(&mut self, kind: EntityKind, start: usize, end: usize, value: String) {
        if start < end
            && self.free(start, end)
            && let Some(text) = self.text.get(start..end)
        {
            let at = self.found.partition_point(|e| e.start < start);
            self.found.insert(at, Entity { kind, text: text.to_owned(), value, start, end });
        }
    }

    /// Marks a place as nothing.
    fn block(&mut self, start: usize, end: usize) {
        if self.free(start, end) {
            let at = self.blocked.partition_point(|&(from, _)| from < start);
            self.blocked.insert(at, (start, end));
        }
    }

    /// The character right before a place, and the one right after.
    fn around(&self, start: usize, end: usize) -> (Option<char>, Option<char>) {
        let before = self.text.get(..start).and_then(|t| t.chars().next_back());
        let after = self.text.get(end..).and_then(|t| t.chars().next());
        (before, after)
    }
}
