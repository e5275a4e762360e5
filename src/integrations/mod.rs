//! The world outside, behind the ports: customer directories, ticket systems, notifiers.

pub mod actions;
pub mod directory_file;
pub mod mail;
pub mod model_journal;
pub mod notifier;
pub mod tickets;
pub mod tracker;
pub mod trackers;
