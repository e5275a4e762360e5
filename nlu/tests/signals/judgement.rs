//! Urgency and mood with their grounds.

use nlu::signals::EntityKind::Deadline;
use nlu::signals::{Sentiment, Urgency};

use super::{named, reading};

#[test]
fn a_double_charge_without_an_answer() {
    let r = reading("I was charged twice and nobody answered my previous email.");
    assert!(r.urgency >= Urgency::Medium, "{r:#?}");
    assert_eq!(r.sentiment, Sentiment::Negative);
    for (code, text) in [("billing", "charged twice"), ("repeat-contact", "nobody answered")] {
        assert!(
            r.urgency_signals.iter().any(|s| s.code == code && s.text == text),
            "{code}: {:#?}",
            r.urgency_signals
        );
    }
}

#[test]
fn locked_out_with_a_demo_in_half_an_hour() {
    let r = reading(
        "Hi, I can't access my account. I have a client demo in 30 minutes and I need this fixed urgently.",
    );
    assert_eq!(r.urgency, Urgency::High);
    for code in ["locked-out", "deadline", "explicit-urgent"] {
        assert!(r.urgency_signals.iter().any(|s| s.code == code), "{code}");
    }
    assert_eq!(r.entities.len(), 1);
    assert_eq!((r.entities[0].kind, r.entities[0].value.as_str()), (Deadline, "2026-11-20T11:30:00+01:00"));
}

#[test]
fn harm_is_high_in_every_language() {
    for text in [
        "The whole site is down, nobody can pay",
        "my account was hacked",
        "Unser Shop ist komplett offline, kein Kunde kann bezahlen",
        "Ich komme nicht mehr in mein Konto",
        "Notre site est en panne, les clients ne peuvent plus payer",
        "on a piraté mon compte",
        "La web está caída y no podemos vender",
        "me han robado la cuenta",
    ] {
        assert_eq!(reading(text).urgency, Urgency::High, "{text}: {:#?}", reading(text).urgency_signals);
    }
}

#[test]
fn what_is_denied_over_or_supposed_is_not_urgent() {
    for text in [
        "This is not urgent, just a question about my plan",
        "no rush, whenever you have time",
        "The site was down yesterday, all good now.",
        "What happens if my account gets hacked?",
        "Kein Problem mehr, danke",
        "Es eilt nicht",
        "Ce n'est pas urgent",
        "No es urgente",
        "How do I add a user?",
        "Thanks a lot, that solved it!",
    ] {
        assert_eq!(reading(text).urgency, Urgency::Low, "{text}: {:#?}", reading(text).urgency_signals);
    }
}

#[test]
fn praise_and_relief_are_no_emergencies() {
    for text in [
        "That did the trick, everything syncs again. You people rock.",
        "Hat alles super geklappt, die Küche steht und wir sind begeistert.",
        "Tout fonctionne à merveille depuis votre intervention.",
        "Enhorabuena por el servicio, así da gusto ser cliente.",
        "Menos mal, ya aparece el dinero. Os agradezco la rapidez.",
    ] {
        let r = reading(text);
        assert_eq!((r.urgency, r.sentiment), (Urgency::Low, Sentiment::Positive), "{text}: {r:#?}");
        assert!(
            r.urgency_signals.iter().all(|s| s.code != "wording" || s.weight < 0.0),
            "no word of it speaks for haste: {:#?}",
            r.urgency_signals
        );
    }
}

#[test]
fn kind_words_around_an_emergency_do_not_calm() {
    for text in [
        "Thank you so much for being great, but my account was hacked and someone is spending my money",
        "Ihr seid super, aber unser Shop ist komplett offline",
        "Je vous adore, mais on a piraté mon compte",
        "Sois geniales, pero me han robado la cuenta",
    ] {
        assert_eq!(reading(text).urgency, Urgency::High, "{text}: {:#?}", reading(text));
    }
}

#[test]
fn the_ground_for_lowering_is_named() {
    for (text, code) in [
        ("It's not urgent, the export is broken", "not-urgent"),
        ("The site was down yesterday, all good now.", "resolved"),
        ("What happens if my account gets hacked?", "hypothetical"),
        ("I am not locked out, I only want to change my name", "negated"),
    ] {
        let r = reading(text);
        assert!(
            r.urgency_signals.iter().any(|s| s.code == code && s.weight < 0.0),
            "{text}: {:#?}",
            r.urgency_signals
        );
    }
}

#[test]
fn what_broke_again_after_a_fix_counts() {
    assert_eq!(
        reading("It was fixed yesterday but today our whole shop is down again").urgency,
        Urgency::High
    );
}

#[test]
fn moods_with_negation_and_degree() {
    for (text, mood) in [
        ("I love the new design", Sentiment::Positive),
        ("not bad at all", Sentiment::Positive),
        ("I am not happy with this", Sentiment::Negative),
        ("Das ist nicht schlecht", Sentiment::Positive),
        ("Ich bin sehr enttäuscht", Sentiment::Negative),
        ("Je suis très déçu", Sentiment::Negative),
        ("Merci beaucoup, c'est parfait !", Sentiment::Positive),
        ("no está mal", Sentiment::Neutral),
        ("¡Qué desastre, pésimo servicio!", Sentiment::Negative),
        ("😡😡", Sentiment::Negative),
        ("🎉", Sentiment::Positive),
        ("Where can I download my invoices?", Sentiment::Neutral),
        ("Great, down again.", Sentiment::Negative),
    ] {
        let r = reading(text);
        assert_eq!(r.sentiment, mood, "{text}: {:#?}", r.sentiment_signals);
    }
}

#[test]
fn shouting_darkens_a_complaint() {
    let weight = |text: &str| reading(text).sentiment_signals.iter().map(|s| s.weight).sum::<f32>();
    assert!(weight("THIS IS TERRIBLE!!!") < weight("this is terrible"));
}

#[test]
fn codes_and_levels_are_written_stably() {
    let json = serde_json::to_value(reading("my account was hacked, call +44 20 7946 0958")).unwrap();
    assert_eq!(json["urgency"], "high");
    assert_eq!(json["entities"][0]["kind"], "phone");
    assert!(Urgency::Low < Urgency::Medium && Urgency::Medium < Urgency::High);
    assert_eq!(named("in 30 minutes").len(), 1);
}
