//! The layers of the desk that never wait and do no I/O.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/playbook/mod.rs"]
pub mod playbook;
#[path = "http.rs"]
pub mod http;
