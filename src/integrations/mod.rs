//! The world outside, behind the ports: customer directories, ticket systems, notifiers.

pub mod actions;
pub mod directory_file;
pub mod mail;
pub mod notifier;
pub mod tickets;
