//! How long ago a day is, for conditions.

use crate::domain::Time;

/// Whole days since a day, as of the message; -1 where it is no day.
pub(super) fn days_since(day: &str, now: Time) -> i64 {
    let day = day.get(..10).and_then(|day| day.parse::<chrono::NaiveDate>().ok());
    day.map_or(-1, |day| (now.date_naive() - day).num_days())
}

/// Whole months since a day, as of the message: 6 on the day six months later; -1 where it is no day or yet to come.
pub(super) fn months_since(day: &str, now: Time) -> i64 {
    let day = day.get(..10).and_then(|day| day.parse::<chrono::NaiveDate>().ok());
    let months = day.and_then(|day| {
        let years = now.date_naive().years_since(day)?;
        let anniversary = day.checked_add_months(chrono::Months::new(years * 12))?;
        let more = (1..12).take_while(|more| {
            let after = anniversary.checked_add_months(chrono::Months::new(*more));
            after.is_some_and(|after| after <= now.date_naive())
        });
        Some(i64::from(years) * 12 + i64::try_from(more.count()).ok()?)
    });
    months.unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_as_people_count_them() {
        let now = "2026-03-31T12:00:00Z".parse::<Time>().unwrap();
        for (day, months) in [
            ("2026-03-31", 0),
            ("2026-03-01", 0),
            ("2026-02-28", 1),
            ("2025-09-30", 6),
            ("2025-10-01", 5),
            ("2024-02-29", 25),
            ("2020-03-31", 72),
            ("2026-04-01", -1),
            ("soon", -1),
        ] {
            assert_eq!(months_since(day, now), months, "{day}");
        }
    }
}
