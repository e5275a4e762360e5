//! Stories of calls to the outside, against servers on this machine.
#![allow(unreachable_pub, missing_docs)] // nobody depends on tests
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)] // a test that panics has failed

mod action;
mod bad_answers;
mod guard;
mod notify;
mod support;
mod targets;
mod tickets;
