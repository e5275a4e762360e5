//! Executing a prepared action: tries where a try can't do harm, then one clear outcome.

use super::{Action, Prepared};
use crate::guard::{Answer, Guard};
use crate::trouble::Trouble;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::Duration;

/// Tries within one execution. Longer patience is the outbox's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all, 1 for no repetition.
    pub tries: u32,
    /// The first pause; it doubles.
    pub pause: Duration,
    /// The longest pause. A remote side that asks for a longer one is not waited for: the execution ends with
    /// [`Trouble::Later`].
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { tries: 3, pause: Duration::from_millis(500), longest: Duration::from_secs(5) }
    }
}

impl Retries {
    /// The pause after a failed try, the first being 0: full jitter over a doubling span. `chance` is in `0.0..1.0`.
    #[must_use]
    pub fn pause_after(&self, failed: u32, chance: f64) -> Duration {
        let span = self.pause.saturating_mul(2_u32.saturating_pow(failed)).min(self.longest);
        span.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}

/// What an action gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer, checked against the action's output schema; `null` where there is no schema and no JSON.
    pub output: Value,
    /// Tries it took.
    pub tries: u32,
}

/// Executes actions.
#[derive(Clone)]
pub struct Runner {
    guard: Guard,
    chance: fn() -> f64,
}

impl Runner {
    /// A runner with jitter of the system's randomness.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self::with_chance(guard, rand::random::<f64>)
    }

    /// A runner with given jitter.
    #[must_use]
    pub fn with_chance(guard: Guard, chance: fn() -> f64) -> Self {
        Self { guard, chance }
    }

    /// Sends it, again where the link failed or the other side is overloaded *and* a repetition does no harm (the
    /// method is idempotent, or the action declares an idempotency key), and checks what comes back.
    pub async fn run(&self, action: &Action, prepared: &Prepared) -> Result<Outcome, Trouble> {
        let retries = action.spec().retries;
        let mut tries = 0;
        loop {
            tries += 1;
            let answered = self.guard.send(prepared.request.clone()).await;
            // A 500 is a fault of theirs that is met again at once; the statuses of gateways and overload may pass.
            let passing =
                !matches!(&answered, Ok(answer) if answer.status == StatusCode::INTERNAL_SERVER_ERROR);
            let trouble = match answered.and_then(|answer| finish(action, prepared, answer)) {
                Ok((status, output)) => return Ok(Outcome { status, output, tries }),
                Err(trouble) => trouble,
            };
            let pause = match &trouble {
                Trouble::Retry { .. } | Trouble::InDoubt { .. } if passing => {
                    Some(retries.pause_after(tries - 1, (self.chance)()))
                }
                Trouble::Later { after, .. } if *after <= retries.longest => Some(*after),
                _ => None,
            };
            match pause {
                Some(pause) if tries < retries.tries && action.is_repeatable() => {
                    tokio::time::sleep(pause).await
                }
                _ => return Err(trouble.masked(prepared.mask())),
            }
        }
    }
}

fn finish(action: &Action, prepared: &Prepared, answer: Answer) -> Result<(StatusCode, Value), Trouble> {
    let answer = answer.judged(prepared.request.is_safe(), &action.spec().success)?;
    let output = read(action, &answer)?;
    Ok((answer.status, output))
}

fn read(action: &Action, answer: &Answer) -> Result<Value, Trouble> {
    if action.spec().output.is_none() {
        let known = answer.says_json() && !answer.body.is_empty();
        return Ok(if known { answer.json().unwrap_or_default() } else { Value::Null });
    }
    let output = if answer.body.is_empty() { Value::Null } else { answer.json()? };
    action.check_output(&output).map_err(|mismatches| {
        let told: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
        Trouble::unexpected(told.join("; "))
    })?;
    Ok(output)
}
