//! Answers to a playbook's questions.

use super::judge::Case;
use super::pressed::Pressed;
use crate::playbook::policy::procedure::{Ask, Option_, SlotKind};
use crate::playbook::procedures::CheckedProcedure;
use nlu::signals::{Entity, EntityKind};
use regex::Regex;
use serde_json::{Value, json};

/// The longest answer kept, in characters.
const MAX_ANSWER: usize = 2000;

/// Words for yes and no, in the languages that the desk can be made to speak.
const YES: &[&str] = &[
    "yes",
    "y",
    "yeah",
    "yep",
    "sure",
    "ok",
    "okay",
    "correct",
    "right",
    "please do",
    "ja",
    "jawohl",
    "genau",
    "richtig",
    "gerne",
    "oui",
    "ouais",
    "d'accord",
    "bien sûr",
    "sí",
    "si",
    "claro",
    "vale",
    "correcto",
];
const NO: &[&str] =
    &["no", "n", "nope", "nah", "not", "don't", "nein", "nee", "nicht", "non", "pas", "nunca"];

/// Ways to say that one does not have or know something, within a short message.
const WITHOUT: &[&str] = &[
    "don't know",
    "do not know",
    "dont know",
    "don't have",
    "do not have",
    "dont have",
    "don't remember",
    "can't remember",
    "cannot remember",
    "no idea",
    "not sure",
    "forgot",
    "forgotten",
    "skip",
    "weiß nicht",
    "weiß ich nicht",
    "habe ich nicht",
    "habe keine",
    "habe keinen",
    "keine ahnung",
    "vergessen",
    "sais pas",
    "n'ai pas",
    "aucune idée",
    "oublié",
    "no sé",
    "no lo sé",
    "no tengo",
    "no recuerdo",
    "ni idea",
    "olvidé",
];

/// The longest message, in words, that is taken for such an answer or for a choice told in words.
const SHORT: usize = 8;

/// The answer in a message, if it holds one. `pattern` is that of the question, where it has one.
pub(super) fn fill(
    ask: &Ask,
    pattern: Option<&Regex>,
    case: &Case<'_>,
    press: Option<&Pressed>,
) -> Option<Value> {
    let text = case.message.text.trim();
    let pressed = match press {
        Some(Pressed::Slot(id)) => Some(id.as_str()),
        _ => None,
    };
    match ask.kind {
        SlotKind::Choice => {
            let choice = ask.choices.iter().find(|choice| Some(choice.id.as_str()) == pressed);
            let choice = choice.or_else(|| told(&ask.choices, text))?;
            Some(json!(choice.id))
        }
        SlotKind::YesNo => match pressed {
            Some("yes") => Some(json!(true)),
            Some("no") => Some(json!(false)),
            _ => yes_or_no(text).map(Value::Bool),
        },
        SlotKind::Text => {
            (!text.is_empty()).then(|| text.chars().take(MAX_ANSWER).collect::<String>().into())
        }
        SlotKind::Pattern => {
            let found = pattern?.captures(text)?;
            let kept = found.get(1).or_else(|| found.get(0))?;
            Some(kept.as_str().chars().take(MAX_ANSWER).collect::<String>().into())
        }
        SlotKind::Number => number(text).map(|number| json!(number)),
        kind => of_kind(kind, &case.meaning.reading.entities).or_else(|| bare(kind, text)),
    }
}

/// The value as an answer to the question, where it is one: what a trigger brings, or an agent gives. What must satisfy a
/// check is asked for.
pub(super) fn fitting(ask: &Ask, procedure: &CheckedProcedure, value: &Value) -> Option<Value> {
    if ask.check.is_some() {
        return None;
    }
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let short = || Some(text.as_str()).filter(|text| !text.is_empty() && text.chars().count() <= 100);
    match ask.kind {
        SlotKind::Text => {
            (!text.is_empty()).then(|| text.chars().take(MAX_ANSWER).collect::<String>().into())
        }
        SlotKind::Choice => {
            ask.choices.iter().find(|choice| choice.id == text).map(|choice| json!(choice.id))
        }
        SlotKind::Number | SlotKind::Amount => {
            let number = value.as_f64().or_else(|| text.parse().ok()).filter(|number| number.is_finite());
            number.map(|number| json!(number))
        }
        SlotKind::YesNo => value.as_bool().map(Value::Bool),
        SlotKind::Email => short().filter(|text| is_address(text)).map(|text| json!(text)),
        SlotKind::Date => text.parse::<chrono::NaiveDate>().ok().map(|day| json!(day.to_string())),
        SlotKind::OrderNumber | SlotKind::InvoiceNumber => short().map(|text| json!(text)),
        SlotKind::Pattern => {
            let pattern = ask.rx.as_ref().and_then(|rx| procedure.pattern(rx))?;
            pattern.is_match(short()?).then(|| json!(text))
        }
    }
}

pub(super) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty());
    parts.is_some() && !text.contains(char::is_whitespace)
}

/// The one choice whose words stand in a short message that denies and asks nothing; two would be a guess.
fn told<'a>(choices: &'a [Option_], text: &str) -> Option<&'a Option_> {
    let said = words(text);
    let plain = format!(" {} ", said.join(" "));
    if said.len() > SHORT || text.contains('?') || denies(text) {
        return None;
    }
    let holds = |choice: &Option_| {
        let labels = choice.label.values().map(|label| words(label).join(" "));
        labels
            .filter(|label| !label.is_empty())
            .filter(|label| plain.contains(&format!(" {label} ")))
            .max_by_key(String::len)
    };
    let mut held: Vec<(&Option_, String)> =
        choices.iter().filter_map(|choice| holds(choice).map(|label| (choice, label))).collect();
    // "Gold plus" also holds "gold".
    let longest = held.iter().map(|(_, label)| label.len()).max()?;
    let whole = held.iter().find(|(_, label)| label.len() == longest).map(|(_, label)| label.clone())?;
    held.retain(|(_, label)| *label == whole || !whole.contains(label.as_str()));
    match held.as_slice() {
        [(choice, _)] => Some(choice),
        _ => None,
    }
}

/// Whether the customer says that they do not have what is asked for.
pub(super) fn is_without(ask: &Ask, case: &Case<'_>, press: Option<&Pressed>) -> bool {
    if let Some(Pressed::Slot(id)) = press {
        return id.is_empty();
    }
    let said = words(&case.message.text);
    let plain = format!(" {} ", said.join(" "));
    let bare =
        said.len() <= 2 && said.iter().any(|word| ["no", "none", "nein", "non"].contains(&word.as_str()));
    let says = WITHOUT.iter().any(|one| plain.contains(&format!(" {one} ")));
    said.len() <= SHORT && (says || bare && ask.kind != SlotKind::YesNo)
}

/// Lower case, without signs.
fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('’', "'");
    let words = plain.split(|letter: char| !letter.is_alphanumeric() && letter != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The value of that kind among what was found in a message.
pub(super) fn of_kind(kind: SlotKind, entities: &[Entity]) -> Option<Value> {
    let wanted = match kind {
        SlotKind::Email => EntityKind::Email,
        SlotKind::OrderNumber => EntityKind::OrderNumber,
        SlotKind::InvoiceNumber => EntityKind::InvoiceNumber,
        SlotKind::Amount => EntityKind::Amount,
        SlotKind::Date => EntityKind::Date,
        SlotKind::Text | SlotKind::Choice | SlotKind::Number | SlotKind::YesNo | SlotKind::Pattern => {
            return None;
        }
    };
    let found = entities.iter().find(|entity| entity.kind == wanted)?;
    match kind {
        SlotKind::Amount => {
            let sum = found.value.split(' ').next()?.parse::<f64>().ok()?;
            Some(json!(sum))
        }
        _ => Some(json!(found.value)),
    }
}

/// Asked for one thing, people write just that.
fn bare(kind: SlotKind, text: &str) -> Option<Value> {
    match kind {
        SlotKind::OrderNumber | SlotKind::InvoiceNumber => bare_number(text).map(Value::String),
        SlotKind::Amount => number(text).map(|sum| json!(sum)),
        _ => None,
    }
}

/// Asked for a number, people write just the number, or a sentence with one thing in it that looks like one.
pub(super) fn bare_number(text: &str) -> Option<String> {
    let mut numbers = text.split_whitespace().filter_map(|word| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let fits = (3..=24).contains(&word.len())
            && word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/' | '_'))
            && word.chars().filter(char::is_ascii_digit).count() >= 3;
        fits.then(|| word.to_uppercase())
    });
    // Two candidates would be a guess.
    numbers.next().filter(|_| numbers.next().is_none())
}

/// The only number in a text, as people write numbers: 1200, 1,200.50, 1.200,50, 12,5.
fn number(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace().filter_map(figure);
    numbers.next().filter(|_| numbers.next().is_none())
}

/// The number that a word is, with the signs around it.
pub(super) fn figure(word: &str) -> Option<f64> {
    let minus = word.starts_with('-');
    // Signs around a number are left out; letters make it something else.
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let digits = word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '\''));
    if word.is_empty() || !digits {
        return None;
    }
    let value = plain_number(word)?;
    Some(if minus { -value } else { value })
}

fn plain_number(word: &str) -> Option<f64> {
    let marks: Vec<(usize, char)> =
        word.char_indices().filter(|(_, letter)| !letter.is_ascii_digit()).collect();
    let decimal = match marks.last() {
        None => None,
        Some((place, mark)) => {
            let alone = marks.iter().filter(|(_, other)| other == mark).count() == 1;
            let after = word.len() - place - 1;
            // Three digits after the only kind of mark are thousands: 1,200.
            let thousands = after == 3 && marks.iter().all(|(_, other)| other == mark);
            (*mark != '\'' && alone && !thousands).then_some(*place)
        }
    };
    let keep = |(place, letter): (usize, char)| match letter {
        digit if digit.is_ascii_digit() => Some(digit),
        _ if Some(place) == decimal => Some('.'),
        _ => None,
    };
    word.char_indices().filter_map(keep).collect::<String>().parse().ok()
}

/// What the first word says, if it is one of either list; both in one sentence would be a guess.
fn yes_or_no(text: &str) -> Option<bool> {
    let words = words(text);
    let plain = words.join(" ");
    let says = |list: &[&str]| {
        list.iter().any(|one| match one.contains(' ') {
            true => plain.contains(one),
            false => words.iter().any(|word| word == one),
        })
    };
    match (words.len() <= SHORT, says(YES), says(NO)) {
        (true, true, false) => Some(true),
        (true, false, true) => Some(false),
        _ => None,
    }
}

/// Whether a word of denial stands in the text.
pub(super) fn denies(text: &str) -> bool {
    words(text).iter().any(|word| NO.contains(&word.as_str()))
}

/// Whether an answer of this kind cannot be mistaken for something else.
pub(super) fn is_exact(ask: &Ask) -> bool {
    !matches!(ask.kind, SlotKind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1200", Some(1200.0)),
            ("about 1,200.50 please", Some(1200.5)),
            ("1.200,50", Some(1200.5)),
            ("12,5", Some(12.5)),
            ("1'200'000", Some(1_200_000.0)),
            ("1,200", Some(1200.0)),
            ("€40.", Some(40.0)),
            ("-3", Some(-3.0)),
            ("between 3 and 5", None),
            ("B2B", None),
            ("none", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn yes_and_no_are_heard_and_neither_is_guessed() {
        assert_eq!(yes_or_no("Yes, please"), Some(true));
        assert_eq!(yes_or_no("nein danke"), Some(false));
        assert_eq!(yes_or_no("¡Sí!"), Some(true));
        assert_eq!(yes_or_no("don’t"), Some(false));
        assert_eq!(yes_or_no("yes and no"), None);
        assert_eq!(yes_or_no("I wonder"), None);
    }
}
