//! The kill switch, kept for all processes at once.

use super::{Page, Unavailable};
use crate::domain::Time;
use crate::domain::switch::{Switch, Switchboard, SwitchedOff};
use async_trait::async_trait;

/// Something that was changed about the desk as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskEvent {
    /// Rising.
    pub number: i64,
    /// When.
    pub at: Time,
    /// `switched-off`, `switched-on`, `demoted` or `restored`.
    pub kind: String,
    /// What: a switch in its text form, or an intent.
    pub subject: String,
    /// Why.
    pub because: String,
    /// Who; empty where the desk did it by itself.
    pub by: String,
}

/// What is switched off.
///
/// That nothing automated is committed after a switch was recorded is the database's doing, not a matter of who looked
/// when. Every change raises the version of the switchboard in the transaction that records it, and every automated
/// commit carries the version that it was decided on (`Commit::switches`) and compares it in its own transaction. The
/// two exclude each other: in SQLite there is one writer; in Postgres a commit holds a shared advisory lock until it
/// has ended, and a change takes the same lock alone, so it waits for the commits under way and the next ones wait for
/// it. So when `switch_off` has returned, every automated commit is either on disk already or finds another version,
/// is refused as a conflict, and is decided anew with the switch known. An act outside cannot be part of a
/// transaction: the outbox reads the switchboard right before each, and what has left the house by then has left it.
#[async_trait]
pub trait Switches: Send + Sync {
    /// Everything that is off now.
    async fn switchboard(&self) -> Result<Switchboard, Unavailable>;

    /// Switches something off; it stays off under the first reason until it is switched on. When this returns, nothing
    /// automated that it forbids is committed any more. False where it was off already.
    async fn switch_off(&self, off: &SwitchedOff) -> Result<bool, Unavailable>;

    /// Switches it on again; false where it was on.
    async fn switch_on(
        &self,
        switch: &Switch,
        because: &str,
        by: &str,
        at: Time,
    ) -> Result<bool, Unavailable>;

    /// What was changed about the desk, newest first; `cursor` is the number that the page before ended with.
    async fn desk_events(&self, cursor: Option<i64>, limit: i64) -> Result<Page<DeskEvent>, Unavailable>;
}
