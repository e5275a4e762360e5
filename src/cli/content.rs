//! `check` and `test`: the content, offline.

use super::{print, say};
use crate::cases;
use crate::library::{self, ModelCache};
use crate::playbook::fault::Fault;
use crate::playbook::{self, Playbook};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Reads and checks a release; the faults where there are any.
pub(super) fn read(folder: &Option<PathBuf>) -> anyhow::Result<Result<Playbook, Vec<Fault>>> {
    let content = match folder {
        Some(folder) => library::load(folder)?,
        None => library::starter(),
    };
    let models = ModelCache::new(None);
    Ok(playbook::read(&content, &|set, options| models.train(set, options)))
}

/// `deskhand check`
pub(super) fn check(folder: &Option<PathBuf>, as_json: bool) -> anyhow::Result<bool> {
    let faults = read(folder)?.err().unwrap_or_default();
    if as_json {
        let list: Vec<_> = faults
            .iter()
            .map(|fault| json!({"file": fault.file, "line": fault.line, "message": fault.message}))
            .collect();
        print(&json!({"ok": faults.is_empty(), "faults": list}).to_string())?;
    } else {
        print_faults(folder.as_deref(), &faults)?;
        if faults.is_empty() {
            say("All policies, replies, articles and cases can be read and agree with each other.");
        }
    }
    Ok(faults.is_empty())
}

/// `file:line: message`, the file as an editor finds it.
pub(super) fn print_faults(folder: Option<&Path>, faults: &[Fault]) -> anyhow::Result<()> {
    for fault in faults {
        let file = folder.map_or_else(|| PathBuf::from(&fault.file), |folder| folder.join(&fault.file));
        let file = file.strip_prefix("./").unwrap_or(&file);
        print(&format!("{}:{}: {}", file.display(), fault.line, fault.message))?;
    }
    Ok(())
}

/// `deskhand test`
pub(super) fn test(folder: &Option<PathBuf>, as_json: bool) -> anyhow::Result<bool> {
    let book = match read(folder)? {
        Ok(book) => book,
        Err(faults) => {
            print_faults(folder.as_deref(), &faults)?;
            return Ok(false);
        }
    };
    let outcomes = cases::run(&book);
    let failed = outcomes.iter().filter(|outcome| !outcome.misses.is_empty()).count();
    if as_json {
        print(&serde_json::to_string(
            &json!({"release": book.release, "cases": outcomes, "failed": failed}),
        )?)?;
    } else {
        for outcome in outcomes.iter().filter(|outcome| !outcome.misses.is_empty()) {
            for miss in &outcome.misses {
                print(&format!("{}:{}: {}: {}", outcome.file, miss.line, outcome.name, miss.message))?;
            }
        }
        say(&format!("{} passed, {failed} failed", outcomes.len() - failed));
    }
    Ok(failed == 0)
}
