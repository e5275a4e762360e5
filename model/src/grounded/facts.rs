//! What can be compared to the letter: numbers with their units, addresses, links. And what no draft may hold.

use super::ProblemKind;
use regex::Regex;
use std::collections::BTreeSet;

/// One comparable thing, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// A number and its unit, if it has one that is compared.
    Number(String, Option<&'static str>),
    /// An e-mail address.
    Address(String),
    /// A link: host and path.
    Link(String),
}

impl Fact {
    /// Whether the sources hold it. A bare number may have a unit there, but not the other way round: "400" does not
    /// support "400 €".
    pub(super) fn is_held_by(&self, held: &BTreeSet<Self>) -> bool {
        match self {
            Self::Number(number, None) => {
                held.iter().any(|other| matches!(other, Self::Number(other, _) if other == number))
            }
            other => held.contains(other),
        }
    }

    pub(super) fn problem(&self) -> ProblemKind {
        match self {
            Self::Number(..) => ProblemKind::UnsupportedNumber,
            Self::Address(_) => ProblemKind::UnsupportedAddress,
            Self::Link(_) => ProblemKind::UnsupportedLink,
        }
    }
}

/// The compiled patterns.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    address: Regex,
    link: Regex,
    number: Regex,
    numbering: Regex,
    active: Regex,
}

impl Facts {
    pub(super) fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            address: Regex::new(r"(?i)[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+")?,
            link: Regex::new(
                r"(?i)\b(?:[a-z][a-z0-9+.-]{1,12}://|www\.)[^\s<>()\[\]\x22']+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|eu|de|fr|es|uk|us|ru|cn|info|biz|xyz|top|shop|site|online|me|co|ai|example|test)\b(?:/[^\s<>()\[\]\x22']*)?",
            )?,
            number: Regex::new(
                r"(?i)(?P<before>[€$£¥]|\b(?:eur|usd|gbp|chf)\b)?[  ]?(?P<number>\d(?:[\d.,:/’'-]*\d)?)[  ]?(?P<after>[€$£¥%]|\b(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|percent|prozent|minutes?|minuten?|min|hours?|stunden?|heures?|horas?|days?|tage?n?|jours?|días|weeks?|wochen?|semaines?|semanas|months?|monate?n?|mois|mes(?:es)?|years?|jahre?n?|ans?|años?|kb|mb|gb|tb)\b)?",
            )?,
            numbering: Regex::new(r"(?m)^\s*(?:\d{1,2}[.)]|[-*•])\s")?,
            active: Regex::new(
                r"(?i)!\[[^\]]*\]\([^)]*\)?|<\s*/?\s*[a-z!?][^>\n]{0,200}>?|\b(?:javascript|data|vbscript|file)\s*:\s*[^\s]{1,100}",
            )?,
        })
    }

    /// Everything comparable in a source.
    pub(super) fn of(&self, text: &str) -> Vec<Fact> {
        self.quoted(text).into_iter().map(|(fact, _)| fact).collect()
    }

    /// The same with the words. Numbering of lists is no number.
    pub(super) fn quoted(&self, text: &str) -> Vec<(Fact, String)> {
        let mut rest = self.numbering.replace_all(text, "\n").into_owned();
        let mut facts = Vec::new();
        for (pattern, fact) in [
            (&self.address, Fact::Address as fn(String) -> Fact),
            (&self.link, Fact::Link as fn(String) -> Fact),
        ] {
            for found in pattern.find_iter(&rest) {
                facts.push((fact(plain(found.as_str())), found.as_str().to_owned()));
            }
            // Digits of an address or a link are no numbers of their own.
            rest = pattern.replace_all(&rest, " ").into_owned();
        }
        for found in self.number.captures_iter(&rest) {
            let Some(number) = found.name("number") else { continue };
            let unit =
                found.name("before").or_else(|| found.name("after")).and_then(|unit| unit_of(unit.as_str()));
            facts.push((Fact::Number(canonical(number.as_str()), unit), found[0].trim().to_owned()));
        }
        facts
    }

    /// Images, tags, links that run something.
    pub(super) fn active(&self, text: &str) -> Vec<String> {
        self.active.find_iter(text).map(|found| found.as_str().to_owned()).collect()
    }
}

/// A link or address without what does not change where it leads.
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    let text = text.trim_end_matches(['.', ',', ';', ':', '!', '?', '/', '*', '_']);
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    text.strip_prefix("www.").unwrap_or(text).to_owned()
}

/// "1,299.00", "1.299,00" and "1299" are one number; "24/7" and "17:30" stay as they are.
fn canonical(text: &str) -> String {
    let text = text.replace(['’', '\''], "");
    if text.contains([':', '/', '-']) {
        return text;
    }
    let cents = text.rfind(['.', ',']).filter(|at| text.len() - at - 1 != 3);
    let (whole, part) = cents.map_or((text.as_str(), ""), |at| (&text[..at], &text[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

fn unit_of(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let starts = |parts: &[&str]| parts.iter().any(|part| text.starts_with(part));
    Some(match text.as_str() {
        "€" | "eur" | "euro" | "euros" => "EUR",
        "$" | "usd" | "dollar" | "dollars" => "USD",
        "£" | "gbp" | "pound" | "pounds" => "GBP",
        "¥" => "JPY",
        "chf" => "CHF",
        "%" | "percent" | "prozent" => "%",
        "kb" | "mb" | "gb" | "tb" => return ["kb", "mb", "gb", "tb"].into_iter().find(|unit| *unit == text),
        "an" | "ans" => "year",
        _ if starts(&["min"]) => "minute",
        _ if starts(&["hour", "stund", "heure", "hora"]) => "hour",
        _ if starts(&["day", "tag", "jour", "día"]) => "day",
        _ if starts(&["week", "woche", "semain", "seman"]) => "week",
        _ if starts(&["month", "monat", "mois", "mes"]) => "month",
        _ if starts(&["year", "jahr", "año"]) => "year",
        _ => return None,
    })
}
