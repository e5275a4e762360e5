//! Telegram, told as stories over a stateful fake of it. Every story ends by asserting that no request and no answer
//! broke the vendor's spec.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets what it did not expect has failed; Clippy knows only functions marked as tests"
)]

mod delivery;
mod desk;
mod files;
mod groups;
mod hearing;
mod pressing;
mod soak;
mod speaking;
mod stage;
mod trouble;
mod waits;
mod webhook;
