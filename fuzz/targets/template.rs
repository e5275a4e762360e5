//! A template of anything, filled in as a sentence, as a value and as an address. What it puts into an address stays
//! behind its scheme and host.
#![no_main]

use deskhand_core::playbook::facts::Facts;
use deskhand_core::playbook::{replies, templates};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

const HOST: &str = "https://shop.example/";

fn facts() -> &'static Map<String, Value> {
    static FACTS: OnceLock<Map<String, Value>> = OnceLock::new();
    FACTS.get_or_init(|| {
        let mut facts = Facts::sample().json();
        let input = json!({"id": "a/../b?x=1#f", "sum": 12.5, "tags": ["a"], "yes": true, "none": null});
        facts.insert("input".to_owned(), input);
        facts.insert("slots".to_owned(), json!({"email": "ada@example.com", "amount": 12.5, "text": "ä\r\n{{x}}"}));
        facts
    })
}

fuzz_target!(|source: &str| {
    let facts = facts();
    let rendered = templates::render(source, facts);
    assert_eq!(rendered, templates::render(source, facts), "the same template, the same words");
    drop(templates::fill(&json!({"one": source, "list": [source]}), facts));
    drop(replies::try_template(source, facts));
    drop(replies::try_value(&json!(source), facts));
    if let Ok(address) = templates::render_address(&format!("{HOST}{source}"), facts) {
        assert!(address.starts_with(HOST.trim_end_matches('/')), "{address}");
    }
});
