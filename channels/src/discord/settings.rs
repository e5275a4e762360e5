//! What an operator sets, and the lengths of time that tests shorten.

use secrecy::SecretString;
use std::time::Duration;

/// How to reach Discord.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token.
    pub token: SecretString,
    /// Where the REST API lives if not at `https://discord.com`, without `/api/v10`; the gateway's address is asked
    /// of it.
    pub api_url: Option<String>,
    /// The largest file taken, in bytes.
    pub max_file_bytes: u64,
    /// The servers to listen in; all where empty. Direct messages are always heard.
    pub guilds: Vec<u64>,
    /// So many requests refused in 10 minutes make the bot wait: Discord bans at 10,000.
    pub most_refused: usize,
    /// Lengths of time.
    pub timing: Timing,
}

impl Settings {
    /// The usual settings for a token: Discord itself, files up to 20 MiB, every server.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self {
            token,
            api_url: None,
            max_file_bytes: 20 << 20,
            guilds: Vec::new(),
            most_refused: 1_000,
            timing: Timing::default(),
        }
    }

    /// Scheme, host and port of the API.
    pub(super) fn base(&self) -> String {
        let url = self.api_url.as_deref().unwrap_or("https://discord.com").trim_end_matches('/');
        url.strip_suffix("/api/v10").or_else(|| url.strip_suffix("/api")).unwrap_or(url).to_owned()
    }
}

/// How long to wait for what. The defaults are for Discord itself.
#[derive(Debug, Clone)]
pub struct Timing {
    /// The pause before the second try to connect; it doubles with every further one.
    pub pause: Duration,
    /// The longest such pause.
    pub longest_pause: Duration,
    /// A connection that lasted this long makes the pauses begin anew.
    pub steady: Duration,
    /// The least time between two IDENTIFYs (Discord: one in 5 s).
    pub identify_spacing: Duration,
    /// The pause before a message that the desk could not store is offered again; doubles.
    pub retry: Duration,
    /// The longest such pause.
    pub longest_retry: Duration,
    /// How often cursors are written down.
    pub flush: Duration,
    /// How far before a cursor catching up begins: Discord does not promise the order of events.
    pub overlap: Duration,
    /// How long REST and the opening of the gateway may take to answer.
    pub answer: Duration,
    /// How long a send waits for its turn before it says so instead.
    pub turn: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            steady: Duration::from_secs(30),
            identify_spacing: Duration::from_secs(5),
            retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
            flush: Duration::from_secs(2),
            overlap: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            turn: Duration::from_secs(1),
        }
    }
}

/// The pause before try number `tries` (from 0), doubling from `first` to `longest`, each spread by a quarter so
/// that many bots do not come back at once.
pub(super) fn pause(first: Duration, longest: Duration, tries: u32) -> Duration {
    let whole = first.saturating_mul(1 << tries.min(20)).min(longest);
    whole.mul_f64(rand::Rng::random_range(&mut rand::rng(), 0.75..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C3: at most 30 tries in 10 minutes, even if every pause is as short as it can be and the first is none.
    #[test]
    fn a_gateway_that_refuses_for_ten_minutes_is_asked_thirty_times_at_most() {
        let timing = Timing::default();
        let (mut spent, mut tries) = (Duration::ZERO, 1);
        while spent < Duration::from_secs(600) {
            let shortest = (0..50).map(|_| pause(timing.pause, timing.longest_pause, tries)).min().unwrap();
            spent += shortest;
            tries += 1;
        }
        assert!(tries <= 30, "{tries}");
        assert!(pause(timing.pause, timing.longest_pause, 1_000) <= timing.longest_pause);
    }
}
