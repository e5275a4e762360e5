//! A condition of anything: refused with words, or asked without a fault of its own. Asked twice it holds twice.
#![no_main]

use deskhand_core::playbook::condition::{Asked, Condition, MoreNames};
use deskhand_core::playbook::facts::{Facts, Kind};
use deskhand_core::playbook::typing::Scope;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

fuzz_target!(|source: String| {
    // As the desk itself does: deep conditions need stack.
    let asking = std::thread::Builder::new().stack_size(64 << 20).spawn(move || ask(&source));
    asking.expect("a thread").join().expect("no panic");
});

fn ask(source: &str) {
    let intents = ["invoice_copy".to_owned(), "refund_request".to_owned()];
    let more = MoreNames::from([
        ("slots.email".to_owned(), Kind::Text),
        ("slots.amount".to_owned(), Kind::Number),
        ("account".to_owned(), Kind::Anything),
    ]);
    let sample = json!({"slots": {"email": "a@b.c", "amount": 12.5}, "account": {"found": true, "status": "locked"}});
    let Value::Object(sample) = sample else { return };
    match Condition::parse(source, &Scope { intents: &intents, more: &more, sample: &sample }) {
        Err(message) => assert!(!message.trim().is_empty()),
        Ok(condition) => {
            let asked = |names: &Map<String, Value>| condition.ask(&Asked::new(&Facts::sample(), names));
            assert_eq!(asked(&sample), asked(&sample));
        }
    }
}
