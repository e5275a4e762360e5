//! The files of `policies/`, as they are written. What they mean together is checked in `playbook::read`.

pub mod case;
pub mod desk;
pub mod intent;
pub mod procedure;
pub mod rule;
pub mod team;

use std::collections::BTreeMap;

/// A text by language (ISO 639-1).
pub type ByLanguage = BTreeMap<String, String>;
