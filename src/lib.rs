//! Deskhand: a support desk's first hand.

pub mod domain;
pub mod ports;
pub mod store;
