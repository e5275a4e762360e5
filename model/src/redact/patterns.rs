//! What personal data looks like. Patterns run in linear time; numbers are proven in `numbers`.

use regex::{Regex, RegexBuilder};

/// The compiled patterns.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    pub(super) email: Regex,
    pub(super) iban: Regex,
    pub(super) card: Regex,
    pub(super) ssn: Regex,
    pub(super) ssn_named: Regex,
    pub(super) ip: Regex,
    pub(super) phone: Regex,
    pub(super) addresses: Vec<Regex>,
    pub(super) names: Vec<Regex>,
}

/// Kinds of street that stand after the name and are hardly ever anything else.
const AFTER: &str =
    "street|str|avenue|boulevard|blvd|parkway|pkwy|highway|hwy|tér|utca|körút|ulica|gatan|vägen|katu";

/// Those that are everyday words too ("3 days on my way"): they count only among capitals.
const AFTER_CAPITALS: &str = "St|Ave|Rd|Road|Lane|Ln|Drive|Dr|Court|Ct|Square|Squares|Streets|Place|Pl|Terrace|Way|Circle|Crescent|\
    Close|Gardens|Grove|Hill|Mews|Row|Walk|Alley|Avenues|Roads|Park|Parks|Gate|Quay|Crossroad|Loop|Mall|Fort|út|Cesta|Trg|Gata|Vej|Tie";

/// Kinds of street that stand before the name, which begins with a capital.
const BEFORE: &str = "[Rr]ue|[Aa]venue|[Aa]v\\.?|AV|[Bb]oulevard|[Cc]hemin|[Pp]lace|[Aa]llée|[Ii]mpasse|[Qq]uai|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|\
    [Cc]alle|[Cc]/|[Aa]venida|[Aa]vda\\.?|[Pp]laza|[Pp]aseo|[Rr]ua|[Tt]ravessa|[Pp]raça|[Ll]argo|[Ee]strada|[Uu]lica|[Uu]l\\.|[Aa]leja|[Aa]l\\.|[Tt]rg|\
    Straße|Strasse|Am|Zum|[Λλ]\\.|[Οο]δός";

/// Endings of street names that are one word and begin with a capital.
const ENDING: &str = "straße|strasse|str\\.|weg|gasse|platz|allee|damm|ufer|gatan|gata|vägen|veien|vegen|vej|gade|straat|laan|plein|\
    katu|kuja|polku|tänav|gränd|stræde|vænget|parken|tollen|stígur|braut|götu";

/// What follows a cue is a name when it begins with a capital.
const NAME: &str = r"(\p{Lu}(?:[\p{L}'’-]+|\.)(?:[ \u{a0}](?:(?:van|von|de|der|den|di|da|del|la|le|bin|al|el|y|ten)[ ]){0,2}\p{Lu}(?:[\p{L}'’-]+|\.)?){0,3})";

impl Patterns {
    pub(super) fn new() -> Result<Self, regex::Error> {
        let number = r"\d{1,5}[a-z]?";
        let word = r"[\p{L}’'.-]+";
        let capital = r"\p{Lu}[\p{L}’'.-]*";
        Ok(Self {
            email: folded(
                r"[\p{L}\p{N}._%+'-]+(?:@|\s?[(\[{]\s?(?:at|@)\s?[)\]}]\s?)[\p{L}\p{N}-]+(?:(?:\.|\s?[(\[{]\s?(?:dot|\.)\s?[)\]}]\s?)[\p{L}\p{N}-]+)+",
            )?,
            iban: folded(r"\b[a-z]{2}\d{2}(?:[ \u{a0}-]?[a-z0-9]){11,31}")?,
            card: Regex::new(r"\b\d(?:[ .\u{a0}-]?\d){11,18}\b")?,
            ssn: Regex::new(r"\b\d{3}[- ]\d{2}[- ]\d{4}\b")?,
            ssn_named: folded(r"(?:\bssn\b|social security)[^\d\n]{0,30}(\d{9})\b")?,
            ip: folded(
                r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b|(?:\b[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b|\B::(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}\b",
            )?,
            phone: Regex::new(
                r"(?:\+|\b00)?\(?\d{1,5}\)?(?:[ .\u{a0}/-]{0,2}\(?\d{1,12}\)?){0,7}(?:[ ]?(?:x|ext\.?|Ext\.?)[ ]?\d{1,6})?",
            )?,
            addresses: vec![
                folded(&format!(
                    r"\b{number}(?:[ ]\d{{1,5}})?,?[ ](?:{word}[ ]){{1,3}}(?:{AFTER})\b\.?(?:[ ]{number}\b)?"
                ))?,
                Regex::new(&format!(
                    r"\b{number}(?:[ ]\d{{1,5}})?,?[ ](?:{capital}[ ]){{1,4}}(?:{AFTER_CAPITALS})\b\.?(?:[ ]{number}\b)?"
                ))?,
                Regex::new(&format!(
                    r"(?:\b{number},?[ ])?\b(?:{BEFORE})[ ](?:(?:de|du|des|la|las|los|del|da|do|dos|della|der|den|l'|d')[ ]){{0,2}}(?:{capital},?[ ]){{1,5}}{number}\b"
                ))?,
                Regex::new(&format!(
                    r"\b{number},?[ ](?:{BEFORE})[ ](?:(?:de|du|des|la|las|los|del|da|do|dos|della|der|den)[ ]){{0,2}}{capital}(?:[ ]{capital}){{0,4}}"
                ))?,
                Regex::new(&format!(r"\b(?:{capital}[ ])?\p{{Lu}}[\p{{L}}-]*(?:{ENDING})[ ]{number}\b\.?"))?,
                Regex::new(&format!(
                    r"\b(?:{capital}[ ]){{1,3}}(?:{AFTER_CAPITALS}|utca|tér|u\.)\.?[ ]{number}\b\.?"
                ))?,
                folded(
                    r"\b(?:apt|apartment|suite|psc|postbox|p\.?o\.? box|wohnung|whg)\.?[ ]?#?\d{1,6}[a-z]?\b(?:,?[ ]box[ ]\d+)?|\bunit \d+ box \d+\b",
                )?,
                // A postal code with its place, or beside the state that it belongs to.
                Regex::new(
                    r"\b(?:\p{Lu}[\p{L}.-]+[ ]?){1,3}\n?, \p{Lu}{2}(?:\n|,)? ?(?:[\p{L} ]+ )?\d{4,6}\b",
                )?,
                Regex::new(r"\b(?:APO|DPO|FPO) (?:AA|AE|AP) \d{5}\b")?,
                folded(r"\b[a-z]\d[a-z] ?\d[a-z]\d\b|\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b")?,
                folded(r"(?:zip(?: ?code)?|postal ?code|post ?code|plz)\b[^\d\n]{0,12}(\d[\d -]{2,8}\d)\b")?,
            ],
            names: vec![
                Regex::new(&format!(
                    r"(?:[Mm]y name is|[Mm]y name's|[Nn]ame:|[Tt]his is|I am called|[Mm]ein Name ist|[Ii]ch heiße|[Jj]e m'appelle|[Mm]on nom est|[Mm]e llamo|[Mm]i nombre es|[Mm]i chiamo|[Oo] meu nome é|[Mm]ijn naam is)[ \u{{a0}}]+{NAME}"
                ))?,
                Regex::new(&format!(
                    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Herr|Herrn|Frau|Monsieur|Madame|Mme|Mlle|Señor|Señora|Sr|Sra|Signor|Signora)\b\.?[ \u{{a0}}]+{NAME}"
                ))?,
                Regex::new(&format!(
                    r"(?m)^(?:Hi|Hello|Dear|Hey|Hallo|Liebe|Lieber|Bonjour|Cher|Chère|Hola|Estimad[oa]|Ciao|Caro|Cara)[ \u{{a0}}]+{NAME}[ ]?[,!:]"
                ))?,
                Regex::new(&format!(
                    r"(?:[Rr]egards|[Ss]incerely|[Tt]hanks|[Cc]heers|Grüße|Gruß|Cordialement|Saludos|Best|[Tt]hank you),?[ ]*\n+[ ]*{NAME}[ ]*(?:\n|$)"
                ))?,
            ],
        })
    }
}

fn folded(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).build()
}
