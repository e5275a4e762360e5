//! All integration tests in one binary, so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that meets what it did not expect has failed; Clippy knows only functions marked as tests"
)]

mod abcd;
mod canaries;
mod chaos;
mod cli;
mod contract;
mod flood;
mod http;
mod lookups;
mod outbound;
mod outside;
mod policies;
mod replicas;
mod starter_desk;
mod store;
mod stories;
mod support;
mod tidy;
