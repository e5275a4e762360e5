//! Whether what a language model found stands in the customer's own words: it may find, it may not invent.

use super::slots;
use model::prompt::clean;

/// How numbers are written out, in the languages that the desk can be made to speak; one word each.
const NUMERALS: &[(&str, f64)] = &[
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("eins", 1.0),
    ("zwei", 2.0),
    ("drei", 3.0),
    ("vier", 4.0),
    ("fünf", 5.0),
    ("sechs", 6.0),
    ("sieben", 7.0),
    ("acht", 8.0),
    ("neun", 9.0),
    ("zehn", 10.0),
    ("elf", 11.0),
    ("zwölf", 12.0),
    ("deux", 2.0),
    ("trois", 3.0),
    ("quatre", 4.0),
    ("cinq", 5.0),
    ("sept", 7.0),
    ("huit", 8.0),
    ("neuf", 9.0),
    ("dix", 10.0),
    ("onze", 11.0),
    ("douze", 12.0),
    ("dos", 2.0),
    ("tres", 3.0),
    ("cuatro", 4.0),
    ("cinco", 5.0),
    ("seis", 6.0),
    ("siete", 7.0),
    ("ocho", 8.0),
    ("nueve", 9.0),
    ("diez", 10.0),
];

/// Whether the value is a run of whole words of the text. Signs, blanks and case are not looked at: "hb 20418" holds
/// "HB-20418", but "204189" does not hold "20418".
pub(super) fn stands(value: &str, text: &str) -> bool {
    let wanted = words(value).concat();
    let words = words(text);
    let begins = |from: usize| {
        let mut run = String::new();
        words[from..].iter().any(|word| {
            run.push_str(word);
            run == wanted
        })
    };
    // A run that does not begin as the value does is not followed to the end of a long text.
    let fits = |from: &usize| wanted.starts_with(words[*from].as_str());
    !wanted.is_empty() && (0..words.len()).filter(fits).any(begins)
}

/// Whether an e-mail address stands in the text, as it is or told in words ("ada at example dot com").
pub(super) fn address_stands(address: &str, text: &str) -> bool {
    let mut plain = clean(text, usize::MAX).to_lowercase();
    for (words, sign) in [
        ("(at)", "@"),
        ("[at]", "@"),
        (" at ", "@"),
        (" @ ", "@"),
        ("(dot)", "."),
        ("[dot]", "."),
        (" dot ", "."),
        (" punkt ", "."),
        (" point ", "."),
        (" punto ", "."),
    ] {
        plain = plain.replace(words, sign);
    }
    let signs = |letter: char| !letter.is_alphanumeric();
    plain.split_whitespace().any(|word| word.trim_matches(signs) == address)
}

/// Whether the number stands in the text, in digits or in words.
pub(super) fn number_stands(number: f64, text: &str) -> bool {
    let same = |other: f64| (other - number).abs() < 1e-9;
    let in_digits = text.split_whitespace().flat_map(|word| word.split(['/', '(', ')', ':', ';']));
    let mut in_digits = in_digits.filter_map(slots::figure);
    in_digits.any(same)
        || words(text).iter().any(|word| NUMERALS.iter().any(|(name, value)| name == word && same(*value)))
}

/// Letters and digits in lower case, word by word.
fn words(text: &str) -> Vec<String> {
    let plain = clean(text, usize::MAX).to_lowercase();
    let words = plain.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_is_found_however_it_is_written() {
        for (value, text) in [
            ("HB-20418", "it was hb 20418, I think"),
            ("HB20418", "HB-20418"),
            ("20418", "not 20417 but 20418!"),
            ("ÄB-12345", "äb12345"),
        ] {
            assert!(stands(value, text), "{value} in {text}");
        }
        for (value, text) in [
            ("20418", "my order is 204189"),
            ("20418", "2041"),
            ("HB-20418", "HB-20419"),
            ("", "anything"),
            ("—", "a — b"),
            ("18", "HB-20418"),
        ] {
            assert!(!stands(value, text), "{value} in {text}");
        }
        assert!(!stands(&"ab".repeat(2000), &"a b ".repeat(2000).replace('b', "c")));
    }

    #[test]
    fn an_address_is_the_same_to_the_last_sign() {
        assert!(address_stands("ada@example.com", "write to Ada@Example.com."));
        assert!(address_stands("ada@example.com", "ada at example dot com"));
        assert!(!address_stands("janedoe@example.com", "jane.doe@example.com"));
        assert!(!address_stands("ada@example.com", "ada@example.com.evil.test"));
    }

    #[test]
    fn numbers_stand_in_digits_or_in_words() {
        assert!(number_stands(1200.5, "about 1.200,50 I think") && number_stands(2.0, "the two of us"));
        assert!(number_stands(3.0, "3/12") && !number_stands(20.0, "200") && !number_stands(5.0, "none"));
    }
}
