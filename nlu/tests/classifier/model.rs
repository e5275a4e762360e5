//! What a model says, how it is kept, what it refuses.

use std::sync::{LazyLock, Mutex};

use nlu::classifier::report::report;
use nlu::classifier::{Example, LoadError, Model, TrainError, TrainOptions, TrainingSet, set_id, train};
use proptest::prelude::*;

use super::{MODEL, desk, options};

#[test]
fn it_understands_what_was_not_among_the_examples() {
    for (text, intent) in [
        ("could you please give me my money back?", "refund_request"),
        ("my parcel has not arrived", "order_status"),
        ("forgot the password for my login", "password_reset"),
        ("i'd like to cancel the subscription", "cancel_subscription"),
        ("let me talk to a real human", "talk_to_human"),
        ("copy of the invoice please", "invoice_copy"),
        ("wo bleibt meine bestellung", "order_status"),
        ("he olvidado la contraseña", "password_reset"),
    ] {
        let judged = MODEL.judge(text);
        assert_eq!(judged.intent, intent, "{text}: {judged:?}");
        assert_eq!(judged.top[0].intent, judged.intent);
        assert_eq!(judged.top[0].confidence, judged.confidence);
        assert_eq!(judged.in_scope, judged.confidence >= MODEL.threshold());
        assert!(judged.top.is_sorted_by(|a, b| a.confidence >= b.confidence));
    }
}

#[test]
fn the_same_examples_give_the_same_bytes_on_any_number_of_threads() {
    let one = train(&desk(), &options(1), &|_| {}).unwrap();
    let four = train(&desk(), &options(4), &|_| {}).unwrap();
    assert_eq!(one.to_bytes(), four.to_bytes());
    assert_eq!(one.to_bytes(), MODEL.to_bytes());
    assert_eq!(one.id(), set_id(&desk(), &options(7)));
}

#[test]
fn the_id_names_everything_that_made_the_model_but_not_the_threads() {
    let id = set_id(&desk(), &options(1));
    let mut set = desk();
    set.examples.swap(0, 1);
    assert_ne!(set_id(&set, &options(1)), id, "the order of the examples counts");
    let mut set = desk();
    set.names.clear();
    assert_ne!(set_id(&set, &options(1)), id);
    assert_ne!(set_id(&desk(), &TrainOptions { seed: 2, ..options(1) }), id);
    assert_ne!(set_id(&desk(), &TrainOptions { out_of_scope_share: 0.3, ..options(1) }), id);
    assert_ne!(set_id(&desk(), &TrainOptions { calibrate: false, ..options(1) }), id);
}

#[test]
fn a_model_survives_being_written_and_read() {
    let bytes = MODEL.to_bytes();
    let read = Model::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read.id(), MODEL.id());
    assert_eq!(read.intents().collect::<Vec<_>>(), MODEL.intents().collect::<Vec<_>>());
    for text in ["where is my stuff", "", "Rechnung?", "退款"] {
        assert_eq!(read.judge(text), MODEL.judge(text));
        assert_eq!(read.explain(text, 5), MODEL.explain(text, 5));
    }
}

#[test]
fn damaged_bytes_are_refused_wherever_they_are_damaged() {
    let bytes = MODEL.to_bytes();
    assert_eq!(Model::from_bytes(b"").unwrap_err(), LoadError::NotAModel);
    assert_eq!(Model::from_bytes(b"{\"some\": \"json\"}").unwrap_err(), LoadError::NotAModel);
    let mut newer = bytes.clone();
    newer[8] = 99;
    assert_eq!(Model::from_bytes(&newer).unwrap_err(), LoadError::OtherVersion { found: 99 });
    for at in [12, 16, 24, 40, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(matches!(Model::from_bytes(&damaged), Err(LoadError::Damaged { .. })), "byte {at}");
    }
    for length in [8, 12, 20, 24, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(
            matches!(Model::from_bytes(&bytes[..length]), Err(LoadError::Damaged { .. })),
            "{length} bytes"
        );
    }
}

#[test]
fn texts_without_words_get_no_confidence() {
    let long = "a".repeat(16 * 1024);
    for text in
        ["", " \t\n", "🙂🙂🙂", "\u{0}\u{7}\u{1b}[31m", "…—·", long.as_str(), "\u{202e}\u{200b}\u{feff}"]
    {
        let judged = MODEL.judge(text);
        assert!(judged.confidence < 0.5 && !judged.in_scope, "{:.20}: {judged:?}", text);
    }
}

#[test]
fn strangers_are_turned_away() {
    for text in [
        "how do i bake a chocolate cake",
        "my neighbour plays the trumpet at night",
        "مرحبا كيف حالك اليوم",
        "今天天气很好",
        "שלום מה שלומך",
        "lorem ipsum dolor sit amet",
    ] {
        assert!(!MODEL.judge(text).in_scope, "{text}: {:?}", MODEL.judge(text));
    }
}

#[test]
fn scripts_without_spaces_and_from_right_to_left_are_learnt() {
    let mut set = TrainingSet::default();
    let rows: [(&str, &[&str]); 4] = [
        ("refund", &["我要退款", "请给我退款", "退款什么时候到账", "我想申请退款", "退款进度查询"]),
        ("parcel", &["我的包裹在哪里", "快递什么时候到", "包裹还没有收到", "查询快递", "包裹丢了怎么办"]),
        (
            "password",
            &["نسيت كلمة المرور", "أريد تغيير كلمة المرور", "كلمة المرور لا تعمل", "إعادة تعيين كلمة المرور"],
        ),
        ("invoice", &["אני צריך חשבונית", "שלחו לי חשבונית", "איפה החשבונית שלי", "חשבונית לחודש מרץ"]),
    ];
    for (intent, texts) in rows {
        for text in texts {
            set.examples.push(Example { text: (*text).to_owned(), intent: Some(intent.to_owned()) });
        }
    }
    let model = train(&set, &options(2), &|_| {}).unwrap();
    for (text, intent) in [
        ("想退款", "refund"),
        ("包裹到哪里了", "parcel"),
        ("لقد نسيت كلمة المرور", "password"),
        ("חשבונית בבקשה", "invoice"),
    ] {
        assert_eq!(model.judge(text).intent, intent, "{text}");
    }
}

#[test]
fn a_set_that_cannot_be_learnt_is_refused_with_the_reason() {
    let example =
        |text: &str, intent: Option<&str>| Example { text: text.into(), intent: intent.map(str::to_owned) };
    let set = |examples| TrainingSet { examples, ..TrainingSet::default() };
    let failed = |set: &TrainingSet, options: &TrainOptions| train(set, options, &|_| {}).unwrap_err();
    assert_eq!(failed(&set(vec![]), &options(1)), TrainError::NoIntents);
    assert_eq!(failed(&set(vec![example("hi", None)]), &options(1)), TrainError::NoIntents);
    let lonely = set(vec![example("a", Some("x")), example("b", Some("x")), example("c", Some("y"))]);
    assert_eq!(failed(&lonely, &options(1)), TrainError::TooFewExamples { intent: "y".into(), found: 1 });
    let wrong = TrainOptions { target_precision: 1.5, ..options(1) };
    assert!(failed(&desk(), &wrong).to_string().contains("target_precision is 1.5"));
}

#[test]
fn even_the_smallest_and_emptiest_sets_train() {
    let example =
        |text: &str, intent: Option<&str>| Example { text: text.into(), intent: intent.map(str::to_owned) };
    for examples in [
        vec![example("hi", Some("greet")), example("hello", Some("greet"))],
        vec![example("hi", Some("greet")), example("hi", Some("greet")), example("bye", None)],
        vec![
            example("", Some("a")),
            example("🙂", Some("a")),
            example("", Some("b")),
            example("x", Some("b")),
        ],
        vec![
            example("same", Some("a")),
            example("same", Some("a")),
            example("same", Some("b")),
            example("same", Some("b")),
        ],
    ] {
        let set = TrainingSet { examples, ..TrainingSet::default() };
        let model = train(&set, &options(2), &|_| {}).unwrap();
        let judged = model.judge("hello there");
        assert!((0.0..=1.0).contains(&judged.confidence), "{judged:?}");
        assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap().judge("hello there"), judged);
        report(&set, &options(2), &|_| {}).unwrap();
    }
}

#[test]
fn without_calibration_confidence_is_the_networks_own() {
    let model = train(&desk(), &TrainOptions { calibrate: false, ..options(2) }, &|_| {}).unwrap();
    assert_eq!(model.judge("please refund my payment").intent, "refund_request");
    assert!(model.judge("please refund my last payment").confidence > 0.8);
    assert_ne!(model.id(), MODEL.id());
}

#[test]
fn progress_rises_to_the_end() {
    let seen = Mutex::new(Vec::new());
    train(&desk(), &options(2), &|done| seen.lock().unwrap().push(done)).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted() && seen.len() > 10);
    assert!(seen.last().is_some_and(|last| (0.999..=1.0).contains(last)));
}

#[test]
fn the_report_names_what_to_mend() {
    let mut set = desk();
    let add = |set: &mut TrainingSet, text: &str, intent: &str| {
        set.examples.push(Example { text: text.to_owned(), intent: Some(intent.to_owned()) });
    };
    add(&mut set, "track my order, please!", "invoice_copy");
    add(&mut set, "gift card", "gift_card");
    add(&mut set, "buy a gift voucher", "gift_card");
    let report = report(&set, &options(2), &|_| {}).unwrap();
    assert_eq!((report.examples, report.out_of_scope_examples, report.intents.len()), (63, 4, 7));
    assert_eq!(report.too_few_examples, ["gift_card"]);
    let [duplicate] = report.near_duplicates.as_slice() else { panic!("{:?}", report.near_duplicates) };
    assert_eq!(duplicate.texts, ["track my order please", "track my order, please!"]);
    assert_eq!(duplicate.intents.clone().map(Option::unwrap), ["order_status", "invoice_copy"]);
    assert!(
        report
            .confusions
            .iter()
            .all(|confusion| confusion.intent != confusion.taken_for && confusion.times > 0)
    );
    assert!(report.confusions.iter().all(|confusion| !confusion.examples.is_empty()));
    let wrong: usize = report.confusions.iter().map(|confusion| confusion.times).sum();
    let seen: usize = report.reliability.iter().map(|bin| bin.examples).sum();
    assert!((report.accuracy - (1.0 - wrong as f64 / seen as f64)).abs() < 1e-9);
    assert_eq!(report.coverage.iter().map(|c| c.precision).collect::<Vec<_>>(), [0.95, 0.98]);
    assert!(report.coverage[0].coverage >= report.coverage[1].coverage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic_or_promise_more_than_certainty(text in "\\PC{0,200}|[\\x00-\\x7f]{0,300}|(refund|parcel|🙂|退|\u{301}|'| |\n){0,80}") {
        let judged = MODEL.judge(&text);
        prop_assert!((0.0..=1.0).contains(&judged.confidence));
        prop_assert!(judged.top.len() <= 3 && !judged.top.is_empty());
        prop_assert!(judged.top.iter().map(|guess| guess.confidence).sum::<f32>() <= 1.001);
        prop_assert!(MODEL.explain(&text, 4).iter().all(|word| word.weight.is_finite() && !word.text.is_empty()));
    }

    #[test]
    fn cut_or_changed_models_never_load_as_something_else(at in 0_usize..2_000_000, bit in 0_u8..8) {
        let mut bytes = BYTES.clone();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(Model::from_bytes(&bytes).is_err());
        prop_assert!(Model::from_bytes(&BYTES[..at]).is_err());
    }
}

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| MODEL.to_bytes());
