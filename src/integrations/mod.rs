//! The world outside, behind the ports: customer directories, ticket systems, notifiers.

pub mod actions;
pub mod databases;
pub mod directories;
pub mod directory_file;
pub mod mail;
pub mod model_journal;
pub mod notifier;
pub mod programs;
pub mod systems;
pub mod tickets;
pub mod tools;
pub mod tracker;
pub mod trackers;
