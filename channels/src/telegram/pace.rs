//! Telegram's published limits (core.telegram.org/bots/faq): one message a second in a chat, 20 a minute in a group,
//! 30 a second overall.

use super::place::Place;
use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{num::NonZeroU32, time::Duration};

/// The chats remembered before those that are quiet again are forgotten.
const CHATS: usize = 10_000;

/// Waits for a turn.
pub(super) struct Pace {
    chats: DefaultKeyedRateLimiter<i64>,
    groups: DefaultKeyedRateLimiter<i64>,
    all: DefaultDirectRateLimiter,
    longest: Duration,
}

impl Pace {
    /// Limits by seconds of that length.
    pub(super) fn new(second: Duration) -> Self {
        let every = |period: Duration, burst: u32| {
            Quota::with_period(period.max(Duration::from_nanos(1)))
                .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
                .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
        };
        Self {
            chats: RateLimiter::keyed(every(second, 1)),
            // Five at once, then one each four seconds: never more than 20 within any minute.
            groups: RateLimiter::keyed(every(second * 4, 5)),
            // Five at once and 25 a second: never more than 30 within any second.
            all: RateLimiter::direct(every(second / 25, 5)),
            longest: second,
        }
    }

    /// Waits at most a second; says how long it would take where that is not enough.
    pub(super) async fn turn(&self, place: Place) -> Result<(), Duration> {
        if self.chats.len() > CHATS {
            self.chats.retain_recent();
            self.groups.retain_recent();
        }
        let mut budget = self.longest;
        wait(&mut budget, || self.chats.check_key(&place.chat).map_err(left)).await?;
        if place.is_group() {
            wait(&mut budget, || self.groups.check_key(&place.chat).map_err(left)).await?;
        }
        wait(&mut budget, || self.all.check().map_err(left)).await
    }
}

fn left(not: governor::NotUntil<<DefaultClock as Clock>::Instant>) -> Duration {
    not.wait_time_from(DefaultClock::default().now())
}

/// Asks again when it should be free; others may have been faster, so not for ever.
async fn wait(budget: &mut Duration, mut ask: impl FnMut() -> Result<(), Duration>) -> Result<(), Duration> {
    while let Err(left) = ask() {
        *budget = budget.checked_sub(left.max(Duration::from_micros(100))).ok_or(left)?;
        tokio::time::sleep(left).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_group_has_its_own_limit_and_a_chat_does_not_hold_up_another() {
        // With so long a second nothing is free again while the test runs.
        let pace = Pace { longest: Duration::ZERO, ..Pace::new(Duration::from_secs(3600)) };
        let chat = |chat| Place { chat, user: None, thread: None };
        assert!(pace.turn(chat(1)).await.is_ok());
        assert!(pace.turn(chat(1)).await.is_err());
        assert!(pace.turn(chat(2)).await.is_ok());
        assert!(pace.turn(chat(-3)).await.is_ok());
        assert!(pace.turn(chat(4)).await.is_ok());
        assert!(pace.turn(chat(5)).await.is_ok());
        assert!(pace.turn(chat(6)).await.is_err(), "five at once overall");
    }
}
