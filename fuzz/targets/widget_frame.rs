//! A frame of the widget with anything in it: read as one of the kinds there are, or refused.
#![no_main]

use deskhand::http::frames::{self, Incoming};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &str| {
    match frames::read(frame) {
        Ok(Incoming::Message(message)) => assert!(frame.len() >= message.id.len()),
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
