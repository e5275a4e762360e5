//! Stories of calls to the outside, against servers on this machine.
#![allow(unreachable_pub, missing_docs)] // nobody depends on tests

mod action;
mod bad_answers;
mod guard;
mod notify;
mod support;
mod targets;
mod tickets;
