//! The moments of a schedule.

use crate::domain::Time;
use chrono::Utc;
use chrono_tz::Tz;
use croner::Cron;
use std::str::FromStr;

/// A cron pattern on somebody's clock. Where a clock is put forward, a skipped moment is made up for right after; where
/// it is put back, a moment that comes twice counts once.
pub(super) struct Moments {
    cron: Cron,
    zone: Tz,
}

impl Moments {
    /// Reads a pattern of five fields.
    pub(super) fn parse(cron: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.unwrap_or("UTC");
        let zone = zone
            .parse()
            .map_err(|_| format!("`zone`: \"{zone}\" is no time zone; write e.g. Europe/Berlin"))?;
        let fields = cron.split_whitespace().count();
        if fields != 5 && !cron.starts_with('@') {
            return Err(format!(
                "`cron`: a pattern has five fields (minute, hour, day, month, day of the week), this has {fields}"
            ));
        }
        let cron = Cron::from_str(cron).map_err(|error| format!("`cron`: {error}"))?;
        Ok(Self { cron, zone })
    }

    pub(super) fn next(&self, now: Time) -> Option<Time> {
        let next = self.cron.find_next_occurrence(&now.with_timezone(&self.zone), false);
        next.ok().map(|next| next.with_timezone(&Utc))
    }

    pub(super) fn last(&self, since: Time, now: Time) -> Option<Time> {
        let last = self.cron.find_previous_occurrence(&now.with_timezone(&self.zone), true).ok()?;
        Some(last.with_timezone(&Utc)).filter(|last| *last > since && *last <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_on_somebodys_clock_summer_and_winter() {
        let nine = Moments::parse("0 9 * * MON-FRI", Some("Europe/Berlin")).unwrap();
        assert_eq!(nine.next(at("2026-03-27T09:00:00Z")), Some(at("2026-03-30T07:00:00Z")));
        assert_eq!(nine.next(at("2026-03-26T09:00:00Z")), Some(at("2026-03-27T08:00:00Z")));
    }

    #[test]
    fn the_last_moment_is_the_only_one_of_many_missed() {
        let hourly = Moments::parse("0 * * * *", None).unwrap();
        let (since, now) = (at("2026-03-04T09:00:00Z"), at("2026-03-04T12:30:00Z"));
        assert_eq!(hourly.last(since, now), Some(at("2026-03-04T12:00:00Z")));
        assert_eq!(hourly.last(at("2026-03-04T12:00:00Z"), now), None);
        assert_eq!(hourly.last(since, at("2026-03-04T10:00:00Z")), Some(at("2026-03-04T10:00:00Z")));
    }

    #[test]
    fn a_bad_pattern_or_zone_is_named() {
        let fault = |cron, zone| Moments::parse(cron, zone).err().unwrap();
        assert!(fault("0 25 * * *", None).starts_with("`cron`"));
        assert!(fault("0 9 * *", None).contains("five fields"));
        assert!(fault("* * * * * *", None).contains("five fields"));
        assert!(fault("0 9 * * *", Some("Berlin")).contains("no time zone"));
    }
}
