//! See Cargo.toml.
pub use tt::*;
