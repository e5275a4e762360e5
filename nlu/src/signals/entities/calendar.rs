//! From what was said to a moment: the customer's calendar around the time of writing.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime, SecondsFormat, TimeDelta};

use crate::signals::Hints;

/// A day as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    FromToday(i64),
    /// Monday is 0; the next such day, never today.
    Weekday(u32),
    Tonight,
    EndOf(i64),
    OnDate(Option<i32>, u32, u32),
    OfMonth(u32),
}

/// A day, a time of day in minutes after midnight, or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) day: Option<Day>,
    pub(super) minutes: Option<i64>,
    /// "next week's": the one after the first.
    pub(super) next: bool,
}

/// The customer's clock at the time of writing.
pub(super) struct Calendar {
    now: DateTime<FixedOffset>,
}

impl Calendar {
    pub(super) fn of(hints: &Hints<'_>) -> Self {
        let offset = Some(hints.utc_offset_minutes)
            .filter(|m| (-1439..=1439).contains(m))
            .and_then(|m| FixedOffset::east_opt(m * 60))
            .or(FixedOffset::east_opt(0));
        // At the ends of time a local clock cannot be reckoned.
        let now = Some(hints.now).filter(|n| (1..=9998).contains(&n.year())).unwrap_or(DateTime::UNIX_EPOCH);
        Self { now: offset.map_or_else(|| now.fixed_offset(), |o| now.with_timezone(&o)) }
    }

    /// So many minutes from now, in RFC 3339.
    pub(super) fn after(&self, minutes: i64) -> Option<String> {
        let moment = self.now.checked_add_signed(TimeDelta::try_minutes(minutes)?)?;
        written(moment)
    }

    /// The moment in RFC 3339, and how many minutes ahead it is. A `due` day without a time means its end, or its
    /// beginning where something must happen `before` it; any other day is its beginning.
    pub(super) fn resolve(&self, moment: &Moment, due: bool, before: bool) -> Option<(String, Option<i64>)> {
        let today = self.now.date_naive();
        let date = match moment.day {
            Some(day) => self.date(day, today, due, moment.next)?,
            None => today,
        };
        let minutes = match (moment.minutes, moment.day) {
            (Some(minutes), _) => minutes,
            (None, Some(Day::EndOf(_))) => return self.end(date),
            (None, Some(Day::Tonight)) if !due => 21 * 60,
            (None, _) if due && !before => return self.end(date),
            (None, _) => 0,
        };
        let minutes = match moment.day {
            // "tonight at 9"
            Some(Day::Tonight) if (60..720).contains(&minutes) => minutes + 720,
            _ => minutes,
        };
        let mut at = self.at(date, minutes)?;
        if moment.day.is_none() && at <= self.now {
            at = self.at(date.checked_add_days(Days::new(1))?, minutes)?;
        }
        Some((written(at)?, Some(at.signed_duration_since(self.now).num_minutes())))
    }

    fn end(&self, date: NaiveDate) -> Option<(String, Option<i64>)> {
        let at = self.at(date, 1440)?.checked_sub_signed(TimeDelta::try_seconds(1)?)?;
        Some((written(at)?, Some(at.signed_duration_since(self.now).num_minutes())))
    }

    fn at(&self, date: NaiveDate, minutes: i64) -> Option<DateTime<FixedOffset>> {
        let start = date.and_time(NaiveTime::MIN).and_local_timezone(*self.now.offset()).single()?;
        start.checked_add_signed(TimeDelta::try_minutes(minutes)?)
    }

    fn date(&self, day: Day, today: NaiveDate, due: bool, next: bool) -> Option<NaiveDate> {
        let later = |days: i64| today.checked_add_signed(TimeDelta::try_days(days)?);
        let weekday = i64::from(today.weekday().num_days_from_monday());
        match day {
            Day::FromToday(days) => later(days),
            Day::Tonight => Some(today),
            Day::Weekday(wanted) => {
                let ahead = (i64::from(wanted) - weekday).rem_euclid(7);
                later(if ahead == 0 { 7 } else { ahead })
            }
            Day::EndOf(1) => Some(today),
            Day::EndOf(7) => later(6 - weekday + if next { 7 } else { 0 }),
            Day::EndOf(14) => later(13 - weekday),
            Day::EndOf(30) => {
                today.with_day(1)?.checked_add_months(Months::new(1 + u32::from(next)))?.pred_opt()
            }
            Day::EndOf(_) => NaiveDate::from_ymd_opt(today.year(), 12, 31),
            Day::OnDate(Some(year), month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Day::OnDate(None, month, day) => {
                // Written without a year: for a deadline the next one, else the nearest.
                let years = (today.year() - 1)..=(today.year() + 4);
                let dates = years.filter_map(|y| NaiveDate::from_ymd_opt(y, month, day));
                if due {
                    dates.filter(|d| *d >= today).min()
                } else {
                    dates.min_by_key(|d| d.signed_duration_since(today).num_days().abs())
                }
            }
            Day::OfMonth(day) => (0..3)
                .filter_map(|m| today.with_day(1)?.checked_add_months(Months::new(m))?.with_day(day))
                .find(|d| *d >= today),
        }
    }
}

/// RFC 3339 to the second; nothing for years that it cannot write.
fn written(moment: DateTime<FixedOffset>) -> Option<String> {
    (0..=9999).contains(&moment.year()).then(|| moment.to_rfc3339_opts(SecondsFormat::Secs, false))
}
