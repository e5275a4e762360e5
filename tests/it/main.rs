//! All integration tests in one binary, so that they link once.

mod store;
mod support;
