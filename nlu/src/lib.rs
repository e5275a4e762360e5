//! Reads a customer's words without any network: what it is about (`classifier`), and how urgent, in what mood,
//! in which language and with which numbers and dates it was written (`signals`). Pure: text in, findings out.

pub mod classifier;
pub mod embedding;
pub mod signals;
