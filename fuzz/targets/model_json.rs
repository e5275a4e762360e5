//! What a model answers, whole and in pieces: used only if all of the schema is met, and what is shown of it while it
//! is being written is what the whole says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::validate::{self, Schema};
use model::wire::partial::PartialString;
use serde_json::json;
use std::sync::{Arc, OnceLock};

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["intent", "confidence"],
            "properties": {
                "intent": {"type": "string", "enum": ["refund_request", "invoice_copy"]},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                "reply": {"type": ["string", "null"], "maxLength": 2000},
                "citations": {"type": "array", "items": {"type": "string"}}
            }
        });
        Schema::new(Arc::new(schema)).expect("a schema")
    })
}

fuzz_target!(|text: &str| {
    drop(validate::parse(text));
    let whole = PartialString::new("reply").push(text);
    let mut slowly = PartialString::new("reply");
    let pieces: String = text.chars().map(|letter| slowly.push(letter.encode_utf8(&mut [0; 4]))).collect();
    assert_eq!(whole, pieces, "what is shown depends on how it comes in");
    match schema().check(text) {
        Ok(value) => assert!(value["intent"].is_string() && value["confidence"].is_number()),
        Err(message) => assert!(!message.is_empty()),
    }
});
