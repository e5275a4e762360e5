//! A customer says, the desk answers.

mod aimock;
mod answers;
mod approvals;
mod attacks;
mod calls;
mod crash;
mod escalations;
mod limits;
mod long_waits;
mod mission;
mod model;
mod order;
mod outside_faults;
mod polls;
mod reception;
mod replay;
mod shipped;
mod subjects;
mod switches;
mod takeover;
mod triggers;
mod truth;
mod verifying;
mod without;
