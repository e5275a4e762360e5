//! Texts nobody would write, and some that somebody will.

use nlu::signals::{Hints, Urgency, read};
use proptest::prelude::*;

use super::{hints, named, reading};

#[test]
fn long_and_strange_texts_are_read() {
    let mut texts: Vec<String> = vec![String::new(), " ".into(), "\0\u{1}\u{7f}\u{feff}".into()];
    for unit in [
        "a", "1", "@", ".", "not ", "if ", "😀", "é", "e\u{301}", "\u{202e}", "字", "ع", "#1", "in 9 ",
        "a@b.", "://", "+4", "€", "1.", "don't ", "http://a", "-", "99/", "the 1",
    ] {
        texts.push(unit.repeat(16384 / unit.len()));
    }
    for text in texts {
        let r = reading(&text);
        assert!(r.urgency <= Urgency::High);
        for s in r.urgency_signals.iter().chain(&r.sentiment_signals) {
            assert!(s.text.len() <= 120 && s.weight.is_finite());
        }
    }
}

#[test]
fn numbers_beyond_reason_are_nothing() {
    for text in [
        "999999999999999999999999 EUR",
        "in 99999999999 hours",
        "in 4294967295 days",
        "in 4000000000 weeks",
        "order 99999999999999999999999999999999",
        "by 99:99",
        "99999-99-99",
        "in 0 minutes",
    ] {
        assert_eq!(named(text), [], "{text}");
    }
}

#[test]
fn any_clock_will_do() {
    for now in ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T23:59:59Z"] {
        for utc_offset_minutes in [i32::MIN, -1439, 0, 840, 1439, i32::MAX] {
            let hints = Hints { now: now.parse().unwrap(), utc_offset_minutes, language: Some("xx") };
            reading_with(
                "in 3 weeks, by tomorrow noon, on 29 February, by the end of the month, before Friday 5pm",
                &hints,
            );
        }
    }
    let hints = Hints { now: chrono::DateTime::<chrono::Utc>::MAX_UTC, ..hints() };
    reading_with("in 3 weeks, by tomorrow noon, tonight, by the end of the year", &hints);
    let hints = Hints { now: chrono::DateTime::<chrono::Utc>::MIN_UTC, ..hints };
    reading_with("yesterday, by 29.02., by the end of the year, tonight", &hints);
}

fn reading_with(text: &str, hints: &Hints<'_>) {
    assert!(read(text, hints).entities.iter().all(|e| !e.value.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_and_places_are_characters(text in "\\PC{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_mix_of_telling_pieces_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "in ", "30 ", "minutes", "by ", "bis ", "avant ", "antes de ", "morgen", "mañana", "5pm", "17h30", "12:", "31.", "02.", "2026", "-", "/",
        "#", "order ", "Rechnung ", "€", "$", "1.234,5", "+49", " 030", "@", "ada", ".com", "https://", "not ", "urgent", "kein ", "hacked",
        "?", "!", ",", "\n", "é", "ß", "😡", ":)", "'", "’", "if ", "nobody ", "answered", "May ", "3rd ", "end of the month", "字", "\u{301}", "Uhr",
    ]), 0..40)) {
        check(&pieces.concat())?;
    }
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let r = reading(text);
    let mut end = 0;
    for e in &r.entities {
        prop_assert!(e.start >= end && e.start < e.end, "overlap or empty in {text:?}: {e:?}");
        prop_assert_eq!(text.get(e.start..e.end), Some(e.text.as_str()));
        prop_assert!(!e.value.is_empty());
        end = e.end;
    }
    prop_assert!((0.0..=1.0).contains(&r.language_confidence));
    prop_assert_eq!(reading(text), r);
    Ok(())
}
