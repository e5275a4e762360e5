//! What is wrong with a file, in words for whoever wrote it.

use std::fmt;

/// One fault in an edited file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the content folder.
    pub file: String,
    /// 1 for the first line.
    pub line: u64,
    /// 1 for the first character of the line; 0 where only the line is known.
    pub column: u64,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.place(), self.message)
    }
}

impl Fault {
    /// `line:column`, or the line alone.
    #[must_use]
    pub fn place(&self) -> String {
        match self.column {
            0 => self.line.to_string(),
            column => format!("{}:{column}", self.line),
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// 1 for the first line.
    pub line: u64,
    /// 1 for the first character of the line; 0 where only the line is known.
    pub column: u64,
}

impl From<u64> for Spot {
    fn from(line: u64) -> Self {
        Self { line, column: 0 }
    }
}

/// Gathers all faults, so that an author sees them at once.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    /// Notes one.
    pub fn add(&mut self, file: &str, at: impl Into<Spot>, message: impl Into<String>) {
        let Spot { line, column } = at.into();
        let line = line.max(1);
        self.list.push(Fault { file: file.to_owned(), line, column, message: message.into() });
    }

    /// Notes one in a file that others include, once, with the first that it is a fault in.
    pub fn add_included(&mut self, file: &str, at: Spot, message: impl Into<String>, includer: &str) {
        let message = message.into();
        let known = |fault: &Fault| {
            (fault.file.as_str(), fault.line, fault.column) == (file, at.line, at.column)
                && fault.message.starts_with(&message)
        };
        if !self.list.iter().any(known) {
            self.add(file, at, format!("{message} (as {includer} includes it)"));
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, by file and line.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Fault> {
        self.list.sort();
        self.list.dedup();
        self.list
    }
}

/// `unknown thing "x"`, with the nearest known name if one is near.
#[must_use]
pub fn unknown<'a>(thing: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
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
