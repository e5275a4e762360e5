//! Stories of customers on Discord, against the fake.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "support/discord.rs"]
mod support;

#[path = "discord/attachments.rs"]
mod attachments;
#[path = "discord/connection.rs"]
mod connection;
#[path = "discord/interactions.rs"]
mod interactions;
#[path = "discord/limits.rs"]
mod limits;
#[path = "discord/listening.rs"]
mod listening;
#[path = "discord/soak.rs"]
mod soak;
#[path = "discord/speaking.rs"]
mod speaking;
#[path = "discord/spec.rs"]
mod spec;
