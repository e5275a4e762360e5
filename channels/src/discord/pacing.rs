//! Discord's published limits, kept before it has to remind us: 50 requests a second, a bucket for each route that
//! is learned from the answers' headers, and far less than 10,000 refused requests in 10 minutes, which would ban us.

use super::trouble::Trouble;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::HeaderMap;
use serenity::http::RatelimitingBucket;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The requests of a route that share a limit: method and Discord's "major" id.
pub(super) type Key = (reqwest::Method, RatelimitingBucket);

/// How long Discord counts refused requests for a ban.
const WINDOW: Duration = Duration::from_secs(600);

/// How often a route whose limit is being learned is looked at again.
const GLANCE: Duration = Duration::from_millis(25);

pub(super) struct Pacing {
    all: DefaultDirectRateLimiter,
    clock: DefaultClock,
    state: Mutex<State>,
    most_refused: usize,
}

#[derive(Default)]
struct State {
    routes: HashMap<Key, Route>,
    paused_until: Option<Instant>,
    refused: VecDeque<Instant>,
}

/// What is known of a route's limit.
struct Route {
    /// Requests that may still go before `reset`; one until the first answer has told the limit.
    remaining: u32,
    limit: u32,
    reset: Option<Instant>,
    in_flight: u32,
}

impl Pacing {
    pub(super) fn new(most_refused: usize) -> Self {
        // 45 a second and 5 at once: in no second more than Discord's 50.
        let quota = Quota::per_second(NonZeroU32::MIN.saturating_add(44))
            .allow_burst(NonZeroU32::MIN.saturating_add(4));
        Self {
            all: RateLimiter::direct(quota),
            clock: DefaultClock::default(),
            state: Mutex::default(),
            most_refused,
        }
    }

    /// Takes a turn, sleeping at most `patience` for it; else says how long the wait is.
    pub(super) async fn turn(&self, key: &Key, patience: Duration) -> Result<(), Trouble> {
        let deadline = Instant::now() + patience;
        loop {
            let Err((cause, wait)) = self.try_turn(key, Instant::now()) else { return Ok(()) };
            if Instant::now() + wait > deadline {
                return Err(Trouble::Wait { cause: cause.to_owned(), after: wait });
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn try_turn(&self, key: &Key, now: Instant) -> Result<(), (&'static str, Duration)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Err(("Discord asked the bot as a whole to wait", until - now));
        }
        while state.refused.front().is_some_and(|at| *at + WINDOW < now) {
            state.refused.pop_front();
        }
        if state.refused.len() >= self.most_refused {
            let frees =
                state.refused.front().map_or(WINDOW, |at| (*at + WINDOW).saturating_duration_since(now));
            return Err(("too many requests were refused lately; Discord bans for that", frees));
        }
        let route = state.routes.entry(key.clone()).or_insert(Route {
            remaining: 1,
            limit: 1,
            reset: None,
            in_flight: 0,
        });
        if let Some(reset) = route.reset.filter(|reset| *reset <= now) {
            route.remaining = route.limit.saturating_sub(route.in_flight);
            tracing::trace!(late = ?(now - reset), "a route's window began anew");
            route.reset = None;
        }
        if route.remaining == 0 {
            let wait = route.reset.map_or(GLANCE, |reset| reset - now);
            return Err(("the channel's rate limit", wait.max(Duration::from_millis(1))));
        }
        if let Err(early) = self.all.check() {
            return Err((
                "the bot's rate limit",
                early.wait_time_from(self.clock.now()).max(Duration::from_millis(1)),
            ));
        }
        route.remaining -= 1;
        route.in_flight += 1;
        Ok(())
    }

    /// Learns from an answer's headers, or that there was no answer.
    pub(super) fn learn(&self, key: &Key, headers: Option<&HeaderMap>) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(route) = state.routes.get_mut(key) else { return };
        route.in_flight = route.in_flight.saturating_sub(1);
        let number = |name: &str| {
            headers.and_then(|all| all.get(name)).and_then(|v| v.to_str().ok()?.parse::<f64>().ok())
        };
        let known =
            (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset-after"));
        let (Some(limit), Some(remaining), Some(after)) = known else {
            // A route without a limit of its own: the next may go at once.
            if route.reset.is_none() && route.remaining == 0 {
                route.remaining = 1;
            }
            return;
        };
        let (limit, remaining) = (limit.clamp(1.0, 1e6) as u32, remaining.clamp(0.0, 1e6) as u32);
        let reset = now + seconds(after);
        let same_window = route.reset.is_some_and(|known| reset <= known + GLANCE);
        let left = remaining.saturating_sub(route.in_flight);
        route.limit = limit;
        route.remaining = if same_window { route.remaining.min(left) } else { left };
        route.reset = Some(route.reset.map_or(reset, |known| known.max(reset)));
    }

    /// Discord said 429: for one route, or for the bot as a whole.
    pub(super) fn hold(&self, key: Option<&Key>, after: Duration) {
        let until = Instant::now() + after;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            None => state.paused_until = Some(state.paused_until.map_or(until, |known| known.max(until))),
            Some(key) => {
                if let Some(route) = state.routes.get_mut(key) {
                    route.remaining = 0;
                    route.reset = Some(until);
                }
            }
        }
    }

    /// Counts a 401, 403 or 429.
    pub(super) fn refused(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused.push_back(Instant::now());
    }

    /// Whether so many requests were refused that no more are sent.
    pub(super) fn braked(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused.len() >= self.most_refused
    }
}

/// A number of seconds from outside, rounded up to a millisecond.
pub(super) fn seconds(number: f64) -> Duration {
    Duration::from_millis((number.clamp(0.0, 86_400.0) * 1_000.0).ceil() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serenity::http::Route as Path;
    use serenity::model::id::ChannelId;

    fn key(channel: u64) -> Key {
        let route = Path::ChannelMessages { channel_id: ChannelId::new(channel) };
        (reqwest::Method::POST, route.ratelimiting_bucket())
    }

    fn headers(limit: &str, remaining: &str, after: &str) -> HeaderMap {
        let mut all = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset-after", after),
        ] {
            all.insert(name, value.parse().unwrap());
        }
        all
    }

    #[tokio::test(start_paused = true)]
    async fn a_route_is_learned_and_kept_without_holding_up_others() {
        let pacing = Pacing::new(100);
        let none = Duration::ZERO;
        pacing.turn(&key(1), none).await.unwrap();
        assert!(pacing.turn(&key(1), none).await.is_err(), "the limit is not known yet");
        pacing.learn(&key(1), Some(&headers("3", "2", "2.0")));
        pacing.turn(&key(1), none).await.unwrap();
        pacing.turn(&key(1), none).await.unwrap();
        let Err(Trouble::Wait { after, .. }) = pacing.turn(&key(1), none).await else { panic!("used up") };
        assert!(after > Duration::from_millis(1_900), "{after:?}");
        pacing.turn(&key(2), none).await.unwrap();
        tokio::time::advance(after).await;
        pacing.turn(&key(1), none).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_global_limit_holds_everything_and_a_ban_is_never_provoked() {
        let pacing = Pacing::new(100);
        pacing.hold(None, Duration::from_secs(3));
        assert!(pacing.turn(&key(1), Duration::from_secs(1)).await.is_err());
        tokio::time::advance(Duration::from_secs(3)).await;
        pacing.turn(&key(1), Duration::ZERO).await.unwrap();
        pacing.learn(&key(1), None);
        (0..100).for_each(|_| pacing.refused());
        assert!(pacing.braked());
        assert!(
            matches!(pacing.turn(&key(2), Duration::ZERO).await, Err(Trouble::Wait { after, .. }) if after > WINDOW / 2)
        );
    }
}
