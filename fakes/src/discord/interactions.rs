//! Interactions: acknowledged within 3 s, followed up within 15 minutes.

use super::Inner;
use super::journal::Shown;
use super::messages::{faulty, numbered, pings};
use super::routes::{Call, Reply};
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

pub(crate) fn callback(inner: &Inner, id: u64, token: &str, call: &Call) -> Reply {
    let body = call.body();
    let kind = body["type"].as_u64().unwrap_or(0);
    let mut world = inner.world();
    let found = world.interactions.get_mut(&id).filter(|known| known.token == token);
    let Some(known) =
        found.filter(|known| known.acknowledged.is_some() || known.born.elapsed() <= inner.options.deadline)
    else {
        return Reply::error(404, 10062, "Unknown interaction");
    };
    if known.acknowledged.is_some() {
        return Reply::error(400, 40060, "Interaction has already been acknowledged.");
    }
    let fits = if known.kind == 3 { matches!(kind, 4..=7 | 9) } else { matches!(kind, 4 | 5 | 8 | 9) };
    if !fits {
        return Reply::invalid(
            "type",
            "UNION_TYPE_CHOICES",
            "Value of field \"type\" must be one of the allowed.",
        );
    }
    if matches!(kind, 4 | 7)
        && let Some(reply) = faulty(&body["data"])
    {
        return reply;
    }
    known.acknowledged = Some((kind, known.born.elapsed()));
    let (channel, asked) = (known.channel, known.kind);
    drop(world);
    if kind == 4 {
        let hidden = body["data"]["flags"].as_u64().unwrap_or(0) & 64 != 0;
        let message = show(inner, channel, &body["data"], hidden);
        inner.world().interactions.get_mut(&id).unwrap().original =
            message["id"].as_str().and_then(|id| id.parse().ok());
    }
    if matches!(call.query("with_response"), Some("true" | "1")) {
        let interaction = json!({"id": id.to_string(), "type": asked, "response_message_loading": kind == 5});
        return Reply::ok(json!({"interaction": interaction}));
    }
    Reply::nothing()
}

/// The interaction of a token that can still be used.
fn usable(inner: &Inner, application: u64, token: &str) -> Result<(u64, u64), Reply> {
    let world = inner.world();
    if application != world.application {
        return Err(Reply::error(404, 10015, "Unknown Webhook"));
    }
    let known = world.interactions.iter().find(|(_, known)| known.token == token);
    let known = known.filter(|(_, known)| known.acknowledged.is_some() && known.born.elapsed() < TOKEN_LIFE);
    known
        .map(|(id, known)| (*id, known.channel))
        .ok_or_else(|| Reply::error(401, 50027, "Invalid Webhook Token"))
}

pub(crate) fn edit(inner: &Inner, application: u64, token: &str, body: &Value) -> Reply {
    let (id, channel) = match usable(inner, application, token) {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    if let Some(reply) = faulty(body) {
        return reply;
    }
    let message = show(inner, channel, body, true);
    let mut world = inner.world();
    let known = world.interactions.get_mut(&id).unwrap();
    known.original = message["id"].as_str().and_then(|id| id.parse().ok());
    known.followed_up += 1;
    Reply::ok(message)
}

pub(crate) fn original(inner: &Inner, application: u64, token: &str) -> Reply {
    let (id, channel) = match usable(inner, application, token) {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    let world = inner.world();
    let message =
        world.interactions[&id].original.and_then(|id| world.rooms[&channel].messages.get(&id).cloned());
    message.map_or_else(|| Reply::error(404, 10008, "Unknown Message"), Reply::ok)
}

pub(crate) fn follow_up(inner: &Inner, application: u64, token: &str, body: &Value) -> Reply {
    let (id, channel) = match usable(inner, application, token) {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    if let Some(reply) = faulty(body) {
        return reply;
    }
    let hidden = body["flags"].as_u64().unwrap_or(0) & 64 != 0;
    let message = show(inner, channel, body, hidden);
    inner.world().interactions.get_mut(&id).unwrap().followed_up += 1;
    Reply::ok(message)
}

/// Shows an interaction's message; one that a single user sees is in no history.
fn show(inner: &Inner, channel: u64, body: &Value, ephemeral: bool) -> Value {
    let mut world = inner.world();
    let (id, bot) = (world.flake(), world.bot);
    let content = body["content"].as_str().unwrap_or_default().to_owned();
    let mut message = world.message_json(id, channel, bot, &content);
    message["components"] = numbered(&body["components"]);
    if ephemeral {
        message["flags"] = json!(64);
    } else {
        world.rooms.get_mut(&channel).unwrap().messages.insert(id, message.clone());
    }
    let told = world.told_json(&message);
    drop(world);
    inner.journal().shown.push(Shown {
        at: inner.born.elapsed(),
        channel,
        id,
        content,
        nonce: None,
        components: message["components"].clone(),
        pings: pings(body),
        answers: None,
        ephemeral,
    });
    if !ephemeral {
        inner.hub().dispatch("MESSAGE_CREATE", &told);
    }
    message
}
