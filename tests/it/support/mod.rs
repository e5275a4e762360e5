//! What stories need.

pub(crate) mod postgres;
