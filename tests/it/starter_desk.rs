//! The desk that ships: readable, consistent, and every case beside its policies holds.

use deskhand::library::{ModelCache, starter};
use deskhand::{cases, playbook};

#[test]
fn the_starter_desk_is_in_order_and_its_cases_hold() {
    let models = ModelCache::new(None);
    let book =
        playbook::read(&starter(), &|set, options| models.train(set, options)).unwrap_or_else(|faults| {
            panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())
        });
    let outcomes = cases::run(&book);
    let misses: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| {
            outcome
                .misses
                .iter()
                .map(|miss| format!("{}:{}: {}: {}", outcome.file, miss.line, outcome.name, miss.message))
        })
        .collect();
    assert!(misses.is_empty(), "{} of {} cases:\n{}", misses.len(), outcomes.len(), misses.join("\n"));
}
