//! The language model: a second opinion and a writer, never an authority. It costs money, is slow, fails, lies and can
//! be talked into things; this crate is what stands between it and the desk.
//!
//! - [`prompt`]: what it is told, checked when it is published; values from outside are delimited and neutralised.
//! - [`redact`]: what it never sees.
//! - [`openai`] over [`wire`]: any OpenAI-compatible server, one attempt a call.
//! - [`validate`]: whether an answer may be used at all.
//! - [`layers`]: time, money, failure: decorators over the one trait, [`Model`].
//! - [`injection`] and [`grounded`]: what its inputs try, and whether its words stand on their sources.
//!
//! Nothing here acts: an answer is data for rules to judge.

pub mod ask;
pub mod error;
pub mod grounded;
pub mod injection;
pub mod layers;
pub mod openai;
pub mod port;
pub mod prompt;
pub mod redact;
pub mod validate;
pub mod wire;

pub use ask::{Answer, Ask, Body, Limits, Message, Role, Step, Usage};
pub use error::{ModelError, Paid, Then};
pub use port::{Delta, Draft, Model, PartState};
