//! A release: the exact prompts, policies, knowledge and classifier that decided.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The content address of a release: the first 16 hexadecimal digits of the SHA-256 of its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(pub String);

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Everything an admin can edit, as text: path inside the content folder → content.
pub type Content = BTreeMap<String, String>;
