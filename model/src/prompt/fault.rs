//! What is wrong with a prompt, in words for whoever wrote it.

use std::fmt;

/// One fault in a prompt's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it was handed in.
    pub file: String,
    /// 1 for the first line.
    pub line: u64,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Gathers all faults, so that an author sees them at once.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) list: Vec<Fault>,
}

impl Faults {
    pub(crate) fn add(&mut self, file: &str, line: u64, message: impl Into<String>) {
        self.list.push(Fault { file: file.to_owned(), line: line.max(1), message: message.into() });
    }

    pub(crate) fn sorted(mut self) -> Vec<Fault> {
        self.list.sort();
        self.list.dedup();
        self.list
    }
}

/// `unknown thing "x"`, with the nearest known name if one is near.
pub(crate) fn unknown<'a>(thing: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4);
    match nearest {
        Some((_, candidate)) => format!("unknown {thing} \"{name}\"; did you mean \"{candidate}\"?"),
        None => format!("unknown {thing} \"{name}\""),
    }
}
