use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

static SCREEN: LazyLock<Screen> = LazyLock::new(|| Screen::new(LEAST_SUPPORT).unwrap());

const SOURCES: [Source<'static>; 2] = [
    Source {
        id: "export-data",
        text: "Export your data. Open the report and choose Export as CSV. Exports are kept for 7 days. See https://docs.harbor.example/export or write to help@harbor.example.",
        language: "en",
    },
    Source {
        id: "plans",
        text: "The Team plan costs 1,299.00 € a year, or 24 USD. Save 15 %.",
        language: "en",
    },
];

fn look(text: &str, citations: &[&str]) -> Vec<ProblemKind> {
    let citations: Vec<String> = citations.iter().map(|id| (*id).to_owned()).collect();
    let report = SCREEN.look(Draft { text, citations: &citations, language: "en" }, &SOURCES);
    report.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn what_the_sources_say_passes() {
    let export = &["export-data"];
    for text in [
        "Open the report and choose \"Export as CSV\".",
        "1. Open the report.\n2. Choose Export as CSV.\n\nExports are kept for 7 days.",
        "Sure! You can find more at docs.harbor.example/export.",
        "Open the report first. Does that help?",
    ] {
        assert_eq!(look(text, export), [], "{text}");
    }
    assert_eq!(look("The Team plan costs €1299 a year.", &["plans"]), []);
}

#[test]
fn what_they_do_not_say_is_named() {
    use ProblemKind::*;
    for (text, citations, problem) in [
        ("Exports are kept for 30 days.", &["export-data"][..], UnsupportedNumber),
        ("Exports are kept for 7 weeks.", &["export-data"], UnsupportedNumber),
        ("The Team plan costs $1299 a year.", &["plans"], UnsupportedNumber),
        ("The Team plan costs 1,299.00 € a year.", &["export-data"], UnsupportedNumber),
        ("Open the report at http://evil.example/export", &["export-data"], UnsupportedLink),
        ("Open the report at docs.harbor.example/export?steal=1", &["export-data"], UnsupportedLink),
        ("Write to help@evil.example about the export report data.", &["export-data"], UnsupportedAddress),
        ("Open the report ![x](https://docs.harbor.example/export)", &["export-data"], ActiveContent),
        ("Open the report <img src=x onerror=alert(1)>", &["export-data"], ActiveContent),
        ("Open the [report](javascript:alert(1))", &["export-data"], ActiveContent),
        (
            "We will refund your whole subscription tomorrow because you are valued.",
            &["export-data"],
            LowSupport,
        ),
        ("What is the capital of Brazil?", &["export-data"], LowSupport),
        ("Sure! Open the report. What are your card number and password?", &["export-data"], LowSupport),
        ("Open the report.", &[], NoCitation),
        ("Open the report.", &["export-data", "made-up"], UnknownCitation),
        ("", &["export-data"], Empty),
    ] {
        assert!(look(text, citations).contains(&problem), "{text}: {:?}", look(text, citations));
    }
}

#[test]
fn another_language_is_left_to_the_model_but_its_numbers_are_not() {
    let citations = ["export-data".to_owned()];
    let german = |text| SCREEN.look(Draft { text, citations: &citations, language: "de" }, &SOURCES);
    let report = german("Öffnen Sie den Bericht. Exporte bleiben 7 Tage erhalten.");
    assert!(report.passes() && report.needs_model && report.weakest() == 1.0, "{report:?}");
    assert!(!german("Exporte bleiben 30 Tage erhalten.").passes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_screened(text in "\\PC{0,200}", id in "[a-z-]{0,12}") {
        let report = SCREEN.look(Draft { text: &text, citations: &[id], language: "en" }, &SOURCES);
        prop_assert!((0.0..=1.0).contains(&report.weakest()));
    }

    #[test]
    fn a_source_supports_itself(which in 0_usize..2) {
        prop_assert_eq!(look(SOURCES[which].text, &[SOURCES[which].id]), []);
    }
}
