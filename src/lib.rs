//! Deskhand: a support desk's first hand.

pub mod desk;
pub mod domain;
pub mod hand;
pub mod http;
pub mod hub;
pub mod inbox;
pub mod ledger;
pub mod library;
pub mod playbook;
pub mod ports;
pub mod triage;
