//! Dates and deadlines in words: "in 30 minutes", "by tomorrow noon", "bis morgen 12 Uhr", "avant 17h", "antes del
//! viernes". A small grammar over the tokens of `phrase`: cue, then a span, or a day and a clock time in either order.

use super::Claims;
use super::calendar::{Calendar, Day, Moment};
use super::phrase::{Cue, Item, Token, items};
use crate::signals::{EntityKind, Heard, Hints};

/// Beyond ten years nothing is a deadline, in minutes.
const FARTHEST: i64 = 10 * 366 * 1440;

pub(super) fn find(heard: &Heard<'_, '_, '_>, hints: &Hints<'_>, digits: bool, claims: &mut Claims<'_>) {
    let items = items(heard, digits, claims);
    let anchored = |i: &Item| {
        !matches!(
            i.token,
            Token::Number(_) | Token::Cue(_) | Token::Joint | Token::Event | Token::This | Token::Next
        )
    };
    if !items.iter().any(anchored) && !digits {
        return;
    }
    let reader = Reader { heard, items: &items, calendar: Calendar::of(hints) };
    let mut at = 0;
    while at < items.len() {
        let Some(read) = reader.expression(at) else {
            at += 1;
            continue;
        };
        at = read.next.max(at + 1);
        let words = &heard.words.list;
        if let (Some((kind, value)), Some(a), Some(b)) =
            (read.found, words.get(read.first), words.get(read.last))
        {
            claims.claim(kind, a.start, b.end, value);
        }
    }
}

struct Reader<'a, 'w, 't, 'l> {
    heard: &'a Heard<'w, 't, 'l>,
    items: &'a [Item],
    calendar: Calendar,
}

/// An expression that was read: the item after it, its words, and what it is, if anything.
struct Read {
    next: usize,
    first: usize,
    last: usize,
    found: Option<(EntityKind, String)>,
}

impl Reader<'_, '_, '_, '_> {
    fn token(&self, at: usize) -> Option<Token> {
        self.items.get(at).map(|i| i.token)
    }

    /// The token at `at`, if its word comes right after the one before (or stands on it, as in "17h").
    fn following(&self, at: usize) -> Option<Token> {
        let (before, here) = (self.items.get(at.checked_sub(1)?)?, self.items.get(at)?);
        let words = &self.heard.words.list;
        let near = here.first <= before.last + 1
            && words.get(here.first)?.sentence == words.get(before.last)?.sentence;
        near.then_some(here.token)
    }

    fn expression(&self, start: usize) -> Option<Read> {
        let mut at = start;
        let mut cue = None;
        let mut next_week = false;
        while let Some(token) = if at == start { self.token(at) } else { self.following(at) } {
            match token {
                Token::Cue(new) => cue = Some(cue.filter(|c| *c != Cue::At && new == Cue::At).unwrap_or(new)),
                Token::Joint | Token::This if at > start || self.anchors(at + 1) => {}
                Token::Next => next_week = true,
                _ => break,
            }
            at += 1;
            if at - start > 4 {
                return None;
            }
        }
        if at > start {
            self.following(at)?;
        }
        self.span(start, at, cue).or_else(|| self.point(start, at, cue, next_week))
    }

    fn anchors(&self, at: usize) -> bool {
        matches!(
            self.following(at),
            Some(
                Token::Weekday(_)
                    | Token::DayOfMonth(_)
                    | Token::Date(..)
                    | Token::Number(_)
                    | Token::Cue(_)
                    | Token::Next
                    | Token::Month(_)
            )
        )
    }

    /// "in 30 minutes", "2 hours left"; "5 minutes ago" is read over.
    fn span(&self, start: usize, at: usize, cue: Option<Cue>) -> Option<Read> {
        let (minutes, mut next) = match (self.token(at)?, self.following(at + 1)) {
            (Token::Span(minutes), _) => (minutes, at + 1),
            (Token::Number(count), Some(Token::Unit(minutes))) => {
                // "avant 17 heures", "at 14h" are clock times.
                let hour = minutes == 60
                    && count <= 24
                    && matches!(cue, Some(Cue::Before | Cue::At | Cue::By))
                    && !self.until_from_now(start);
                if hour {
                    return None;
                }
                (i64::from(count).checked_mul(minutes)?, at + 2)
            }
            _ => return None,
        };
        let mut ahead = cue == Some(Cue::In) || (cue == Some(Cue::By) && self.until_from_now(start));
        match self.following(next) {
            Some(Token::Left) => {
                ahead = true;
                next += 1;
            }
            Some(Token::Ago) => {
                ahead = false;
                next += 1;
            }
            _ => {}
        }
        let value =
            (ahead && (1..=FARTHEST).contains(&minutes)).then(|| self.calendar.after(minutes)).flatten();
        self.read(start, next, value.map(|v| (EntityKind::Deadline, v)))
    }

    /// French "d'ici deux heures" counts from now.
    fn until_from_now(&self, start: usize) -> bool {
        let item = self.items.get(start);
        item.is_some_and(|i| (i.first..=i.last).any(|w| self.heard.words.at(w) == "ici"))
    }

    /// A day, a clock time, or both.
    fn point(&self, start: usize, mut at: usize, cue: Option<Cue>, next_week: bool) -> Option<Read> {
        let mut moment = Moment { day: None, minutes: None, next: next_week };
        let mut end = at;
        let mut next = next_week;
        for _ in 0..6 {
            let token = if at == start { self.token(at) } else { self.following(at) };
            let Some(token) = token else { break };
            if let Some(used) = self
                .day(at, token, &mut moment.day)
                .or_else(|| self.clock(at, token, cue, end > start || at > start, &mut moment))
            {
                at += used;
                end = at;
            } else if matches!(token, Token::Joint | Token::Cue(Cue::At)) && end > start {
                at += 1;
            } else if token == Token::Next && end > start {
                next = true;
                at += 1;
                end = at;
            } else {
                break;
            }
        }
        if end == start || (moment.day.is_none() && moment.minutes.is_none()) {
            return None;
        }
        moment.next = next;
        let due = matches!(cue, Some(Cue::Before | Cue::By)) || matches!(moment.day, Some(Day::EndOf(_)));
        let value = match cue {
            Some(Cue::Since) => None,
            _ => self.calendar.resolve(&moment, due, cue == Some(Cue::Before)),
        };
        let found = value.map(|(value, ahead)| {
            let soon = ahead.is_some_and(|minutes| (0..=2 * 1440).contains(&minutes));
            let timed = moment.minutes.is_some() || moment.day == Some(Day::Tonight);
            let deadline = due || (timed && soon && self.event(start, end));
            (if deadline { EntityKind::Deadline } else { EntityKind::Date }, value)
        });
        self.read(start, end, found)
    }

    fn day(&self, at: usize, token: Token, day: &mut Option<Day>) -> Option<usize> {
        if day.is_some() {
            return None;
        }
        let (new, used) = match token {
            Token::Day(days) => (Day::FromToday(days), 1),
            Token::Weekday(weekday) => (Day::Weekday(weekday), 1),
            Token::Tonight => (Day::Tonight, 1),
            Token::Period(period) => (Day::EndOf(period), 1),
            Token::Date(year, month, d) => (Day::OnDate(year, month, d), 1),
            Token::DayOfMonth(d) | Token::Number(d) if (1..=31).contains(&d) => {
                let gap = usize::from(self.following(at + 1) == Some(Token::Joint));
                match self.following(at + 1 + gap) {
                    Some(Token::Month(month)) => {
                        let gap2 = usize::from(self.following(at + 2 + gap) == Some(Token::Joint));
                        let (year, more) =
                            self.year(at + 2 + gap + gap2).map_or((None, 0), |y| (Some(y), 1 + gap2));
                        (Day::OnDate(year, month, d), 2 + gap + more)
                    }
                    _ if matches!(token, Token::DayOfMonth(_)) && self.introduced(at) => (Day::OfMonth(d), 1),
                    _ => return None,
                }
            }
            Token::Month(month) => match self.following(at + 1) {
                Some(Token::DayOfMonth(d) | Token::Number(d)) if (1..=31).contains(&d) => {
                    let (year, more) = self.year(at + 2).map_or((None, 0), |y| (Some(y), 1));
                    (Day::OnDate(year, month, d), 2 + more)
                }
                _ => return None,
            },
            _ => return None,
        };
        *day = Some(new);
        Some(used)
    }

    /// "the 28th", not "our 5th".
    fn introduced(&self, at: usize) -> bool {
        let before = self.items[at].first.checked_sub(1).map(|w| self.heard.words.at(w));
        matches!(before, Some("the" | "by" | "on" | "before" | "until"))
    }

    fn year(&self, at: usize) -> Option<i32> {
        match self.following(at) {
            Some(Token::Number(year)) if (1900..=2200).contains(&year) => i32::try_from(year).ok(),
            _ => None,
        }
    }

    fn clock(
        &self,
        at: usize,
        token: Token,
        cue: Option<Cue>,
        inside: bool,
        moment: &mut Moment,
    ) -> Option<usize> {
        if moment.minutes.is_some() {
            return None;
        }
        let (minutes, used) = match token {
            Token::Clock(minutes) => match self.following(at + 1) {
                Some(Token::Pm) if (60..780).contains(&minutes) => (minutes % 720 + 720, 2),
                Some(Token::Am) if minutes < 780 => (minutes % 720, 2),
                Some(Token::OClock) => (minutes, 2),
                _ => (minutes, 1),
            },
            // A part of a day needs its day: "tomorrow morning", "Freitag Abend".
            Token::Daypart(minutes) if moment.day.is_some() => (minutes, 1),
            Token::Number(hour) if hour <= 24 => {
                let hour = i64::from(hour);
                let dotted = usize::from(self.following(at + 1) == Some(Token::Joint));
                match (self.following(at + 1), self.following(at + 1 + dotted)) {
                    (Some(Token::Pm), _) if (1..=12).contains(&hour) => (hour % 12 * 60 + 720, 2),
                    (Some(Token::Am), _) if (1..=12).contains(&hour) => (hour % 12 * 60, 2),
                    (Some(Token::OClock), _) => (hour * 60, 2),
                    (Some(Token::Unit(60)), _) if inside => (hour * 60, 2),
                    _ if hour > 0
                        && matches!(cue, Some(Cue::At | Cue::Before | Cue::By))
                        && inside
                        && self.stops(at) =>
                    {
                        // An hour named alone is one of the working day.
                        (if hour <= 6 { hour + 12 } else { hour } * 60, 1)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        moment.minutes = Some(minutes);
        Some(used)
    }

    /// Whether the phrase ends with this number, so that it counts nothing: "at 10", not "at 10 shops".
    fn stops(&self, at: usize) -> bool {
        let words = &self.heard.words.list;
        let last = self.items[at].last;
        match (words.get(last), words.get(last + 1)) {
            (Some(here), Some(next)) => {
                here.clause != next.clause
                    || matches!(
                        self.heard.words.at(last + 1),
                        "and" | "but" | "or" | "und" | "et" | "y" | "today" | "tomorrow" | "sharp"
                    )
            }
            _ => true,
        }
    }

    /// Whether the sentence names something that begins or is due.
    fn event(&self, start: usize, end: usize) -> bool {
        let words = &self.heard.words.list;
        let sentence = |item: &Item| words.get(item.first).map(|w| w.sentence);
        let (Some(here), around) = (self.items.get(start).and_then(sentence), 12) else { return false };
        self.items[start.saturating_sub(around)..self.items.len().min(end + around)]
            .iter()
            .any(|i| i.token == Token::Event && sentence(i) == Some(here))
    }

    fn read(&self, start: usize, next: usize, found: Option<(EntityKind, String)>) -> Option<Read> {
        let last = self.items.get(next.checked_sub(1)?)?.last;
        Some(Read { next, first: self.items.get(start)?.first, last, found })
    }
}
