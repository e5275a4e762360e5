//! Intent, calibrated confidence and scope.
//!
//! [`train`] makes a [`Model`] from a desk's own examples in seconds, without any pretrained weights: sparse word and
//! character features, a small network, and a confidence learnt on examples and whole intents that were held out.
//! [`Model::judge`] is the same code for the pipeline, the command and the tests.

mod compact;
mod confidence;
mod corpus;
mod descent;
mod examples;
mod explain;
mod features;
mod flip;
mod folds;
mod format;
mod head;
mod kernels;
mod lookup;
mod model;
mod network;
mod random;
pub mod report;
mod signs;
mod spread;
mod strangers;
mod text;
mod threshold;
mod train;
mod training;
mod words;

pub use examples::{Example, LineError, TrainingSet, parse_jsonl};
pub use explain::Evidence;
pub use flip::Flip;
pub use format::LoadError;
pub use model::{AttachError, Guess, Judgement, Model};
pub use train::{TrainError, TrainOptions, set_id, set_id_embedded, train, train_embedded};
