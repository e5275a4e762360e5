//! `policies/teams.yaml`: who takes over, and when they are there.

use super::ByLanguage;
use crate::domain::Time;
use crate::playbook::yaml::{Span, Spanned};
use chrono::{Datelike, Days, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamsFile {
    /// Where everything else goes.
    #[schemars(with = "String")]
    pub default: Spanned<String>,
    /// All teams.
    pub teams: Vec<Team>,
}

/// One team.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Kebab-case.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// As people see it.
    pub name: String,
    /// When somebody is there.
    pub hours: Hours,
    /// After this a waiting customer is told what to expect.
    #[schemars(with = "String")]
    pub takeover_within: Span,
    /// What they are told, instead of the desk's general sentence.
    #[serde(default)]
    pub expect: ByLanguage,
    /// How the team is told beside the console; by every channel that is set up where absent, by none where empty.
    #[serde(default)]
    pub notify: Option<Vec<NoticeChannel>>,
    /// Whether customers are told what is written below their tickets in the other ticket system and is shown to
    /// customers there. Without it agents alone see it.
    #[serde(default)]
    pub tell_ticket_comments: bool,
}

/// A way to tell a team; each is set up in the settings, under `[notify]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeChannel {
    /// A Slack channel.
    Slack,
    /// A Discord channel.
    Discord,
    /// A Telegram chat.
    Telegram,
    /// E-mail addresses.
    Email,
    /// A webhook of one's own.
    Webhook,
}

impl NoticeChannel {
    /// Its name in the settings and in dead letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

/// Opening hours.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Hours {
    /// The word `always`.
    Always(AlwaysWord),
    /// Days with hours, in a time zone.
    Week(Week),
}

/// The word `always`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlwaysWord {
    /// Day and night.
    Always,
}

/// A week.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Week {
    /// Whose clock.
    #[schemars(with = "String")]
    pub timezone: Tz,
    /// `mon` to `sun`: `"09:00-17:30"`; a missing day is closed.
    #[schemars(with = "BTreeMap<String, String>")]
    pub days: BTreeMap<Day, Shift>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

/// From when to when on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The first minute.
    pub opens: NaiveTime,
    /// The first minute after.
    pub closes: NaiveTime,
}

impl<'de> Deserialize<'de> for Shift {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let shift = text.split_once('-').and_then(|(opens, closes)| {
            let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
            Some(Self { opens: time(opens)?, closes: time(closes)? })
                .filter(|shift| shift.opens < shift.closes)
        });
        shift.ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" are no hours; write e.g. \"09:00-17:30\""))
        })
    }
}

impl Team {
    /// Whether somebody is there.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        match &self.hours {
            Hours::Always(_) => true,
            Hours::Week(week) => {
                let local = now.with_timezone(&week.timezone);
                week.days
                    .get(&Day::from(local.weekday()))
                    .is_some_and(|shift| shift.opens <= local.time() && local.time() < shift.closes)
            }
        }
    }

    /// When somebody is there next; `None` where they are there now or never.
    #[must_use]
    pub fn opens_at(&self, now: Time) -> Option<chrono::DateTime<Tz>> {
        let Hours::Week(week) = &self.hours else { return None };
        if self.is_open(now) {
            return None;
        }
        let local = now.with_timezone(&week.timezone);
        (0..=7).find_map(|ahead| {
            let date = local.date_naive().checked_add_days(Days::new(ahead))?;
            let shift = week.days.get(&Day::from(date.weekday()))?;
            let opens = week.timezone.from_local_datetime(&date.and_time(shift.opens)).earliest()?;
            (opens > local).then_some(opens)
        })
    }

    /// When a customer who is handed over now has waited too long: counted from when somebody is there.
    #[must_use]
    pub fn overdue_at(&self, now: Time) -> Time {
        self.opens_at(now).map_or(now, |opens| opens.to_utc()) + self.takeover_within.delta()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team() -> Team {
        serde_saphyr::from_str(
            "{id: billing, name: Billing, takeover_within: 5m, hours: {timezone: Europe/Berlin, days: {mon: '09:00-17:30', fri: '09:00-12:00'}}}",
        )
        .unwrap()
    }

    #[test]
    fn a_team_is_there_in_its_own_hours() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        // Friday 20 November 2026; Berlin is an hour ahead of UTC.
        assert!(team().is_open(at("2026-11-20T08:00:00Z")));
        assert!(!team().is_open(at("2026-11-20T11:00:00Z")));
        let opens = team().opens_at(at("2026-11-20T11:00:00Z")).unwrap();
        assert_eq!(opens.to_rfc3339(), "2026-11-23T09:00:00+01:00");
        assert_eq!(team().opens_at(at("2026-11-20T08:00:00Z")), None);
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        assert!(serde_saphyr::from_str::<Shift>("'17:00-09:00'").is_err());
        assert!(serde_saphyr::from_str::<Shift>("'9 to 5'").is_err());
    }
}
