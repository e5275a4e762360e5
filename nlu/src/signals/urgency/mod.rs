//! Urgency: what the rules find, and how the message is worded, weighed together by a small model learned from
//! labelled messages. The rules name their grounds and are right where they speak; the wording carries over to what no
//! rule foresees.

mod rules;
mod wording;

use super::{Entity, Heard, Hints, Signal, Urgency};

/// What a judgement holds.
pub(super) struct Judged {
    pub(super) level: Urgency,
    pub(super) signals: Vec<Signal>,
    /// The weight of the harm that the rules saw, for the mood.
    pub(super) harm: f32,
}

/// Judges the urgency of a text.
pub(super) fn judge(heard: &Heard<'_, '_, '_>, entities: &[Entity], hints: &Hints<'_>) -> Judged {
    let ruled = rules::apply(heard, entities, hints);
    let weighed = wording::weigh(heard, &ruled);
    let mut signals = ruled.signals;
    signals.extend(weighed.words);
    signals.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.code.cmp(&b.code)));
    Judged { level: weighed.level, signals, harm: ruled.harm }
}

/// Learns the model now rather than at the first message.
pub(super) fn warm_up() {
    wording::warm_up();
}
