//! `prompts/`: what a language model is told, and recorded answers that are run as cases; with the tools that judge
//! what it is given and what it says.

use super::fault::Faults;
use crate::domain::release::Content;
use model::grounded::{LEAST_SUPPORT, Screen};
use model::injection::Detector;
use model::prompt::Prompts;

/// Everything that concerns a language model.
pub(super) struct Written {
    pub(super) prompts: Prompts,
    pub(super) cases: Vec<(String, String)>,
    pub(super) screen: Screen,
    pub(super) detector: Detector,
}

/// Reads and tries all prompts. A desk without any asks no model.
pub(super) fn read(content: &Content, faults: &mut Faults) -> Option<Written> {
    let (cases, prompts): (Vec<_>, Vec<_>) = content
        .iter()
        .filter(|(path, _)| path.starts_with("prompts/"))
        .partition(|(path, _)| path.starts_with("prompts/cases/"));
    let prompts = Prompts::read(prompts.into_iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let prompts = prompts
        .map_err(|list| list.iter().for_each(|one| faults.add(&one.file, one.line, one.message.clone())))
        .ok()?;
    let mut ours = |error: &dyn std::fmt::Display| {
        faults.add("prompts", 1, format!("a pattern of the program is broken; please report this: {error}"));
    };
    let screen = Screen::new(LEAST_SUPPORT).map_err(|error| ours(&error)).ok()?;
    let detector = Detector::new().map_err(|error| ours(&error)).ok()?;
    let cases = cases.into_iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    Some(Written { prompts, cases, screen, detector })
}
