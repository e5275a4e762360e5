//! Numbers that prove what they are: cards by Luhn's sum, accounts by ISO 13616's remainder, and those that could be
//! telephone numbers by their shape.

/// Luhn's check over the digits of a text (ISO/IEC 7812-1, annex B).
#[must_use]
pub(super) fn luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().rev().filter_map(|letter| letter.to_digit(10)).collect();
    let weigh = |(place, digit): (usize, &u32)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    let sum: u32 = digits.iter().enumerate().map(weigh).sum();
    (12..=19).contains(&digits.len()) && sum > 0 && sum.is_multiple_of(10)
}

/// The length of an IBAN by country (ISO 13616 registry), for telling where one ends and the next word begins.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// How many bytes at the beginning of `text` are an IBAN, blanks within it included.
#[must_use]
pub(super) fn iban(text: &str) -> Option<usize> {
    let country = text.get(..2)?.to_ascii_uppercase();
    let length = LENGTHS.iter().find(|(known, _)| *known == country).map(|(_, length)| *length)?;
    let mut letters = String::new();
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        if letter.is_ascii_alphanumeric() {
            letters.push(letter.to_ascii_uppercase());
            end = at + 1;
            if letters.len() == length {
                break;
            }
        } else if !matches!(letter, ' ' | '-' | '\u{a0}') {
            break;
        }
    }
    let ends = !text[end..].starts_with(|letter: char| letter.is_alphanumeric());
    (letters.len() == length && ends && remainder(&letters) == 1).then_some(end)
}

/// The number of an IBAN, its first four characters moved to the end, letters as 10 to 35, modulo 97.
fn remainder(iban: &str) -> u32 {
    let (head, tail) = iban.split_at(4);
    tail.chars().chain(head.chars()).filter_map(|letter| letter.to_digit(36)).fold(0, |rest, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (rest * shift + value) % 97
    })
}

/// Whether something that looks like a telephone number is not rather a date, an amount, a range of years or an order
/// number.
#[must_use]
pub(super) fn could_be_phone(text: &str, before: &str, after: &str) -> bool {
    let main = text.split(['x', 'X']).next().unwrap_or(text);
    let digits = main.chars().filter(char::is_ascii_digit).count();
    let marked = main.starts_with('+') || main.starts_with("00") || main.contains('(');
    let groups: Vec<&str> =
        main.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let money = |text: &str| text.trim_start().starts_with(['€', '$', '£', '%', '¥']);
    if !(7..=15).contains(&digits)
        || before.trim_end().ends_with(['€', '$', '£', '¥', '#', '№'])
        || money(after)
        || before.ends_with(|letter: char| letter.is_alphanumeric() || "_/".contains(letter))
        || after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
    {
        return false;
    }
    if marked {
        return true;
    }
    match groups.as_slice() {
        // Bare digits: national numbers have ten or eleven, or begin with 0.
        [one] => matches!(one.len(), 10 | 11) || one.len() >= 9 && one.starts_with('0'),
        [year, month, day] if looks_like_date(year, month, day) || looks_like_date(day, month, year) => false,
        [from, to] if is_year(from) && is_year(to) => false,
        // Thousands: 1.234.567 or 1,234,567.
        [first, rest @ ..]
            if first.len() <= 3
                && (main.contains('.') || main.contains(','))
                && !main.contains(['-', ' '])
                && rest.iter().all(|group| group.len() == 3)
                && digits < 10 =>
        {
            false
        }
        _ => true,
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))
}

fn looks_like_date(year: &str, month: &str, day: &str) -> bool {
    let within =
        |text: &str, most: u32| text.len() <= 2 && text.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n));
    is_year(year) && (within(month, 12) && within(day, 31) || within(month, 31) && within(day, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_remainders() {
        assert!(luhn("4111 1111 1111 1111") && !luhn("4111 1111 1111 1112") && !luhn("0000000000000000"));
        assert_eq!(iban("DE89 3704 0044 0532 0130 00 please"), Some(27));
        assert_eq!(iban("gb82west12345698765432."), Some(22));
        assert_eq!(iban("DE89370400440532013001"), None);
        assert_eq!(iban("DE8937040044053201300"), None);
    }

    #[test]
    fn shapes_of_telephone_numbers() {
        for phone in
            ["+49 30 1234567", "(602)272-9781", "467 3395", "345-899-3560x4587", "9498777106", "083 564 9312"]
        {
            assert!(could_be_phone(phone, "call ", "."), "{phone}");
        }
        for (other, before) in [
            ("2026-11-20", ""),
            ("20.11.2026", ""),
            ("2019-2023", ""),
            ("1.234.567", ""),
            ("1234567", ""),
            ("123456789", ""),
            ("1234 5678", "€"),
            ("4155551234", "order #"),
        ] {
            assert!(!could_be_phone(other, before, ""), "{other}");
        }
    }
}
