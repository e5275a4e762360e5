//! The one trait: adapters and decorators look the same from outside.

use crate::ask::{Answer, Ask};
use crate::error::ModelError;
use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::Serialize;

/// A piece of a draft.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// More words to show. They are provisional: only the answer at the end was checked.
    Text(String),
    /// The whole answer. It is the last piece; a stream that ends without it was cut, and says so with an error.
    Done(Box<Answer>),
}

/// A draft while it is written.
pub type Draft = BoxStream<'static, Result<Delta, ModelError>>;

/// How one part is, for `/readyz`, `/metrics` and the console.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartState {
    /// Such as `breaker` or `budget`.
    pub part: &'static str,
    /// Which one, where there are several: the server's name.
    pub of: String,
    /// Whether it lets calls pass.
    pub healthy: bool,
    /// In words, with what to do when it is not healthy.
    pub says: String,
    /// Numbers for metrics: name and value.
    pub figures: Vec<(&'static str, f64)>,
}

/// A language model, or a decorator around one.
#[async_trait]
pub trait Model: Send + Sync {
    /// One whole answer.
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError>;

    /// The same, piece by piece.
    fn draft(&self, ask: Ask) -> Draft;

    /// How it is and how those below it are, outermost first.
    fn state(&self) -> Vec<PartState>;
}
