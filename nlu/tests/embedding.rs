//! Vectors beside the words: from a folder with weights made here, and from an embedder that fails.
#![allow(clippy::unwrap_used, clippy::panic)] // tests

use std::path::Path;
use std::sync::Arc;

use nlu::classifier::{AttachError, Example, Model, TrainError, TrainOptions, TrainingSet};
use nlu::classifier::{set_id, set_id_embedded, train, train_embedded};
use nlu::embedding::{EmbedError, Embedder, Folder};
use safetensors::{Dtype, View};

/// Words of one meaning lie in one direction, also those that no example holds.
const MEANINGS: [&[&str]; 4] = [
    &["refund", "money", "reimburse", "repay", "chargeback"],
    &["parcel", "delivery", "shipment", "courier", "consignment"],
    &["password", "login", "credentials", "signin", "passphrase"],
    &["i", "my", "the", "is", "where", "want", "need", "please", "about"],
];
const DIMENSIONS: usize = 8;

struct Matrix(Vec<u8>, Vec<usize>, Dtype);

impl View for Matrix {
    fn dtype(&self) -> Dtype {
        self.2
    }
    fn shape(&self) -> &[usize] {
        &self.1
    }
    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.0).into()
    }
    fn data_len(&self) -> usize {
        self.0.len()
    }
}

fn write(folder: &Path, rows: usize, dtype: Dtype) {
    let (mut vocabulary, mut bytes) = (Vec::new(), Vec::new());
    for (meaning, words) in MEANINGS.iter().enumerate() {
        for (nth, word) in words.iter().enumerate() {
            vocabulary.push(format!("\"{word}\": {}", vocabulary.len()));
            for dimension in 0..DIMENSIONS {
                let noise = 0.1 * ((nth * 7 + dimension * 3) % 5) as f32 - 0.2;
                let value = if dimension == meaning && meaning < 3 { 1.0 + noise } else { noise };
                bytes.extend(value.to_le_bytes());
            }
        }
    }
    bytes.truncate(rows * DIMENSIONS * 4);
    let shape = if dtype == Dtype::F32 { vec![rows, DIMENSIONS] } else { vec![rows * 2, DIMENSIONS] };
    let weights = safetensors::serialize([("embeddings", Matrix(bytes, shape, dtype))], None).unwrap();
    std::fs::write(folder.join("model.safetensors"), weights).unwrap();
    let tokenizer = format!(
        r#"{{"normalizer": {{"type": "BertNormalizer", "lowercase": true}}, "model": {{"type": "WordPiece", "vocab": {{{}}}}}}}"#,
        vocabulary.join(", ")
    );
    std::fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
}

fn words() -> usize {
    MEANINGS.iter().map(|words| words.len()).sum()
}

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), words(), Dtype::F32);
    let folder = Folder::open(place.path()).unwrap();
    (place, folder)
}

fn desk() -> TrainingSet {
    let mut set = TrainingSet::default();
    for (intent, words) in [
        ("refund", ["refund", "money"]),
        ("parcel", ["parcel", "delivery"]),
        ("access", ["password", "login"]),
    ] {
        for word in words {
            for text in [
                "where is my {}",
                "i need my {} please",
                "about the {}",
                "{}",
                "i want the {}",
                "please, my {}",
            ] {
                let text = text.replace("{}", word);
                set.examples.push(Example { text, intent: Some(intent.to_owned()) });
            }
        }
    }
    set
}

const UNHEARD: [(&str, &str); 6] = [
    ("i want to reimburse my chargeback", "refund"),
    ("repay please", "refund"),
    ("where is the courier with my consignment", "parcel"),
    ("my shipment", "parcel"),
    ("i need the credentials", "access"),
    ("my passphrase", "access"),
];

fn right(model: &Model) -> usize {
    UNHEARD.iter().filter(|(text, intent)| model.judge(text).intent == *intent).count()
}

#[test]
fn words_that_no_example_holds_are_understood_by_their_vectors() {
    let (_place, folder) = folder();
    let folder = Arc::new(folder);
    let mut model = train_embedded(&desk(), &TrainOptions::default(), folder.as_ref(), &|_| {}).unwrap();
    let without = right(&model);
    model.attach(folder.clone()).unwrap();
    assert_eq!(right(&model), UNHEARD.len(), "{without} without vectors");
    assert!(without < UNHEARD.len());
    for (text, _) in UNHEARD {
        let judged = model.judge(text);
        assert!((0.0..=1.0).contains(&judged.confidence));
        assert_eq!(judged.in_scope, judged.confidence >= model.threshold());
        let vector = folder.embed(&[text]).unwrap().remove(0);
        assert_eq!(model.judge_embedded(text, &vector), judged, "the same vector from elsewhere");
        let evidence = model.explain(text, 5);
        model.flip(text, &evidence, |_| 0.5);
    }
}

#[test]
fn a_model_with_vectors_is_the_same_on_any_number_of_threads_and_survives_its_bytes() {
    let (_place, folder) = folder();
    let folder = Arc::new(folder);
    let options = |threads| TrainOptions { threads, ..TrainOptions::default() };
    let one = train_embedded(&desk(), &options(1), folder.as_ref(), &|_| {}).unwrap();
    let three = train_embedded(&desk(), &options(3), folder.as_ref(), &|_| {}).unwrap();
    assert_eq!(one.to_bytes(), three.to_bytes());
    assert_eq!(one.id(), set_id_embedded(&desk(), &options(2), folder.as_ref()));
    assert_ne!(one.id(), set_id(&desk(), &options(2)));
    let mut read = Model::from_bytes(&one.to_bytes()).unwrap();
    assert_eq!(read.to_bytes(), one.to_bytes());
    read.attach(folder).unwrap();
    assert_eq!(right(&read), UNHEARD.len());
    // Cut anywhere, it is no model.
    for length in [one.to_bytes().len() - 1, one.to_bytes().len() - 40] {
        assert!(Model::from_bytes(&one.to_bytes()[..length]).is_err());
    }
}

/// Works in training, fails afterwards.
struct Endpoint(Folder, std::sync::atomic::AtomicBool);

impl Embedder for Endpoint {
    fn id(&self) -> &str {
        self.0.id()
    }
    fn dimensions(&self) -> usize {
        self.0.dimensions()
    }
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        match self.1.load(std::sync::atomic::Ordering::Relaxed) {
            true => Err(EmbedError("the endpoint is down".to_owned())),
            false => self.0.embed(texts),
        }
    }
}

#[test]
fn an_embedder_that_fails_is_done_without() {
    let (_place, folder) = folder();
    let endpoint = Arc::new(Endpoint(folder, false.into()));
    let mut model = train_embedded(&desk(), &TrainOptions::default(), endpoint.as_ref(), &|_| {}).unwrap();
    let alone = model.judge("where is my parcel");
    model.attach(endpoint.clone()).unwrap();
    endpoint.1.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(model.judge("where is my parcel"), alone);
    let plain = train(&desk(), &TrainOptions::default(), &|_| {}).unwrap();
    assert_eq!(
        (plain.judge("where is my parcel").intent, plain.judge("where is my parcel").confidence),
        (alone.intent, alone.confidence)
    );
    let refused = train_embedded(&desk(), &TrainOptions::default(), endpoint.as_ref(), &|_| {}).unwrap_err();
    assert!(
        matches!(&refused, TrainError::Embedding { what } if what.contains("the endpoint is down")),
        "{refused}"
    );
    // Neither a vector of another length nor one without numbers does harm.
    assert_eq!(model.judge_embedded("where is my parcel", &[1.0]), model.judge("where is my parcel"));
    assert_eq!(
        model.judge_embedded("where is my parcel", &[f32::NAN; DIMENSIONS]),
        model.judge("where is my parcel")
    );
}

#[test]
fn a_model_takes_only_the_embedder_it_was_trained_with() {
    let (place, folder) = folder();
    let folder = Arc::new(folder);
    let mut plain = train(&desk(), &TrainOptions::default(), &|_| {}).unwrap();
    assert_eq!(plain.attach(folder.clone()), Err(AttachError::TrainedWithout));
    let mut model = train_embedded(&desk(), &TrainOptions::default(), folder.as_ref(), &|_| {}).unwrap();
    let tokenizer = std::fs::read_to_string(place.path().join("tokenizer.json")).unwrap();
    std::fs::write(place.path().join("tokenizer.json"), tokenizer + " ").unwrap();
    let other = Arc::new(Folder::open(place.path()).unwrap());
    assert_eq!(model.attach(other), Err(AttachError::TrainedWithOthers));
    model.attach(folder).unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_file_and_reason() {
    let place = tempfile::tempdir().unwrap();
    let refused = || Folder::open(place.path()).err().unwrap().to_string();
    assert!(refused().contains("model.safetensors"));
    write(place.path(), words() - 1, Dtype::F32);
    assert!(refused().contains("do not fit the pieces"), "{}", refused());
    write(place.path(), words(), Dtype::F16);
    assert!(refused().contains("32-bit floats"), "{}", refused());
    write(place.path(), words(), Dtype::F32);
    std::fs::write(place.path().join("tokenizer.json"), "{}").unwrap();
    assert!(refused().contains("tokenizer.json"));
    std::fs::write(place.path().join("model.safetensors"), "nonsense").unwrap();
    std::fs::write(place.path().join("tokenizer.json"), r#"{"model": {"vocab": {}}}"#).unwrap();
    assert!(refused().contains("model.safetensors"));
}
