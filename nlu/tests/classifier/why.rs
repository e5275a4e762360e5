//! What decided, and what would have decided otherwise.

use super::MODEL;

#[test]
fn evidence_names_the_words_that_decided() {
    let evidence = MODEL.explain("hello, I really need the invoice of last month", 3);
    assert_eq!(evidence.len(), 3);
    assert_eq!(evidence[0].text, "invoice");
    assert!(evidence[0].weight > 0.0);
    assert!(evidence.is_sorted_by(|a, b| a.weight.abs() >= b.weight.abs()));
    assert!(MODEL.explain("", 5).is_empty());
}

#[test]
fn a_flip_is_a_change_that_really_changes_the_verdict() {
    let (mut found, mut single) = (0, 0);
    let verdict = |text: &str, threshold: f32| {
        let judged = MODEL.judge(text);
        (judged.confidence >= threshold).then_some(judged.intent)
    };
    let threshold = MODEL.threshold().min(0.6);
    for text in [
        "refund the order please",
        "where is my invoice and my parcel",
        "cancel my password",
        "i want to talk about my refund",
        "please email the invoice again",
        "talk to a human about resetting the password",
    ] {
        let evidence = MODEL.explain(text, 8);
        let Some(flip) = MODEL.flip(text, &evidence, |_| threshold) else { continue };
        // Words of these texts are read as they are written, so they can be taken out of them.
        let words = text.split(' ').filter(|word| !flip.without.iter().any(|gone| gone == word));
        let shorter = words.collect::<Vec<_>>().join(" ");
        assert_ne!(verdict(&shorter, threshold), verdict(text, threshold), "{text}: {flip:?}");
        let judged = MODEL.judge(&shorter);
        assert_eq!((judged.intent, judged.confidence), (flip.intent, flip.confidence));
        assert_eq!(flip.sure, judged.confidence >= threshold);
        assert!((1..=3).contains(&flip.without.len()));
        found += 1;
        single += usize::from(flip.without.len() == 1);
    }
    assert!(found >= 4 && single >= 3, "{found} of six have a flip, {single} of one word");
}

#[test]
fn a_threshold_of_the_intent_decides_what_flips() {
    let text = "please email the invoice again";
    let evidence = MODEL.explain(text, 8);
    // With nothing to reach, only another intent is another verdict; out of reach, nothing is.
    if let Some(flip) = MODEL.flip(text, &evidence, |_| 0.0) {
        assert_ne!(flip.intent, "invoice_copy");
    }
    assert_eq!(MODEL.flip(text, &evidence, |_| 1.1), None);
    assert_eq!(MODEL.flip("", &[], |_| 0.5), None);
    assert_eq!(MODEL.flip("invoice", &MODEL.explain("invoice", 8), |_| 0.0), None, "nothing would be left");
}
