//! The words of time in a text, and the numbers between them.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::Claims;
use crate::signals::Heard;
use crate::signals::lexicon::{Table, longest};

/// What a word or number says of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    Number(u32),
    /// Minutes.
    Unit(i64),
    /// Minutes.
    Span(i64),
    /// Days from today.
    Day(i64),
    /// Monday is 0.
    Weekday(u32),
    Month(u32),
    /// "28th".
    DayOfMonth(u32),
    /// A date in digits; with the year only if one was written.
    Date(Option<i32>, u32, u32),
    /// Minutes after midnight.
    Clock(i64),
    Daypart(i64),
    Tonight,
    /// End of day (1), week (7), next week (14), month (30), year (365).
    Period(i64),
    Am,
    Pm,
    OClock,
    Cue(Cue),
    Ago,
    Left,
    Next,
    This,
    Joint,
    Event,
}

/// How a time is introduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    In,
    Before,
    By,
    At,
    Since,
}

/// A token and the words it stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) token: Token,
    pub(super) first: usize,
    pub(super) last: usize,
}

static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"|(?P<a>\d{1,2})(?P<s>[./-])(?P<b>\d{1,2})(?:(?P<s2>[./-])(?P<c>\d{4}|\d{2})|\.)",
        r"|(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?P<half>[ap]m)?",
    ))
    .ok()
});

/// Reads the tokens in order. Dates in digits that do not exist are blocked, so that nothing else takes them.
pub(super) fn items(heard: &Heard<'_, '_, '_>, digits: bool, claims: &mut Claims<'_>) -> Vec<Item> {
    let words = heard.words;
    let mut items: Vec<Item> = Vec::new();
    let mut written: Vec<(usize, usize)> = Vec::new();
    if digits {
        for (start, end, token) in in_digits(heard, claims) {
            let (first, last) = (words.index_at(start), words.index_at(end - 1));
            written.push((first, last));
            items.push(Item { token, first, last });
        }
        for index in 0..words.list.len() {
            let at = written.partition_point(|&(first, _)| first <= index);
            let word = &words.list[index];
            if (at == 0 || written[at - 1].1 < index) && claims.free(word.start, word.end) {
                items.extend(joined(words.at(index)).into_iter().map(|token| Item {
                    token,
                    first: index,
                    last: index,
                }));
            }
        }
    }
    let hits = longest(heard.table(Table::Time));
    items.extend(hits.iter().filter_map(|h| {
        let token = token(&h.entry.code, h.entry.weight)?;
        Some(Item { token, first: h.first, last: h.last })
    }));
    // In French and others one term can introduce in two ways; the first row of the list is kept, by `longest`.
    items.sort_by_key(|i| i.first);
    items
}

fn token(code: &str, value: f32) -> Option<Token> {
    let whole = value as i64;
    Some(match code {
        "number" => Token::Number(value as u32),
        "unit" => Token::Unit(whole),
        "duration" => Token::Span(whole),
        "day" => Token::Day(whole),
        "weekday" => Token::Weekday(value as u32),
        "month" => Token::Month(value as u32),
        "clock" => Token::Clock(whole),
        "daypart" => Token::Daypart(whole),
        "tonight" => Token::Tonight,
        "period" => Token::Period(whole),
        "am" => Token::Am,
        "pm" => Token::Pm,
        "oclock" => Token::OClock,
        "in" => Token::Cue(Cue::In),
        "before" => Token::Cue(Cue::Before),
        "by" => Token::Cue(Cue::By),
        "at" => Token::Cue(Cue::At),
        "since" => Token::Cue(Cue::Since),
        "ago" => Token::Ago,
        "left" => Token::Left,
        "next" => Token::Next,
        "this" => Token::This,
        "joint" => Token::Joint,
        "event" => Token::Event,
        _ => return None,
    })
}

/// Dates and clock times in digits, with their bytes.
fn in_digits(heard: &Heard<'_, '_, '_>, claims: &mut Claims<'_>) -> Vec<(usize, usize, Token)> {
    let text = heard.words.text;
    let mut found = Vec::new();
    for parts in DIGITS.as_ref().into_iter().flat_map(|r| r.captures_iter(text)) {
        let Some(whole) = parts.get(0) else { continue };
        let (before, after) = claims.around(whole.start(), whole.end());
        let glued = |c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '#' | '+');
        let dotted = matches!(before, Some('.' | ',' | ':'))
            && text[..whole.start() - 1].ends_with(|c: char| c.is_ascii_digit());
        let tail = parts.name("hour").is_none() && after.is_some_and(glued)
            || after.is_some_and(|c| c.is_ascii_digit());
        if before.is_some_and(glued) || dotted || tail || !claims.free(whole.start(), whole.end()) {
            continue;
        }
        let number = |name: &str| parts.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
        let token = if let (Some(y), Some(m), Some(d)) = (number("y"), number("m"), number("d")) {
            Ok(Token::Date(Some(y as i32), m, d))
        } else if let (Some(a), Some(b)) = (number("a"), number("b")) {
            // "1-2" and "3/4" are no dates without a year; "12.5." is.
            let sign = parts.name("s").map_or("", |s| s.as_str());
            let year =
                parts.name("c").and_then(|c| Some((c.as_str().len(), c.as_str().parse::<i32>().ok()?)));
            if (year.is_none() && sign != ".") || parts.name("s2").is_some_and(|s| s.as_str() != sign) {
                continue;
            }
            let year = year.map(|(digits, y)| if digits == 2 { 2000 + y } else { y });
            let month_first = (sign == "/" && heard.language == Some("en") && a <= 12) || b > 12;
            let (day, month) = if month_first { (b, a) } else { (a, b) };
            if year.is_none() && (heard.language == Some("en") || month > 12) {
                continue;
            }
            Ok(Token::Date(year, month, day))
        } else if let (Some(hour), Some(minute)) = (number("hour"), number("minute")) {
            let half = parts.name("half").map(|h| h.as_str());
            let colon = whole.as_str().contains(':');
            match clock(hour, minute, half) {
                Some(minutes) if colon || half.is_some() || named(text, whole.end()) => {
                    Ok(Token::Clock(minutes))
                }
                _ if colon => Err(()),
                _ => continue,
            }
        } else {
            continue;
        };
        let real = |year: Option<i32>, m, d| NaiveDate::from_ymd_opt(year.unwrap_or(2024), m, d).is_some();
        match token {
            Ok(Token::Date(year, m, d))
                if !real(year, m, d) || year.is_some_and(|y| !(1900..=2200).contains(&y)) =>
            {
                claims.block(whole.start(), whole.end());
            }
            Ok(token) => found.push((whole.start(), whole.end(), token)),
            Err(()) => claims.block(whole.start(), whole.end()),
        }
    }
    found
}

/// Whether "Uhr", "pm" or the like follows, so that "5.30" is a time.
fn named(text: &str, end: usize) -> bool {
    let rest = text[end..].trim_start();
    ["uhr", "Uhr", "pm", "am", "PM", "AM", "p.m", "a.m"].iter().any(|n| rest.starts_with(n))
}

/// Minutes after midnight.
fn clock(hour: u32, minute: u32, half: Option<&str>) -> Option<i64> {
    let hour = match half {
        Some("am") if hour <= 12 => hour % 12,
        Some("pm") if hour <= 12 => hour % 12 + 12,
        Some(_) => return None,
        None => hour,
    };
    (hour <= 24 && minute < 60 && (hour < 24 || minute == 0)).then(|| i64::from(hour * 60 + minute))
}

/// Numbers, with what is written onto them: "5pm", "17h30", "30min", "28th".
fn joined(word: &str) -> Vec<Token> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let Some(number) = word.get(..digits).and_then(|d| d.parse::<u32>().ok()) else { return Vec::new() };
    match &word[digits..] {
        "" => vec![Token::Number(number)],
        half @ ("am" | "pm") => clock(number, 0, Some(half)).map(Token::Clock).into_iter().collect(),
        "h" => vec![Token::Number(number), Token::Unit(60)],
        "min" | "mins" | "m" => vec![Token::Number(number), Token::Unit(1)],
        "hr" | "hrs" | "std" => vec![Token::Number(number), Token::Unit(60)],
        "d" => vec![Token::Number(number), Token::Unit(1440)],
        "st" | "nd" | "rd" | "th" if (1..=31).contains(&number) => vec![Token::DayOfMonth(number)],
        "er" if number == 1 => vec![Token::Number(1)],
        rest => match rest.strip_prefix('h').and_then(|m| m.parse().ok()) {
            Some(minute) => clock(number, minute, None).map(Token::Clock).into_iter().collect(),
            None => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pattern_compiles() {
        assert!(super::DIGITS.is_some());
    }
}
