//! What no linter knows: the layers, the purity of the core, the paths that documents name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Strictly downward: a module may use those above it in this list, and those beside it where they share a line.
const LAYERS: &[&[&str]] = &[
    &["domain", "config", "crash"],
    &["playbook"],
    &["triage"],
    &["desk"],
    &["ports"],
    &["hub", "files"],
    &["ledger", "library"],
    &["verification"],
    &["asking"],
    &["inbox", "turn", "outbox", "watchdog", "hand", "rehearsal", "replay", "cases"],
    &["reception", "platforms", "ticketing", "triggers"],
    &["engines"],
    &["store", "integrations"],
    &["http"],
    &["demo", "telemetry"],
    &["app"],
    &["cli"],
    &["main"],
];

/// Pairs on one line that may see each other all the same.
const NEIGHBOURS: &[(&str, &str)] = &[("cases", "rehearsal")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

/// Every source file below src/, with the module it belongs to and its text without the tests at its end.
fn modules() -> Vec<(String, PathBuf, String)> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files
        .into_iter()
        .filter(|path| !path.ends_with("src/lib.rs"))
        .map(|path| {
            let inner = path.strip_prefix(root().join("src")).unwrap().to_owned();
            let module = inner
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_string_lossy()
                .trim_end_matches(".rs")
                .to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            (module, inner, text)
        })
        .collect()
}

#[test]
fn imports_go_downward_only() {
    let rank: BTreeMap<&str, usize> = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(rank, modules)| modules.iter().map(move |module| (*module, rank)))
        .collect();
    let mut upward = Vec::new();
    for (module, path, text) in modules() {
        let own = *rank.get(module.as_str()).unwrap_or_else(|| panic!("src/{module} stands in no layer"));
        for used in text.split("crate::").skip(1) {
            let mut names: Vec<String> = Vec::new();
            if let Some(group) = used.strip_prefix('{') {
                let inner = group.split('}').next().unwrap_or_default();
                names.extend(
                    inner
                        .split(',')
                        .map(|part| part.trim().split("::").next().unwrap_or_default().to_owned()),
                );
            } else {
                names.push(
                    used.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
            for name in names.into_iter().filter(|name| *name != module) {
                let Some(other) = rank.get(name.as_str()) else { continue };
                let beside = NEIGHBOURS.contains(&(module.as_str(), name.as_str()));
                if *other > own || (*other == own && !beside) {
                    upward.push(format!("src/{} uses {name}", path.display()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn the_core_never_waits_reads_a_clock_or_touches_the_world() {
    let banned = [
        "async fn",
        ".await",
        "tokio",
        "Instant::now",
        "SystemTime",
        "Utc::now",
        "rand::",
        "std::fs",
        "std::net",
        "std::env",
        "reqwest",
        "sqlx",
        "axum",
        "now_v7",
        "new_v4",
    ];
    for (module, path, text) in modules() {
        if ["domain", "playbook", "triage", "desk"].contains(&module.as_str()) {
            let found = banned.iter().find(|word| text.contains(**word));
            assert_eq!(found, None, "in src/{}", path.display());
        }
    }
}

#[test]
fn turns_ask_and_only_the_outbox_acts() {
    for (module, path, text) in modules() {
        let acts = ["dyn Tickets", "dyn Notifier", "dyn Courier"].iter().any(|words| text.contains(words));
        assert!(
            !acts || ["outbox", "platforms", "ports", "app", "integrations"].contains(&module.as_str()),
            "src/{} acts",
            path.display()
        );
    }
}

#[test]
fn no_transaction_can_span_a_network_call() {
    for (module, path, text) in modules() {
        if module == "store" {
            for word in ["reqwest", "dyn Directory", "dyn Tickets", "dyn Notifier", "dyn Courier", "hyper"] {
                assert!(!text.contains(word), "src/{} holds `{word}`", path.display());
            }
        }
        // Databases of the desk's owner are read in transactions of their own that can write nothing.
        let text = text.replace("begin_with(\"BEGIN READ ONLY\")", "");
        let opens = text.contains(".begin(") || text.contains("begin_with(") || text.contains("\"BEGIN");
        assert!(!opens || module == "store", "src/{} opens a transaction", path.display());
    }
}

#[test]
fn only_the_store_writes_the_log() {
    for (module, path, text) in modules() {
        assert!(module == "store" || !text.contains("INSERT INTO"), "src/{} writes SQL", path.display());
    }
}

#[test]
fn the_architecture_names_paths_that_exist() {
    for document in ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for named in text.split('`').skip(1).step_by(2) {
            let looks = named.contains('/')
                && !named.contains([' ', '<', '{', '*', ':', '…', '$', '='])
                && !named.starts_with(['/', '.', '~'])
                || named.ends_with(".rs")
                || named.ends_with(".toml");
            // The operator's own settings file is not ours to have.
            if looks && !named.contains("target/") && named != "deskhand.toml" {
                assert!(root().join(named).exists(), "{document} names `{named}`, which is not there");
            }
        }
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    let long: Vec<String> = modules()
        .iter()
        .map(|(_, path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .map(|(path, lines)| format!("src/{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
