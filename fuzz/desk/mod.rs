//! A small desk that everything is tried against: one changed or added file, or one sentence.

use deskhand_core::domain::release::Content;
use deskhand_core::playbook::{self, Playbook, fault::Fault};
use nlu::classifier::{Example, Model, TrainError, TrainOptions, TrainingSet};
use std::sync::OnceLock;

const FILES: &[(&str, &str)] = &[
    ("policies/desk.yaml", include_str!("../../policies/desk.yaml")),
    ("policies/teams.yaml", include_str!("../../policies/teams.yaml")),
    ("policies/replies.yaml", include_str!("../../policies/replies.yaml")),
    ("policies/rules.yaml", include_str!("rules.yaml")),
    ("policies/intents/refund-request.yaml", include_str!("../../policies/intents/refund-request.yaml")),
    ("policies/playbooks/refund.yaml", include_str!("../../policies/playbooks/refund.yaml")),
    ("policies/actions/invoices.find.yaml", include_str!("../../policies/actions/invoices.find.yaml")),
    ("policies/actions/refunds.create.yaml", include_str!("../../policies/actions/refunds.create.yaml")),
    ("policies/actions/refunds.cancel.yaml", include_str!("../../policies/actions/refunds.cancel.yaml")),
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
            let say = |text: &str| Example { text: text.to_owned(), intent: Some("refund_request".to_owned()) };
            let set = TrainingSet { examples: vec![say("my money back"), say("a refund")], ..TrainingSet::default() };
            nlu::classifier::train(&set, options, &|_| {}).expect("two examples").to_bytes()
        });
        Ok(Model::from_bytes(bytes).expect("its own bytes"))
    };
    playbook::read(content, &train)
}
