//! `prompts/*.md`: what a model is told, versioned as text. A file is a YAML head and two sections, `# System` and
//! `# User`, in strict minijinja. Reading a file tries it out on its samples, so that a published prompt renders.

mod case;
mod data;
mod fault;
mod front;
mod read;
mod render;

pub use case::CasesReport;
pub use data::{block, clean, is_id, line};
pub use fault::Fault;
pub use front::{From, Input, Kind};
pub use read::read;
pub use render::{Case, RenderError};

use crate::ask::{Limits, Step};
use serde_json::Value;
use std::collections::BTreeMap;

/// One checked prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The file's name without folder and ending.
    pub id: String,
    /// `id@` and the first twelve digits of the file's hash: what decisions and the cache name.
    pub version: String,
    /// What it is for, in the author's words.
    pub purpose: String,
    /// The job.
    pub step: Step,
    /// The only values it can see.
    pub inputs: BTreeMap<String, Input>,
    /// What an answer must look like; none for plain text. Ids that exist are filled in when it is rendered.
    pub schema: Option<Value>,
    /// The top-level string of the answer that a draft shows while it is written.
    pub streams: Option<String>,
    /// Time and tokens of a call.
    pub limits: Limits,
    /// The longest whole prompt, in characters.
    pub max_chars: usize,
    pub(crate) system: String,
    pub(crate) user: String,
}

impl Prompt {
    /// Every field that leaves the machine with this prompt, such as `articles.title`, for `check` and for admins.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        let fields = |(name, input): (&String, &Input)| match input.kind {
            Kind::List => input.of.keys().map(|field| format!("{name}.{field}")).collect(),
            _ => vec![name.clone()],
        };
        self.inputs.iter().flat_map(fields).collect()
    }

    /// The samples, as inputs.
    #[must_use]
    pub fn sample(&self) -> serde_json::Map<String, Value> {
        self.inputs.iter().map(|(name, input)| (name.clone(), input.sample.clone())).collect()
    }
}

/// All prompts of a release.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    by_step: BTreeMap<Step, Prompt>,
}

impl Prompts {
    /// Reads files, path → text. Every fault of every file, or prompts that can be relied on.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<Fault>> {
        let mut faults = fault::Faults::default();
        let mut by_step: BTreeMap<Step, Prompt> = BTreeMap::new();
        for (path, text) in files {
            match read(path, text) {
                Ok(prompt) => {
                    let step = prompt.step;
                    if let Some(other) = by_step.insert(step, prompt) {
                        faults.add(path, 1, format!("{}.md already serves the step {step}", other.id));
                    }
                }
                Err(list) => faults.list.extend(list),
            }
        }
        if faults.list.is_empty() { Ok(Self { by_step }) } else { Err(faults.sorted()) }
    }

    /// The prompt of a job, if the desk has one; a job without a prompt is not asked of a model.
    #[must_use]
    pub fn of(&self, step: Step) -> Option<&Prompt> {
        self.by_step.get(&step)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Prompt> {
        self.by_step.values()
    }
}
