//! What stands in for what was taken out. The map stays on this machine, apart from the texts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a piece of personal data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Personal {
    /// An e-mail address.
    Email,
    /// A bank account by its IBAN.
    Iban,
    /// A payment card.
    Card,
    /// A US social security number.
    Ssn,
    /// An Internet address.
    Ip,
    /// A telephone number.
    Phone,
    /// A street address or a part of one.
    Address,
    /// A person's name.
    Name,
}

impl Personal {
    /// All of them, surest first: where two overlap, the surer one wins.
    pub const ALL: [Self; 8] =
        [Self::Email, Self::Iban, Self::Card, Self::Ssn, Self::Ip, Self::Phone, Self::Address, Self::Name];

    /// Its name in placeholders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card",
            Self::Ssn => "ssn",
            Self::Ip => "ip",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Name => "name",
        }
    }
}

/// Placeholders given so far and what they stand for. Printing it shows no value.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholders {
    values: BTreeMap<Personal, Vec<String>>,
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(kind, values)| (kind, values.len()))).finish()
    }
}

/// The borders of a placeholder. Texts from outside never hold them: the redactor replaces them first.
pub(super) const OPEN: char = '⟦';
pub(super) const CLOSE: char = '⟧';

impl Placeholders {
    /// The placeholder for a value, the same for the same value.
    pub(super) fn give(&mut self, kind: Personal, value: &str) -> String {
        let values = self.values.entry(kind).or_default();
        let number = values.iter().position(|known| known == value).unwrap_or_else(|| {
            values.push(value.to_owned());
            values.len() - 1
        });
        format!("{OPEN}{}-{}{CLOSE}", kind.name(), number + 1)
    }

    /// Every value taken out.
    pub fn values(&self) -> impl Iterator<Item = (Personal, &str)> {
        self.values.iter().flat_map(|(kind, values)| values.iter().map(move |value| (*kind, value.as_str())))
    }

    /// Whether nothing was taken out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with the values back in, for an agent's view. Placeholders that were never given stay.
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        let mut restored = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, placeholder, after)) = next(rest) {
            restored.push_str(before);
            match self.value(placeholder) {
                Some(value) => restored.push_str(value),
                None => restored.push_str(&format!("{OPEN}{placeholder}{CLOSE}")),
            }
            rest = after;
        }
        restored + rest
    }

    /// Placeholders in the text that were never given: a model made them up.
    #[must_use]
    pub fn unknown(&self, text: &str) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut rest = text;
        while let Some((_, placeholder, after)) = next(rest) {
            if self.value(placeholder).is_none() {
                unknown.push(placeholder.to_owned());
            }
            rest = after;
        }
        unknown
    }

    fn value(&self, placeholder: &str) -> Option<&str> {
        let (name, number) = placeholder.rsplit_once('-')?;
        let kind = Personal::ALL.into_iter().find(|kind| kind.name() == name)?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.values.get(&kind)?.get(index).map(String::as_str)
    }
}

/// Text before the next placeholder, its inside, text after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find(OPEN)?;
    let inside = &text[open + OPEN.len_utf8()..];
    let close = inside.find(CLOSE)?;
    Some((&text[..open], &inside[..close], &inside[close + CLOSE.len_utf8()..]))
}
