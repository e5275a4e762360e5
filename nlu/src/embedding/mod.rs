//! Texts as vectors, a second set of features for the classifier: optional, off unless somebody supplies them.
//!
//! [`Folder`] reads token vectors from a local folder. Anything else, such as a model server's endpoint, implements
//! [`Embedder`], or embeds by itself and hands the vector to [`crate::classifier::Model::judge_embedded`].

mod folder;
mod pieces;

pub use folder::{Folder, FolderError};

/// Turns texts into vectors of one length.
pub trait Embedder: Send + Sync {
    /// Names the weights, so that a model trained with others is not taken for one trained with these.
    fn id(&self) -> &str;

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// One vector for each text, in order; their lengths don't matter, only their directions. May block; training
    /// calls it with many texts at once, judging with one.
    ///
    /// # Errors
    /// If there are no vectors to be had just now. A model judges without them then.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the texts could not be embedded: {0}")]
pub struct EmbedError(
    /// A sentence.
    pub String,
);
