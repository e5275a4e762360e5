//! When the outbox tries again: the timetable of Standard Webhooks' reference server. Pure.

use std::time::Duration;

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// The pause before each try: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. After the last one a message is dead
/// and waits for a human to send it again.
pub const PAUSES: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    minutes(2 * 60),
    minutes(5 * 60),
    minutes(10 * 60),
    minutes(10 * 60),
];

/// How far a pause may stray to either side, so that a thousand messages that failed together do not come back together.
pub const JITTER: f64 = 0.1;

/// The pause before the try after `failed` failed ones; `None`: it is dead. `chance` is in `0.0..1.0`.
#[must_use]
pub fn pause(failed: usize, chance: f64) -> Option<Duration> {
    let pause = PAUSES.get(failed)?;
    Some(pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0)))
}

/// The same, never sooner than the other side asked for.
#[must_use]
pub fn pause_asked(failed: usize, chance: f64, asked: Duration) -> Option<Duration> {
    pause(failed, chance).map(|pause| pause.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_tries_within_about_a_day() {
        let pauses: Vec<u64> =
            (0..9).map_while(|failed| pause(failed, 0.5)).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [0, 5, 300, 1800, 7200, 18000, 36000, 36000]);
        assert_eq!(pause(8, 0.5), None);
        assert_eq!(pause_asked(1, 0.5, minutes(2)), Some(minutes(2)));
    }

    proptest::proptest! {
        #[test]
        fn jitter_stays_within_its_bounds(failed in 0_usize..8, chance in -1.0..2.0_f64) {
            let (pause, plain) = (pause(failed, chance).unwrap().as_secs_f64(), PAUSES[failed].as_secs_f64());
            assert!(pause >= plain * 0.899 && pause <= plain * 1.101);
        }
    }
}
