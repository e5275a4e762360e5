//! A small desk that everything is tried against: one changed or added file, or one sentence.

use deskhand_core::domain::release::Content;
use deskhand_core::playbook::{self, Playbook, fault::Fault};
use nlu::classifier::{Model, TrainError, TrainOptions, TrainingSet};
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

/// Reads a desk. Training takes a second and is fuzzed by nobody: one model stands for all.
pub fn read(content: &Content) -> Result<Playbook, Vec<Fault>> {
    static MODEL: OnceLock<Model> = OnceLock::new();
    let train = |set: &TrainingSet, options: &TrainOptions| -> Result<Model, TrainError> {
        match MODEL.get() {
            Some(model) => Ok(model.clone()),
            None => {
                let model = nlu::classifier::train(set, options, &|_| {})?;
                Ok(MODEL.get_or_init(|| model).clone())
            }
        }
    };
    playbook::read(content, &train)
}
