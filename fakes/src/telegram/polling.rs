//! Long polls: the newest one lives, a higher offset acknowledges.

use super::{
    answer::{Answer, Refusal},
    body::Params,
    world::{State, World},
};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) async fn get_updates(world: &Arc<World>, params: &Params) -> Answer {
    let limit = usize::try_from(params.int("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let seconds = u32::try_from(params.int("timeout").unwrap_or(0).clamp(0, 50)).unwrap_or_default();
    let until = Instant::now() + world.options.second * seconds;
    // Another program's next poll ends ours, if ours lasts so long.
    let rival_at = Instant::now() + world.options.second / 2;
    let mut changes = world.changes();
    let turn = {
        let mut state = world.state();
        check_webhook(&state)?;
        if let Some(allowed) = params.fields.get("allowed_updates") {
            state.allowed = serde_json::from_value(allowed.clone()).ok();
        }
        let offset = params.int("offset").unwrap_or(0);
        acknowledge(&mut state, offset);
        // What was offered out of turn is acknowledged by any offset; a bot that begins anew has none yet.
        let out = std::mem::take(&mut state.again_out);
        if offset == 0 {
            state.again.extend(out);
        }
        state.poll += 1;
        state.poll
    };
    world.touch();
    loop {
        changes.borrow_and_update();
        let rival = {
            let mut state = world.state();
            check_webhook(&state)?;
            if state.poll != turn || (state.rival && seconds > 0 && Instant::now() >= rival_at) {
                return Err(Refusal::new(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                ));
            }
            let mut found: Vec<Value> = Vec::new();
            while let Some(update) = state.again.pop_front() {
                state.again_out.push(update.clone());
                found.push(update);
                if found.len() == limit {
                    break;
                }
            }
            let room = limit - found.len();
            found.extend(state.updates.iter().take(room).cloned());
            if !found.is_empty() || Instant::now() >= until {
                return Ok(Value::Array(found));
            }
            state.rival
        };
        let deadline = if rival { until.min(rival_at) } else { until };
        drop(tokio::time::timeout_at(deadline, changes.changed()).await);
    }
}

fn check_webhook(state: &State) -> Result<(), Refusal> {
    match state.webhook {
        Some(_) => Err(Refusal::new(
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        )),
        None => Ok(()),
    }
}

/// Forgets what is below the offset; a negative one keeps so many from the end.
fn acknowledge(state: &mut State, offset: i64) {
    if offset < 0 {
        let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        let drop_first = state.updates.len().saturating_sub(keep);
        state.updates.drain(..drop_first);
    } else if offset > 0 {
        state.updates.retain(|update| update["update_id"].as_i64().unwrap_or_default() >= offset);
    }
}
