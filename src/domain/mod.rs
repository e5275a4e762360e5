//! The nouns of the desk. Nothing here waits, reads a clock or draws a random number.

pub mod approval;
pub mod code;
pub mod consult;
pub mod conversation;
pub mod customer;
pub mod decision;
pub mod effect;
pub mod event;
pub mod ids;
pub mod person;
pub mod release;
pub mod run;
pub mod switch;
pub mod ticket;

/// An instant, in UTC.
pub type Time = chrono::DateTime<chrono::Utc>;
