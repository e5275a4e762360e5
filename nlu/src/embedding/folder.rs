//! Token vectors from a folder: a text's vector is the mean of its pieces'. Such folders (`model.safetensors` with one
//! matrix, `tokenizer.json` beside it) are distilled from sentence encoders and need no network to be run.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use super::pieces::Pieces;
use super::{EmbedError, Embedder};

const WEIGHTS: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";
/// The names the matrix goes by.
const MATRICES: [&str; 3] = ["embeddings", "embedding.weight", "embeddings.word_embeddings.weight"];

/// A folder that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct FolderError {
    /// Which file.
    pub file: PathBuf,
    /// A sentence.
    pub what: String,
}

/// Token vectors of a local folder.
pub struct Folder {
    id: String,
    pieces: Pieces,
    dimensions: usize,
    /// One row a piece.
    rows: Vec<f32>,
}

impl Folder {
    /// Reads a folder with `model.safetensors` (a matrix of 32-bit floats, a row a piece) and `tokenizer.json`
    /// (WordPiece).
    ///
    /// # Errors
    /// If a file is missing or isn't of that kind.
    pub fn open(folder: &Path) -> Result<Self, FolderError> {
        let failed = |name: &str, what: String| FolderError { file: folder.join(name), what };
        let read =
            |name: &str| std::fs::read(folder.join(name)).map_err(|error| failed(name, error.to_string()));
        let (weights, tokenizer) = (read(WEIGHTS)?, read(TOKENIZER)?);
        let pieces =
            Pieces::parse(&String::from_utf8_lossy(&tokenizer)).map_err(|what| failed(TOKENIZER, what))?;
        let tensors =
            SafeTensors::deserialize(&weights).map_err(|error| failed(WEIGHTS, error.to_string()))?;
        let matrix = MATRICES
            .iter()
            .find_map(|name| tensors.tensor(name).ok())
            .ok_or_else(|| failed(WEIGHTS, format!("holds none of the matrices {}", MATRICES.join(", "))))?;
        let &[count, dimensions] = matrix.shape() else {
            return Err(failed(WEIGHTS, format!("the vectors have the shape {:?}, not two", matrix.shape())));
        };
        if matrix.dtype() != Dtype::F32 || dimensions == 0 {
            let what = format!("the vectors are {:?}; convert them to 32-bit floats", matrix.dtype());
            return Err(failed(WEIGHTS, what));
        }
        if pieces.largest().is_none_or(|largest| largest as usize >= count) {
            return Err(failed(WEIGHTS, format!("{count} vectors do not fit the pieces of {TOKENIZER}")));
        }
        let rows =
            matrix.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let mut hash = Sha256::new();
        hash.update(&weights);
        hash.update(&tokenizer);
        let id = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Folder { id, pieces, dimensions, rows })
    }
}

impl Embedder for Folder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let embed = |text: &&str| {
            let mut sum = vec![0.0_f32; self.dimensions];
            for piece in self.pieces.read(text) {
                let row = &self.rows[piece as usize * self.dimensions..][..self.dimensions];
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            sum
        };
        Ok(texts.iter().map(embed).collect())
    }
}
