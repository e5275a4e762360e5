//! All integration tests in one binary, so that they link once.

mod starter_desk;
mod store;
mod stories;
mod support;
mod tidy;
