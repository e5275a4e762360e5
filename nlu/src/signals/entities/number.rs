//! Order, invoice and ticket numbers, error codes, telephone numbers: a number is what it is called, and one that is
//! called nothing is left alone.

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::Claims;
use crate::signals::EntityKind;

/// A word for the thing, then "no.", "number is", ":" and the like, then the number.
static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:(?P<invoice>invoices?|rechnungs?(?:nummer|nr)?|factures?|facturas?|bills?|receipts?|quittung|reçu|recibo)",
        r"|(?P<ticket>tickets?|cases?|incidents?|vorgangs?(?:nummer|nr)?|fallnummer|dossier|caso|incidencia)",
        r"|(?P<order>orders?|bestell(?:ung(?:en)?|ungsnummer|nummer|nr)|auftrags?(?:nummer|nr)?|commandes?|pedidos?))",
        r"(?P<glue>(?:[ \t]*(?:(?:no|nr|num|number|nummer|numéro|numero|número|id|ref|reference|is|ist|est|es|lautet|mit|der|de|el|la|le|n)\b\.?|n[°º]|n\.º|№|[#:.(=-])){0,5}[ \t]*)",
        r"(?P<id>[a-z]{0,6}[-_]?\d[\da-z]*(?:[-_/]\d[\da-z]*){0,4})",
    ))
    .ok()
});

/// Numbers that name their kind themselves: INV-2024-0031.
static PREFIXED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:(?P<invoice>inv|re|rg|rech|fac|fact|fv)|(?P<order>ord|order|po|bst|best|cmd|ped|so)",
        r"|(?P<ticket>tkt|tck|ticket|case|inc|sup|dh))[-_#]\d{3,12}(?:[-_/]\d{1,8}){0,3}\b",
    ))
    .ok()
});

static HASHED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"#(?:[A-Z]{1,5}-?)?\d{3,12}(?:-\d{1,8}){0,3}\b").ok());

static ERROR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?i:errors?|fehler(?:code|nummer)?|erreurs?|error|código|http|status|code|returns?|returning|throws?|throwing)",
        r"(?i:[ \t]*(?:code|de error|no\.?|nr\.?|an?|the|:|#|\())*[ \t]*",
        r"(?P<code>0x[0-9A-Fa-f]{2,8}|[A-Z]{1,6}[-_]?\d{2,6}|\d{3,6})\b",
        r"|\b(?P<bare>0x[0-9A-Fa-f]{4,8}|(?:ERR|EPERM|ECONN|E)_?[A-Z]*_[A-Z0-9_]{3,40}|ECONN[A-Z]{4,10}|ETIMEDOUT)\b",
    ))
    .ok()
});

static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\+|\b00)[1-9](?:[ ().\-/]{0,2}\d){6,14}\b",
        r"|\(?\b0[1-9](?:[ ().\-/]{0,2}\d){6,12}\b",
        r"|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b",
        r"|\b[679]\d{2}(?: \d{3}){2}\b|\b[679]\d{2}(?: \d{2}){3}\b",
    ))
    .ok()
});

pub(super) fn find(claims: &mut Claims<'_>) {
    let text = claims.text;
    for found in CALLED.as_ref().into_iter().flat_map(|r| r.captures_iter(text)) {
        let kind = kind_of(found.name("invoice"), found.name("ticket"));
        let (Some(whole), Some(glue), Some(id)) = (found.get(0), found.name("glue"), found.name("id")) else {
            continue;
        };
        let called = ["no", "nr", "n°", "nº", "#", "num", "núm", "id"]
            .iter()
            .any(|n| glue.as_str().to_lowercase().contains(n))
            || found.get(0).is_some_and(|w| w.as_str().to_lowercase().contains("nummer"));
        if !is_verb(text, whole.start(), kind) && plausible(id.as_str(), called) && id_ends(claims, &id) {
            claims.claim(kind, id.start(), id.end(), normalised(id.as_str()));
        }
    }
    for found in PREFIXED.as_ref().into_iter().flat_map(|r| r.captures_iter(text)) {
        let Some(whole) = found.get(0) else { continue };
        claims.claim(
            kind_of(found.name("invoice"), found.name("ticket")),
            whole.start(),
            whole.end(),
            normalised(whole.as_str()),
        );
    }
    for found in HASHED.as_ref().into_iter().flat_map(|r| r.find_iter(text)) {
        let (before, _) = claims.around(found.start(), found.end());
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '#' || c == '&') && id_ends(claims, &found) {
            claims.claim(EntityKind::OrderNumber, found.start(), found.end(), normalised(found.as_str()));
        }
    }
    for found in ERROR.as_ref().into_iter().flat_map(|r| r.captures_iter(text)) {
        if let Some(code) = found.name("code").or_else(|| found.name("bare")) {
            claims.claim(EntityKind::ErrorCode, code.start(), code.end(), code.as_str().to_owned());
        }
    }
    for found in PHONE.as_ref().into_iter().flat_map(|r| r.find_iter(text)) {
        phone(claims, &found);
    }
}

fn kind_of(invoice: Option<Match<'_>>, ticket: Option<Match<'_>>) -> EntityKind {
    match (invoice, ticket) {
        (Some(_), _) => EntityKind::InvoiceNumber,
        (_, Some(_)) => EntityKind::TicketNumber,
        _ => EntityKind::OrderNumber,
    }
}

/// "We want to order 1200 licences" names a quantity.
fn is_verb(text: &str, at: usize, kind: EntityKind) -> bool {
    let before =
        text[..at].trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or("");
    kind == EntityKind::OrderNumber
        && matches!(
            before.to_ascii_lowercase().as_str(),
            "to" | "i" | "we" | "will" | "would" | "can" | "could" | "please" | "ll" | "je" | "on" | "nous"
        )
}

/// Three digits or more, and no year unless it is called a number.
fn plausible(id: &str, called: bool) -> bool {
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let year = id.len() == 4 && digits == 4 && (id.starts_with("19") || id.starts_with("20"));
    (3..=24).contains(&digits) && (called || !year)
}

/// The number ends here: no decimal, percent or unit follows, and the word is whole.
fn id_ends(claims: &Claims<'_>, id: &Match<'_>) -> bool {
    let mut rest = claims.text[id.end()..].chars();
    match rest.next() {
        Some(c) if c.is_alphanumeric() || matches!(c, '%' | '@' | '€' | '$' | '£') => false,
        Some('.' | ',' | ':') => !rest.next().is_some_and(|c| c.is_ascii_digit()),
        _ => true,
    }
}

fn normalised(id: &str) -> String {
    id.trim_start_matches('#').to_uppercase()
}

fn phone(claims: &mut Claims<'_>, found: &Match<'_>) {
    let digits: String = found.as_str().chars().filter(char::is_ascii_digit).collect();
    let before = claims.text[..found.start()].trim_end_matches([' ', '-']).chars().next_back();
    // Part of a card number, an account or another code.
    let torn = claims
        .around(found.start(), found.end())
        .0
        .is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '.')
        || (!found.as_str().starts_with('+') && before.is_some_and(|c| c.is_ascii_digit()))
        || claims.text[found.end()..]
            .trim_start_matches([' ', '-'])
            .starts_with(|c: char| c.is_ascii_digit());
    if torn || !(8..=15).contains(&digits.len()) {
        return;
    }
    let value = match found.as_str().strip_prefix('+') {
        Some(_) => format!("+{digits}"),
        None => match digits.strip_prefix("00") {
            Some(abroad) => format!("+{abroad}"),
            None => digits,
        },
    };
    claims.claim(EntityKind::Phone, found.start(), found.end(), value);
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        for (name, pattern) in [
            ("called", &super::CALLED),
            ("prefixed", &super::PREFIXED),
            ("hashed", &super::HASHED),
            ("error", &super::ERROR),
            ("phone", &super::PHONE),
        ] {
            assert!(pattern.is_some(), "{name}");
        }
    }
}
