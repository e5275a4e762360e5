//! A small desk that everything is tried against: one changed or added file, or one sentence.

use deskhand_core::domain::release::Content;
use deskhand_core::playbook::{self, Playbook, fault::Fault};
use nlu::classifier::{Example, Model, TrainError, TrainOptions, TrainingSet};
use std::sync::OnceLock;

const FILES: &[(&str, &str)] = &[
    ("policies/desk.yaml", include_str!("../../tests/abcd/policies/desk.yaml")),
    ("policies/teams.yaml", include_str!("../../tests/abcd/policies/teams.yaml")),
    ("policies/replies.yaml", include_str!("../../tests/abcd/policies/replies.yaml")),
    ("policies/rules.yaml", include_str!("../../tests/abcd/policies/rules.yaml")),
    ("policies/intents/return-color.yaml", include_str!("../../tests/abcd/policies/intents/return-color.yaml")),
    ("policies/parts/pull-up-account.yaml", include_str!("../../tests/abcd/policies/parts/pull-up-account.yaml")),
    ("policies/parts/membership.yaml", include_str!("../../tests/abcd/policies/parts/membership.yaml")),
    ("policies/actions/pull-up-account.yaml", include_str!("../../tests/abcd/policies/actions/pull-up-account.yaml")),
    ("policies/actions/membership.yaml", include_str!("../../tests/abcd/policies/actions/membership.yaml")),
    ("policies/actions/promo-code.yaml", include_str!("../../tests/abcd/policies/actions/promo-code.yaml")),
    ("policies/parts/offer-promo-code.yaml", include_str!("../../tests/abcd/policies/parts/offer-promo-code.yaml")),
    ("policies/playbooks/return-color.yaml", include_str!("playbook.yaml")),
];

/// The files of the small desk.
pub fn content() -> Content {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Reads a desk. Training takes its time and is fuzzed by nobody: one small model stands for all.
pub fn read(content: &Content) -> Result<Playbook, Vec<Fault>> {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    let train = |_: &TrainingSet, options: &TrainOptions| -> Result<Model, TrainError> {
        let bytes = MODEL.get_or_init(|| {
            let say = |text: &str| Example { text: text.to_owned(), intent: Some("return_color".to_owned()) };
            let set = TrainingSet { examples: vec![say("the wrong color"), say("not the color in the picture")], ..TrainingSet::default() };
            nlu::classifier::train(&set, options, &|_| {}).expect("two examples").to_bytes()
        });
        Ok(Model::from_bytes(bytes).expect("its own bytes"))
    };
    playbook::read(content, &train)
}
