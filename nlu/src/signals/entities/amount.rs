//! Amounts of money.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Claims;
use crate::signals::EntityKind;

/// Signs and names of currencies with their ISO 4217 codes. A sign that many countries share means its largest user.
const CURRENCIES: [(&str, &str); 37] = [
    ("€", "EUR"),
    ("eur", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("us$", "USD"),
    ("$", "USD"),
    ("usd", "USD"),
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("bucks", "USD"),
    ("dólares", "USD"),
    ("£", "GBP"),
    ("gbp", "GBP"),
    ("pound", "GBP"),
    ("pounds", "GBP"),
    ("quid", "GBP"),
    ("pfund", "GBP"),
    ("livres", "GBP"),
    ("chf", "CHF"),
    ("fr.", "CHF"),
    ("franken", "CHF"),
    ("francs", "CHF"),
    ("¥", "JPY"),
    ("jpy", "JPY"),
    ("yen", "JPY"),
    ("₹", "INR"),
    ("inr", "INR"),
    ("rupees", "INR"),
    ("sek", "SEK"),
    ("nok", "NOK"),
    ("dkk", "DKK"),
    ("pln", "PLN"),
    ("zł", "PLN"),
    ("czk", "CZK"),
    ("cad", "CAD"),
    ("aud", "AUD"),
    ("mxn", "MXN"),
];

static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const NUMBER: &str = r"\d{1,3}(?:[.,'’\u{a0}\u{202f} ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?";
    let mut names: Vec<String> = CURRENCIES.iter().map(|(name, _)| regex::escape(name)).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let names = names.join("|");
    Regex::new(&format!(
        r"(?i)(?P<c1>{names})[ \u{{a0}}\u{{202f}}]?(?P<n1>{NUMBER})|(?P<n2>{NUMBER})(?:,-|,–)?[ \u{{a0}}\u{{202f}}-]?(?P<c2>{names})"
    ))
    .ok()
});

pub(super) fn find(claims: &mut Claims<'_>) {
    let Some(amount) = AMOUNT.as_ref() else { return };
    for found in amount.captures_iter(claims.text) {
        let Some(whole) = found.get(0) else { continue };
        let (before, after) = claims.around(whole.start(), whole.end());
        let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        // A longer run of digits that only ends or begins here is some other number.
        let torn = in_word(before)
            || in_word(after)
            || (before.is_some_and(|c| matches!(c, '.' | ',' | '-' | '/' | '#'))
                && preceded_by_digit(claims.text, whole.start()))
            || before == Some('#');
        if torn {
            continue;
        }
        if let Some(value) = normalised(&found) {
            claims.claim(EntityKind::Amount, whole.start(), whole.end(), value);
        } else {
            claims.block(whole.start(), whole.end());
        }
    }
}

fn preceded_by_digit(text: &str, at: usize) -> bool {
    let mut back = text[..at].chars().rev();
    back.next();
    back.next().is_some_and(|c| c.is_ascii_digit())
}

/// "1.234,5" with "€" as "1234.50 EUR"; nothing for what no customer means (a billion and more).
fn normalised(found: &Captures<'_>) -> Option<String> {
    let number = found.name("n1").or_else(|| found.name("n2"))?.as_str();
    let name = found.name("c1").or_else(|| found.name("c2"))?.as_str().to_lowercase();
    let code = CURRENCIES.iter().find(|(n, _)| *n == name)?.1;
    // The last separator is a decimal one when one or two digits follow it.
    let split = number.rfind(['.', ',']).filter(|&at| number.len() - at <= 3);
    let (whole, cents) = split.map_or((number, ""), |at| (&number[..at], &number[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole: u64 = whole.parse().ok().filter(|w| *w < 1_000_000_000)?;
    Some(format!("{whole}.{cents:0<2} {code}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pattern_compiles() {
        assert!(super::AMOUNT.is_some());
    }
}
