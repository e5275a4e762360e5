//! How much one caller may have. Rates are kept in memory by key; keys that are quiet are forgotten.

use super::problem::Problem;
use super::settings::{Rate, Rates};
use crate::domain::ids::CustomerId;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::time::Instant;

/// Quiet keys are swept out once in this many checks.
const SWEEP_EVERY: u32 = 4096;

/// All limiters.
pub(crate) struct Limits {
    /// Messages, by visitor.
    pub(crate) messages: Limiter<CustomerId>,
    /// Files, by visitor.
    pub(crate) uploads: Limiter<CustomerId>,
    /// Typing and feedback, by visitor.
    pub(crate) gestures: Limiter<CustomerId>,
    /// New visitors, by address.
    pub(crate) sessions: Limiter<IpAddr>,
    /// Forms, by address.
    pub(crate) forms: Limiter<IpAddr>,
    /// Requests to hooks with a wrong signature, by address.
    pub(crate) forgeries: Limiter<IpAddr>,
    /// Sign-ins, by address and account (hashed: an account is a person's address).
    pub(crate) sign_ins: Limiter<(IpAddr, u64)>,
    /// Sign-ins, by address.
    pub(crate) sign_ins_by_address: Limiter<IpAddr>,
}

impl Limits {
    /// Fresh limiters.
    pub(crate) fn new(settings: &Rates) -> Self {
        Self {
            messages: Limiter::new(settings.messages),
            uploads: Limiter::new(settings.uploads),
            gestures: Limiter::new(settings.gestures),
            sessions: Limiter::new(settings.sessions),
            forms: Limiter::new(settings.forms),
            forgeries: Limiter::new(settings.forgeries),
            sign_ins: Limiter::new(settings.sign_ins),
            sign_ins_by_address: Limiter::new(settings.sign_ins_by_address),
        }
    }
}

/// One rate, kept for each key.
pub(crate) struct Limiter<K: Hash + Eq + Clone> {
    inner: RateLimiter<K, DefaultKeyedStateStore<K>, Monotonic, NoOpMiddleware<Nanos>>,
    clock: Monotonic,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(rate.per_minute)).allow_burst(at_least_one(rate.burst));
        let clock = Monotonic { start: Instant::now() };
        Self {
            inner: RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock),
            clock,
            checks: AtomicU32::new(0),
        }
    }

    /// Counts one; 429 with the time to wait where it was one too many.
    pub(crate) fn check(&self, key: &K) -> Result<(), Problem> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
        self.inner.check_key(key).map_err(|not_until| {
            metrics::counter!("deskhand_http_limited_total").increment(1);
            Problem::too_many(not_until.wait_time_from(self.clock.now()))
        })
    }
}

/// tokio's clock: it never jumps, and tests may wind it.
#[derive(Debug, Clone, Copy)]
struct Monotonic {
    start: Instant,
}

impl Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.start.elapsed().into()
    }
}

/// A whole IPv6 network is one caller: its owner has more addresses than we have memory.
pub(crate) fn caller_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    #[test]
    fn a_caller_who_asks_too_often_is_told_to_wait_and_others_are_not() {
        let limiter = Limiter::new(Rate { burst: 2, per_minute: 1 });
        assert!(limiter.check(&"ada").is_ok());
        assert!(limiter.check(&"ada").is_ok());
        let refused = limiter.check(&"ada").unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "60");
        assert!(limiter.check(&"bob").is_ok());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_limit() {
        let key = |text: &str| caller_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
