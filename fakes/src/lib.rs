//! The world outside, for tests: stateful fakes of the platforms, held to their vendors' specs, with a journal of what
//! they accepted and faults that a story orders.

pub mod attacks;
pub mod discord;
pub mod model;
pub mod telegram;
pub mod tickets;
