//! Proves the promise: every message ends in a reply, a ticket or a human. What has not by the desk's limit is
//! handed to a human, whatever stood in the way.

use crate::domain::ids::ConversationId;
use crate::ledger::Ledger;
use crate::library::Library;
use crate::ports::storage::{Commit, CommitError, Unavailable};
use crate::triage::rescue::rescue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it looks.
const ROUND: Duration = Duration::from_secs(5);

/// Looks for messages without an outcome until `stop` says so.
pub async fn run(ledger: Ledger, library: Arc<Library>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match round(&ledger, &library).await {
            Ok(0) => {}
            Ok(rescued) => {
                tracing::error!(rescued, "messages had no outcome in time and were handed to humans")
            }
            Err(error) => tracing::warn!(%error, "the watchdog could not look"),
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One look; returns how many conversations were rescued.
pub async fn round(ledger: &Ledger, library: &Library) -> Result<usize, Unavailable> {
    let limit = ledger.now() - library.current().desk.outcome_within.delta();
    let mut rescued = 0;
    for id in ledger.storage.unanswered(limit, 100).await? {
        if hand_to_human(ledger, library, id).await? {
            metrics::counter!("deskhand_rescued_total").increment(1);
            rescued += 1;
        }
    }
    Ok(rescued)
}

async fn hand_to_human(ledger: &Ledger, library: &Library, id: ConversationId) -> Result<bool, Unavailable> {
    let Some(talk) = ledger.conversation(id).await? else { return Ok(false) };
    let now = ledger.now().max(talk.updated_at);
    let events = rescue(&talk, &library.current(), now);
    if events.is_empty() {
        return Ok(false);
    }
    match ledger.commit(Commit::onto(&talk, now, events)).await {
        Ok(_) => Ok(true),
        // Something happened just now; the next round sees whether it was the outcome.
        Err(CommitError::Conflict | CommitError::Already(_)) => Ok(false),
        Err(CommitError::Unavailable(error)) => Err(error),
    }
}
