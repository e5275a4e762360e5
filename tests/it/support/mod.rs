//! What stories need.

pub(crate) mod app;
pub(crate) mod model;
pub(crate) mod outside;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod shop;
pub(crate) mod world;
