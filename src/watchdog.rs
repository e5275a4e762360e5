//! Proves the promise: every message ends in a reply, a ticket or a human. What has not by the desk's limit is
//! handed to a human, whatever stood in the way.

use crate::domain::event::{Entry, Event};
use crate::domain::ids::ConversationId;
use crate::ledger::Ledger;
use crate::library::Library;
use crate::ports::storage::{Commit, CommitError, Unavailable};
use crate::triage::budget;
use crate::triage::rescue::rescue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it looks.
const ROUND: Duration = Duration::from_secs(5);

/// Error budgets are looked at once in so many rounds.
const BUDGETS_EVERY: u64 = 12;

/// Looks for messages without an outcome until `stop` says so.
pub async fn run(ledger: Ledger, library: Arc<Library>, mut stop: watch::Receiver<bool>) {
    let mut rounds = 0_u64;
    while !*stop.borrow() {
        if rounds.is_multiple_of(BUDGETS_EVERY)
            && let Err(error) = budgets(&ledger, &library).await
        {
            tracing::warn!(%error, "error budgets could not be looked at");
        }
        rounds += 1;
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
    let board = ledger.storage.switchboard().await?;
    let mut known = talk.clone();
    let news = board.news(talk.channel, &talk.off);
    let mut events = news.map(|off| vec![Event::Switched { off }]).unwrap_or_default();
    for event in &events {
        known.apply(&Entry { seq: known.seq + 1, at: now, event: event.clone() });
    }
    let rescued = rescue(&known, &library.current(), now);
    if rescued.is_empty() {
        return Ok(false);
    }
    events.extend(rescued);
    match ledger.commit(Commit::onto(&talk, now, events).under(board.version)).await {
        Ok(_) => Ok(true),
        // Something happened just now; the next round sees whether it was the outcome.
        Err(CommitError::Conflict | CommitError::Already(_)) => Ok(false),
        Err(CommitError::Unavailable(error)) => Err(error),
    }
}

/// Demotes the intents whose answers turned out to be wrong too often. Returns how many.
pub async fn budgets(ledger: &Ledger, library: &Library) -> Result<usize, Unavailable> {
    let book = library.current();
    let now = ledger.now();
    let mut demoted = 0;
    let budgets = book.intents.values().filter_map(|intent| Some((intent, intent.error_budget.as_ref()?)));
    for (intent, policy) in budgets {
        let since = now - policy.value.within.delta();
        let marks = ledger.storage.marks(&intent.id.value, since).await?;
        let standing = ledger.storage.demotions().await?;
        if let Some(demotion) = budget::burnt(intent, marks.answers, marks.failures, &standing) {
            tracing::error!(intent = demotion.intent, because = demotion.because, "an intent was demoted");
            metrics::counter!("deskhand_demotions_total", "intent" => demotion.intent.clone()).increment(1);
            ledger.storage.demote(&demotion, now).await?;
            demoted += 1;
        }
    }
    Ok(demoted)
}
