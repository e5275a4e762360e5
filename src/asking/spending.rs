//! The books of the budget after a restart.

use crate::domain::Time;
use crate::ports::storage::{Storage, Unavailable};
use chrono::{Days, NaiveTime};
use model::layers::budget::{Budget, Spent};

/// How far back conversations are remembered.
const DAYS: u64 = 30;

/// Enters what was spent before this process began. A call of which nobody knows what it cost (the process died
/// meanwhile) is counted at `unknown`, the most that one may cost.
pub async fn settle_books(
    storage: &dyn Storage,
    budget: &Budget,
    now: Time,
    unknown: Spent,
) -> Result<(), Unavailable> {
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let since = midnight.checked_sub_days(Days::new(DAYS)).unwrap_or(midnight);
    for spending in storage.spending(since, midnight).await? {
        let spent = Spent {
            micros: spending.micros.saturating_add(unknown.micros.saturating_mul(spending.unknown)),
            tokens: spending.tokens.saturating_add(unknown.tokens.saturating_mul(spending.unknown)),
        };
        let at = if spending.today { now } else { since };
        let at = u64::try_from(at.timestamp()).unwrap_or(0);
        budget.remember(at, &spending.conversation, &spending.customer, spent);
    }
    Ok(())
}
