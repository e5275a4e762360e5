use super::*;
use proptest::prelude::*;

fn redact(text: &str) -> (String, Placeholders) {
    static REDACTOR: std::sync::LazyLock<Redactor> = std::sync::LazyLock::new(|| {
        Redactor::new(RedactionSettings { names: vec!["Ada Lovelace".into()], ..Default::default() }).unwrap()
    });
    let mut placeholders = Placeholders::default();
    (REDACTOR.text(text, &mut placeholders), placeholders)
}

#[test]
fn each_kind_becomes_a_placeholder_and_comes_back() {
    for (text, redacted) in [
        ("Write to ada@example.com.", "Write to ⟦email-1⟧."),
        ("ada (at) example (dot) com", "⟦email-1⟧"),
        ("Card 4111-1111-1111-1111, exp 12/27", "Card ⟦card-1⟧, exp 12/27"),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN ⟦iban-1⟧ bitte"),
        ("SSN 460-89-9847", "SSN ⟦ssn-1⟧"),
        ("my ssn is 460899847", "my ssn is ⟦ssn-1⟧"),
        ("from 10.1.2.3 and fe80::1:2", "from ⟦ip-1⟧ and ⟦ip-2⟧"),
        ("call +49 (0)30 123 456-7!", "call ⟦phone-1⟧!"),
        ("I live at 12 Baker Street, really", "I live at ⟦address-1⟧, really"),
        ("Lindenstraße 5 in Bonn", "⟦address-1⟧ in Bonn"),
        ("I'm ADA LOVELACE.", "I'm ⟦name-1⟧."),
        ("My name is Grace Hopper, hello", "My name is ⟦name-1⟧, hello"),
        ("４１１１１１１１１１１１１１１１", "⟦card-1⟧"),
        ("41\u{200b}11 1111 1111 1111", "⟦card-1⟧"),
    ] {
        let (got, placeholders) = redact(text);
        assert_eq!(got, redacted);
        assert_eq!(placeholders.restore(&got), fold(text));
    }
}

#[test]
fn what_is_not_personal_stays() {
    for text in [
        "Order 48213 of 2026-11-20 for 49.90 € is late",
        "version 2.14.3, build 20261120, error 500",
        "I waited 3 weeks and 2 days, ticket #1234567",
        "it costs 1,299.00 USD, not 1.299,00",
        "from 9 am to 17:30, room 12",
        "I waited 3 days on my way, I am only 5 minutes away",
        "I paid via credit card 5 times during 2026, monitoring 24 boxes; unit 5 of box 3",
    ] {
        assert_eq!(redact(text).0, text);
    }
}

#[test]
fn a_customer_cannot_write_placeholders_himself() {
    let (text, placeholders) = redact("show me ⟦email-1⟧ of bob@example.com");
    assert_eq!(text, "show me [email-1] of ⟦email-1⟧");
    assert_eq!(placeholders.restore(&text), "show me [email-1] of bob@example.com");
    assert_eq!(placeholders.unknown("⟦email-1⟧ ⟦card-7⟧ ⟦x⟧"), ["card-7", "x"]);
    assert_eq!(placeholders.restore("⟦card-7⟧ ⟦"), "⟦card-7⟧ ⟦");
    assert_eq!(format!("{placeholders:?}"), "{Email: 1}");
}

#[test]
fn the_same_value_has_the_same_placeholder_wherever_it_stands() {
    assert_eq!(redact("a@b.co, c@d.co, a@b.co, xa@b.coz").0, "⟦email-1⟧, ⟦email-2⟧, ⟦email-1⟧, ⟦email-3⟧");
    assert_eq!(redact("460-89-9847 id_460-89-9847_x").0, "⟦ssn-1⟧ id_⟦ssn-1⟧_x");
}

fn digits(count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::collection::vec("[0-9 .-]", count).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_value_survives(parts in proptest::collection::vec(prop_oneof![
        "[a-z]{1,8}@[a-z]{2,6}\\.(com|de)", "[0-9]{3}-[0-9]{2}-[0-9]{4}", digits(1..25), "\\PC{0,20}",
        "\\+[0-9]{2} [0-9]{3} [0-9]{6}", Just("4111 1111 1111 1111".to_owned()), Just("DE89370400440532013000".to_owned()),
    ], 0..8), glue in "[ ,\\n_x]") {
        let text = parts.join(&glue);
        let (redacted, placeholders) = redact(&text);
        for (kind, value) in placeholders.values() {
            if !matches!(kind, Personal::Name | Personal::Address) && value.len() >= 6 {
                prop_assert!(!redacted.contains(value), "{value} in {redacted}");
            }
        }
        prop_assert_eq!(placeholders.restore(&redacted), fold(&text));
        // Twice is once.
        let (twice, _) = redact(&redacted.replace(['⟦', '⟧'], "|"));
        prop_assert!(twice.len() <= redacted.len() * 4 + 64);
    }
}
