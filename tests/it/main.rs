//! All integration tests in one binary, so that they link once.

mod starter_desk;
mod store;
mod support;
