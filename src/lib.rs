//! Deskhand: a support desk's first hand.

pub mod app;
pub mod cases;
pub mod cli;
pub mod config;
pub mod crash;
pub mod demo;
pub mod desk;
pub mod domain;
pub mod engines;
pub mod hand;
pub mod http;
pub mod hub;
pub mod inbox;
pub mod integrations;
pub mod ledger;
pub mod library;
pub mod outbox;
pub mod playbook;
pub mod ports;
pub mod rehearsal;
pub mod store;
pub mod telemetry;
pub mod triage;
pub mod turn;
pub mod watchdog;
