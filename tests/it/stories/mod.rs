//! A customer says, the desk answers.

mod answers;
mod crash;
mod escalations;
mod mission;
mod order;
mod outside_faults;
mod reception;
mod takeover;
mod truth;
