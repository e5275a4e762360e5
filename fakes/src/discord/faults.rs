//! Faults of the REST side that a story orders.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// An answer with a status and Discord's code, and nothing done.
    Refuse(u16, u64),
    /// 429 with that wait, for the bot as a whole or for the route.
    Early(Duration, bool),
    /// The 429 of the proxy before Discord: HTML.
    Cloudflare(Duration),
    /// The link is cut before anything is done.
    CutBefore,
    /// It is done, and the link is cut before the answer.
    CutAfter,
    /// It takes longer.
    Slow(Duration),
}

/// An order for faults.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    route: String,
    trouble: Trouble,
    left: usize,
    chance: f64,
}

impl Fault {
    /// Always, for requests of a method (`*`: any) whose route, as the spec writes it, ends so (empty: any).
    #[must_use]
    pub fn on(method: &str, route: &str, trouble: Trouble) -> Self {
        Self { method: method.into(), route: route.into(), trouble, left: usize::MAX, chance: 1.0 }
    }

    /// Only so often.
    #[must_use]
    pub fn times(self, left: usize) -> Self {
        Self { left, ..self }
    }

    /// Only with a probability, by the fake's seed.
    #[must_use]
    pub fn chance(self, chance: f64) -> Self {
        Self { chance, ..self }
    }
}

pub(crate) struct Faults {
    orders: Vec<Fault>,
    dice: StdRng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { orders: Vec::new(), dice: StdRng::seed_from_u64(seed) }
    }

    pub(crate) fn order(&mut self, fault: Fault) {
        self.orders.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.orders.clear();
    }

    /// What goes wrong with this request.
    pub(crate) fn strike(&mut self, method: &str, route: &str) -> Option<Trouble> {
        for order in &mut self.orders {
            let fits = (order.method == "*" || order.method == method) && route.ends_with(&order.route);
            if fits && order.left > 0 && self.dice.random_bool(order.chance) {
                order.left -= 1;
                return Some(order.trouble.clone());
            }
        }
        None
    }
}
