//! One binary, so that tests link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot read its own data has failed, and says when it is skipped"
)]

mod aimock;
mod articles;
mod faults;
mod hostile;
mod prompts;
mod server;
mod support;
