//! Error budgets, pure: an intent whose answers turn out to be wrong too often may do less by itself.

use crate::domain::event::Demotion;
use crate::playbook::policy::intent::Intent;

/// The demotion that an intent has earned with so many answers of which so many turned out to be wrong; none while it
/// keeps within its budget, or where it may do no more than that already.
#[must_use]
pub fn burnt(intent: &Intent, answers: i64, failures: i64, standing: &[Demotion]) -> Option<Demotion> {
    let budget = intent.error_budget.as_ref().map(|budget| &budget.value)?;
    // Nothing is concluded from a few.
    let enough = answers >= budget.of_at_least.max(1);
    if !enough || (failures as f64) <= budget.failures * (answers as f64) {
        return None;
    }
    let id = &intent.id.value;
    let least = standing.iter().filter(|demotion| demotion.intent == *id).map(|demotion| demotion.to).min();
    let now = least.map_or(intent.automation, |least| least.min(intent.automation));
    (budget.demote_to < now).then(|| Demotion {
        intent: id.clone(),
        to: budget.demote_to,
        because: format!(
            "{failures} of {answers} answers turned out to be wrong; the budget of \"{}\" allows {} %.",
            intent.name,
            (budget.failures * 100.0).round()
        ),
    })
}
