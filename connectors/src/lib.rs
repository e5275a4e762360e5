//! What Deskhand does to systems outside, and nothing else: this crate knows neither conversations nor policies.
//!
//! - [`guard`] is the one way out for every address that an admin configures;
//! - [`action`] executes one prepared HTTP request of a policy action;
//! - [`child`] starts programs of this machine, and [`mcp`] calls tools of MCP servers;
//! - [`tickets`] opens, comments and follows tickets in the desks of others, once for each key;
//! - [`notify`] tells teams;
//! - [`trouble`] says what went wrong, by what the caller can do about it.
//!
//! Nothing here retries for hours or keeps a queue: that is the outbox's work. [`notify::schedule`] is its timetable.

pub mod action;
pub mod child;
pub mod guard;
pub mod mask;
pub mod mcp;
pub mod notify;
pub mod tickets;
pub mod trouble;

pub use guard::{Answer, Guard, Limits, Outgoing, Policy};
pub use reqwest::{Method, StatusCode, header};
pub use trouble::{Advice, Done, Trouble};
