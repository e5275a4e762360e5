//! The decision diff: what a change would do to past conversations, counted and listed.

use super::{Cost, Difference, Redecided};
use crate::domain::decision::Route;
use serde::Serialize;
use std::collections::BTreeMap;

/// What another release would have done otherwise.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Conversations looked at.
    pub conversations: usize,
    /// Decisions judged again.
    pub decisions: usize,
    /// Those that would differ in any way.
    pub changed: usize,
    /// How many would differ in what.
    pub differences: BTreeMap<&'static str, usize>,
    /// Where messages would go otherwise.
    pub routes: Vec<Shift>,
    /// Messages that the bot answered by itself, then and now.
    pub by_bot: (usize, usize),
    /// What the decisions have cost, in US dollars.
    pub cost_usd: f64,
    /// What a language model would take, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Cost>,
    /// Every change, the weightiest first.
    pub changes: Vec<Redecided>,
}

/// Messages that would take another route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// The route they took.
    pub from: &'static str,
    /// The route they would take.
    pub to: &'static str,
    /// How many.
    pub count: usize,
}

impl Report {
    /// Adds a conversation.
    pub fn add(&mut self, redecided: Vec<Redecided>) {
        self.conversations += 1;
        for one in redecided {
            self.decisions += 1;
            self.cost_usd += one.before.decision.cost_usd;
            self.by_bot.0 += usize::from(is_bots(one.before.decision.route));
            let now = one.after.as_ref().map(|after| after.decision.route);
            self.by_bot.1 += usize::from(now.is_some_and(is_bots));
            if one.differs.is_empty() {
                continue;
            }
            self.changed += 1;
            for difference in &one.differs {
                *self.differences.entry(difference.name()).or_default() += 1;
            }
            if one.differs.contains(&Difference::Route) {
                self.shift(one.before.decision.route.name(), now.map_or("undecided", Route::name));
            }
            self.changes.push(one);
        }
    }

    fn shift(&mut self, from: &'static str, to: &'static str) {
        match self.routes.iter_mut().find(|shift| shift.from == from && shift.to == to) {
            Some(shift) => shift.count += 1,
            None => self.routes.push(Shift { from, to, count: 1 }),
        }
    }

    /// Puts what matters most first.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.changes.sort_by(|one, other| one.differs.cmp(&other.differs));
        self.routes.sort_by(|one, other| other.count.cmp(&one.count).then(one.from.cmp(other.from)));
        self
    }
}

fn is_bots(route: Route) -> bool {
    route != Route::Handoff
}
