//! Steps that playbooks share.

use deskhand::domain::release::Content;
use deskhand::library::{ModelCache, starter};
use deskhand::playbook::{self, Playbook};

const GREET: &str = "id: greet\ndescription: A test.\nsteps:\n  - ask: {slot: who, kind: text, text: ask-again}\n  - reply: {text: {en: \"Hello {{ slots.who }}.\"}}\n";

fn desk(playbook: &str, parts: &[(&str, &str)]) -> Content {
    let mut content = starter();
    let text = format!("id: test\nname: Test\ndescription: A test.\nsteps:\n{playbook}\n");
    content.insert("policies/playbooks/test.yaml".to_owned(), text);
    for (id, text) in parts {
        content.insert(format!("policies/parts/{id}.yaml"), (*text).to_owned());
    }
    content
}

fn read(content: &Content) -> Result<Playbook, String> {
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
    playbook::read(content, &|set, options| models.train(set, options))
        .map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect())
}

#[test]
fn a_part_stands_for_its_steps_and_is_part_of_the_playbooks_version() {
    let book = read(&desk("  - include: greet", &[("greet", GREET)])).unwrap();
    let procedure = &book.procedures["test"];
    assert_eq!(procedure.asks().len(), 1);
    assert!(procedure.slots.contains_key("who"));
    let changed = GREET.replace("Hello", "Good day");
    let again = read(&desk("  - include: greet", &[("greet", &changed)])).unwrap();
    assert_ne!(procedure.version, again.procedures["test"].version, "a run must notice");
}

#[test]
fn a_mistake_in_a_part_is_told_once_with_its_own_place_and_who_includes_it() {
    let wrong = GREET.replace("slots.who", "slots.whom");
    let twice = "  - include: greet\n  - include: greet";
    let faults = read(&desk(twice, &[("greet", &wrong)])).err().unwrap();
    assert!(faults.starts_with("policies/parts/greet.yaml:5:5: "), "{faults}");
    assert!(faults.contains("(as policies/playbooks/test.yaml includes it)"), "{faults}");
    assert_eq!(faults.lines().count(), 1, "{faults}");
}

#[test]
fn a_part_that_is_not_there_or_includes_itself_is_a_fault() {
    let include = |id: &str| format!("id: {id}\ndescription: A test.\nsteps:\n  - include: greet\n");
    for (steps, parts, expected) in [
        (
            "  - include: gret",
            vec![("greet", GREET.to_owned())],
            "5:5: unknown part \"gret\"; did you mean \"greet\"?",
        ),
        (
            "  - include: greet",
            vec![("greet", include("greet"))],
            "policies/parts/greet.yaml:4:5: parts include each other",
        ),
        ("  - include: other", vec![("other", GREET.to_owned())], "belongs into policies/parts/greet.yaml"),
        (
            "  - include: greet\n  - ask: {slot: who, kind: email, text: ask-again}\n  - reply: {text: thanks}",
            vec![("greet", GREET.to_owned())],
            "6:5: the slot \"who\" is asked for as something else",
        ),
        (
            "  - include: greet\n  - ask: {slot: n, kind: text, text: ask-again}",
            vec![("greet", GREET.to_owned())],
            "not every path says",
        ),
    ] {
        let parts: Vec<(&str, &str)> = parts.iter().map(|(id, text)| (*id, text.as_str())).collect();
        let faults = read(&desk(steps, &parts)).err().unwrap_or_default();
        assert!(faults.contains(expected), "{steps} gave: {faults}");
    }
}

#[test]
fn parts_of_parts_of_parts_do_not_explode() {
    let many = |id: &str, of: &str| {
        format!("id: {id}\ndescription: A test.\nsteps:\n{}", format!("  - include: {of}\n").repeat(60))
    };
    let (one, two) = (many("one", "two"), many("two", "greet"));
    let faults =
        read(&desk("  - include: one", &[("one", &one), ("two", &two), ("greet", GREET)])).err().unwrap();
    assert!(faults.contains("includes more than 100 parts"), "{faults}");
}

#[test]
fn a_part_that_nobody_includes_is_a_warning() {
    let book = read(&desk("  - reply: {text: thanks}", &[("greet", GREET)])).unwrap();
    let warnings: Vec<String> = book.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings.contains(&"policies/parts/greet.yaml:1: no playbook includes \"greet\"".to_owned()),
        "{warnings:?}"
    );
}
