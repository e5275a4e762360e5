//! `check` and `test`: the content, offline.

use super::{print, say};
use crate::cases;
use crate::library::{self, ModelCache};
use crate::playbook::fault::Fault;
use crate::playbook::{self, Playbook};
use anyhow::Context as _;
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
    let (faults, warnings, prompts) = match read(folder)? {
        Ok(book) => (Vec::new(), book.warnings, book.prompts),
        Err(faults) => (faults, Vec::new(), model::prompt::Prompts::default()),
    };
    if as_json {
        let listed = |faults: &[Fault]| -> Vec<_> {
            let one = |fault: &Fault| json!({"file": fault.file, "line": fault.line, "column": fault.column, "message": fault.message});
            faults.iter().map(one).collect()
        };
        let seen = prompts
            .all()
            .map(|prompt| json!({"prompt": prompt.version, "step": prompt.step, "sees": prompt.fields()}));
        let all = json!({"ok": faults.is_empty(), "faults": listed(&faults), "warnings": listed(&warnings),
            "prompts": seen.collect::<Vec<_>>()});
        print(&all.to_string())?;
    } else {
        print_faults(folder.as_deref(), &faults)?;
        for warning in &warnings {
            let Fault { file, message, .. } = warning;
            say(&format!(
                "{}:{}: warning: {message}",
                shown(folder.as_deref(), file).display(),
                warning.place()
            ));
        }
        for prompt in prompts.all() {
            say(&format!("prompts/{}.md may see {}", prompt.id, prompt.fields().join(", ")));
        }
        if faults.is_empty() {
            say("All policies, replies, articles and cases can be read and agree with each other.");
        }
    }
    Ok(faults.is_empty())
}

/// `deskhand check --schema`: writes the JSON Schema of the policies beside them, for editors.
pub(super) fn schema(folder: &Option<PathBuf>) -> anyhow::Result<bool> {
    let folder = folder.clone().unwrap_or_else(|| PathBuf::from("."));
    let file = folder.join("policies").join("schema.json");
    std::fs::write(&file, playbook::schema::text()).with_context(|| file.display().to_string())?;
    say(&format!("{} is written", file.display()));
    Ok(true)
}

/// `file:line:column: message`, the file as an editor finds it.
pub(super) fn print_faults(folder: Option<&Path>, faults: &[Fault]) -> anyhow::Result<()> {
    for fault in faults {
        print(&format!("{}:{}: {}", shown(folder, &fault.file).display(), fault.place(), fault.message))?;
    }
    Ok(())
}

fn shown(folder: Option<&Path>, file: &str) -> PathBuf {
    let file = folder.map_or_else(|| PathBuf::from(file), |folder| folder.join(file));
    file.strip_prefix("./").map(Path::to_owned).unwrap_or(file)
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
    let prompts =
        book.prompts.run_cases(book.prompt_cases.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let failed = outcomes.iter().filter(|outcome| !outcome.misses.is_empty()).count() + prompts.faults.len();
    if as_json {
        print(&serde_json::to_string(
            &json!({"release": book.release, "cases": outcomes, "failed": failed,
                "prompts": {"all": prompts.all, "faults": prompts.faults.iter().map(ToString::to_string).collect::<Vec<_>>()}}),
        )?)?;
    } else {
        for outcome in outcomes.iter().filter(|outcome| !outcome.misses.is_empty()) {
            for miss in &outcome.misses {
                print(&format!("{}:{}: {}: {}", outcome.file, miss.line, outcome.name, miss.message))?;
            }
        }
        for fault in &prompts.faults {
            print(&format!("{fault}"))?;
        }
        let all = outcomes.len() + prompts.all;
        say(&format!("{} passed, {failed} failed", all.saturating_sub(failed)));
    }
    Ok(failed == 0)
}
