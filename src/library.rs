//! The release in force: read and checked when the desk starts, and until then nothing is served.

use crate::domain::release::Content;
use crate::playbook::fault::Fault;
use crate::playbook::{self, Playbook};
use nlu::classifier::{self, Model, TrainError, TrainOptions, TrainingSet};
use nlu::embedding::Embedder;
use rust_embed::Embed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The starter desk's policies, inside the binary.
#[derive(Embed)]
#[folder = "policies"]
#[prefix = "policies/"]
struct StarterPolicies;

/// The starter desk's articles, inside the binary.
#[derive(Embed)]
#[folder = "knowledge"]
#[prefix = "knowledge/"]
struct StarterKnowledge;

/// The starter desk's prompts, inside the binary.
#[derive(Embed)]
#[folder = "prompts"]
#[prefix = "prompts/"]
struct StarterPrompts;

/// A content folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct ContentError {
    /// The file or folder.
    path: PathBuf,
    /// What is wrong.
    cause: String,
}

/// The starter desk.
#[must_use]
pub fn starter() -> Content {
    fn files<E: Embed>() -> impl Iterator<Item = (String, String)> {
        E::iter().filter_map(|path| {
            let file = E::get(&path)?;
            Some((path.to_string(), String::from_utf8_lossy(&file.data).into_owned()))
        })
    }
    files::<StarterPolicies>().chain(files::<StarterKnowledge>()).chain(files::<StarterPrompts>()).collect()
}

/// Reads `policies/`, `knowledge/` and `prompts/` below a folder.
pub fn load(folder: &Path) -> Result<Content, ContentError> {
    let mut content = BTreeMap::new();
    for part in ["policies", "knowledge", "prompts"] {
        let path = folder.join(part);
        if path.is_dir() {
            walk(&path, part, &mut content)?;
        }
    }
    if content.is_empty() {
        let cause = "holds neither policies/ nor knowledge/".to_owned();
        return Err(ContentError { path: folder.to_owned(), cause });
    }
    Ok(content)
}

fn walk(folder: &Path, prefix: &str, content: &mut Content) -> Result<(), ContentError> {
    let failed =
        |error: &dyn std::fmt::Display| ContentError { path: folder.to_owned(), cause: error.to_string() };
    for entry in std::fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = entry.path();
        let inner = format!("{prefix}/{name}");
        if path.is_dir() {
            walk(&path, &inner, content)?;
        } else {
            let bytes = std::fs::read(&path)
                .map_err(|error| ContentError { path: path.clone(), cause: error.to_string() })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| ContentError { path: path.clone(), cause: "is no UTF-8 text".to_owned() })?;
            content.insert(inner, text);
        }
    }
    Ok(())
}

/// Trains, or takes the model that the same examples have given before.
pub struct ModelCache {
    folder: Option<PathBuf>,
    embedder: Option<Arc<dyn Embedder>>,
}

impl ModelCache {
    /// Keeps models below a folder; without one, trains each time.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, embedder: None }
    }

    /// Trains with texts' vectors too, where there is somebody who makes them.
    #[must_use]
    pub fn with_embedder(self, embedder: Option<Arc<dyn Embedder>>) -> Self {
        Self { embedder, ..self }
    }

    /// The model of a training set.
    pub fn train(&self, set: &TrainingSet, options: &TrainOptions) -> Result<Model, TrainError> {
        let mut model = self.found_or_trained(set, options)?;
        if let Some(embedder) = &self.embedder {
            model
                .attach(embedder.clone())
                .map_err(|error| TrainError::Embedding { what: error.to_string() })?;
        }
        Ok(model)
    }

    fn found_or_trained(&self, set: &TrainingSet, options: &TrainOptions) -> Result<Model, TrainError> {
        let id = match &self.embedder {
            Some(embedder) => classifier::set_id_embedded(set, options, embedder.as_ref()),
            None => classifier::set_id(set, options),
        };
        let file = self.folder.as_ref().map(|folder| folder.join(format!("{id}.model")));
        if let Some(file) = &file
            && let Ok(bytes) = std::fs::read(file)
        {
            match Model::from_bytes(&bytes) {
                Ok(model) => return Ok(model),
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "a cached model is broken: training anew")
                }
            }
        }
        let model = match &self.embedder {
            Some(embedder) => classifier::train_embedded(set, options, embedder.as_ref(), &|_| {})?,
            None => classifier::train(set, options, &|_| {})?,
        };
        if let Some(file) = &file
            && let Err(error) = write_whole(file, &model.to_bytes())
        {
            tracing::warn!(file = %file.display(), %error, "the model could not be cached: the next start trains again");
        }
        Ok(model)
    }
}

/// Writes beside, then renames: a reader sees all or nothing.
fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("new");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, file)
}

/// The release in force.
pub struct Library {
    current: Arc<Playbook>,
}

impl Library {
    /// Checks a content and puts it into force.
    pub fn open(content: &Content, models: &ModelCache) -> Result<Self, Vec<Fault>> {
        let book = playbook::read(content, &|set, options| models.train(set, options))?;
        Ok(Self { current: Arc::new(book) })
    }

    /// The release in force; whoever asks keeps it for the whole of their work.
    #[must_use]
    pub fn current(&self) -> Arc<Playbook> {
        self.current.clone()
    }
}
