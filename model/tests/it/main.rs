//! One binary, so that tests link once.

mod faults;
mod prompts;
mod server;
mod support;
