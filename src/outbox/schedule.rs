//! When the next try comes, and how many there are. What a customer waits for is tried in quick steps; what waits for
//! another system goes by Standard Webhooks' timetable (at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h). Pauses
//! stray a little, each effect in its own way, so that what failed together does not come back together.

use crate::domain::effect::Effect;
use crate::ports::storage::{Count, Item};
use chrono::TimeDelta;
use connectors::notify::schedule::{self, PAUSES};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// After so many tries (about a day) the effect is given up, and a human sees it.
const MAX_TRIES: i64 = 100;
/// The longest pause between two tries of what a customer waits for.
const MAX_PAUSE_S: i64 = 15 * 60;
/// The longest wait that another side may ask for.
const MAX_WAIT: TimeDelta = TimeDelta::hours(24);

/// Whether it goes by the timetable, and is kept as a dead letter after its last try.
fn is_scheduled(effect: &Effect) -> bool {
    matches!(effect, Effect::Mirror(_) | Effect::Comment { .. } | Effect::Attach { .. } | Effect::Tell { .. })
}

/// Whether it is kept as a dead letter when its tries have come to nothing.
pub(super) fn is_kept(effect: &Effect) -> bool {
    is_scheduled(effect) || matches!(effect, Effect::Act { .. })
}

/// How many tries there are; an action says so itself.
pub(super) fn most_tries(effect: &Effect) -> i64 {
    if is_scheduled(effect) { PAUSES.len() as i64 } else { MAX_TRIES }
}

/// Whether the conversation is to learn that it takes longer: once, when the quick tries are over.
pub(super) fn is_late(item: &Item, count: Count) -> bool {
    let ticket = matches!(item.effect, Effect::Mirror(_) | Effect::Comment { .. });
    ticket && count != Count::Waited && item.attempts == 1
}

/// How long until the next try.
pub(super) fn pause(item: &Item, count: Count, asked: Option<Duration>) -> TimeDelta {
    let asked = asked.map(|after| TimeDelta::from_std(after).unwrap_or(MAX_WAIT).min(MAX_WAIT));
    let own = match (count, &item.effect) {
        (Count::Waited, _) => TimeDelta::zero(),
        // What the desk says may be said twice, and at once; another system is given time.
        (Count::InDoubt, Effect::Send { .. }) if item.doubts == 0 => TimeDelta::zero(),
        (_, effect) if is_scheduled(effect) => {
            let failed = usize::try_from(item.attempts + 1).unwrap_or(usize::MAX);
            let pause = schedule::pause(failed, chance(item)).unwrap_or_default();
            TimeDelta::from_std(pause).unwrap_or(MAX_WAIT)
        }
        (_, Effect::Act { .. }) => strayed(growing(item.attempts), chance(item)),
        _ => growing(item.attempts),
    };
    match asked {
        // What another side asks for stands in place of our own quick steps, and beside the timetable.
        Some(asked) if is_scheduled(&item.effect) => own.max(asked),
        Some(asked) => asked,
        None => own,
    }
}

/// 1, 2, 4 … seconds up to a quarter of an hour.
fn growing(attempts: i64) -> TimeDelta {
    let seconds = 1_i64.checked_shl(attempts.clamp(0, 20) as u32).unwrap_or(MAX_PAUSE_S).min(MAX_PAUSE_S);
    TimeDelta::seconds(seconds)
}

/// A tenth more or less.
fn strayed(pause: TimeDelta, chance: f64) -> TimeDelta {
    let millis = pause.num_milliseconds() as f64;
    TimeDelta::milliseconds((millis * (1.0 - schedule::JITTER + 2.0 * schedule::JITTER * chance)) as i64)
}

/// A number from 0 to 1 that differs from effect to effect and from try to try, and is the same when asked again.
fn chance(item: &Item) -> f64 {
    let digest = Sha256::digest(format!("{} {}", item.place, item.attempts).as_bytes());
    let mut first = [0; 4];
    first.copy_from_slice(&digest[..4]);
    f64::from(u32::from_be_bytes(first)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::ids::{ConversationId, Place};
    use crate::domain::ticket::Priority;

    fn item(seq: i64, attempts: i64, effect: Effect) -> Item {
        let place = Place { conversation: ConversationId(uuid::Uuid::nil()), seq };
        let began = Time::UNIX_EPOCH;
        Item {
            place,
            effect,
            attempts,
            progress: 0,
            doubts: 0,
            asked_at: began,
            began,
            tried: None,
            redriven: false,
        }
    }

    fn tell() -> Effect {
        let (channel, team) = ("slack".to_owned(), "billing".to_owned());
        Effect::Tell { channel, team, text: "look".to_owned(), priority: Priority::Normal }
    }

    fn act() -> Effect {
        let (action, version) = ("a".to_owned(), "v".to_owned());
        Effect::Act { action, version, input: serde_json::Value::Null, undoes: None }
    }

    #[test]
    fn what_waits_for_another_system_goes_by_the_timetable() {
        for (attempts, around) in [(0, 5), (1, 300), (2, 1800), (6, 36_000)] {
            let pause = pause(&item(1, attempts, tell()), Count::Tried, None).num_seconds();
            assert!((pause - around).abs() <= around / 10 + 1, "{attempts}: {pause}");
        }
        let asked = Some(Duration::from_secs(120));
        assert_eq!(pause(&item(1, 0, tell()), Count::Tried, asked).num_seconds(), 120);
        assert!(pause(&item(1, 2, tell()), Count::Tried, asked).num_seconds() > 1000);
        assert_eq!(pause(&item(1, 2, tell()), Count::Waited, asked).num_seconds(), 120);
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let pauses: std::collections::BTreeSet<i64> =
            (0..100).map(|seq| pause(&item(seq, 3, tell()), Count::Tried, None).num_milliseconds()).collect();
        assert!(pauses.len() > 90, "{}", pauses.len());
        let one = pause(&item(7, 3, tell()), Count::Tried, None);
        assert_eq!(
            one,
            pause(&item(7, 3, tell()), Count::Tried, None),
            "but the same asked twice is the same"
        );
    }

    #[test]
    fn what_a_customer_waits_for_comes_in_quick_steps() {
        let pauses = [0, 1, 5, 60].map(|attempts| pause(&item(1, attempts, act()), Count::Tried, None));
        for (pause, around) in pauses.iter().zip([1, 2, 32, MAX_PAUSE_S]) {
            let (millis, around) = (pause.num_milliseconds(), around * 1000);
            assert!((millis - around).abs() <= around / 10, "{millis}");
        }
    }
}
