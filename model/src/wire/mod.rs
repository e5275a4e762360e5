//! The wire, without I/O: requests as JSON, lenient reading of what servers answer, failures typed.

pub mod embeddings;
pub mod extract;
pub mod failure;
pub mod partial;
pub mod request;
pub mod response;
pub mod strict;
