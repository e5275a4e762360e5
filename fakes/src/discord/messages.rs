//! Messages: what Discord takes, how it shows them, and their history.

use super::Inner;
use super::journal::Shown;
use super::routes::{Call, Reply};
use super::world::World;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;

/// How long a nonce is enforced.
const NONCE_LIFE: Duration = Duration::from_secs(300);

/// What is wrong with a message's content and components.
pub(crate) fn faulty(body: &Value) -> Option<Reply> {
    let content = body["content"].as_str().unwrap_or_default();
    if content.chars().count() > 2_000 {
        return Some(Reply::invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length."));
    }
    let rows = body["components"].as_array().map_or(&[][..], Vec::as_slice);
    let given = |name: &str| body[name].as_array().is_some_and(|all| !all.is_empty());
    if content.trim().is_empty()
        && rows.is_empty()
        && !given("embeds")
        && !given("attachments")
        && !given("sticker_ids")
    {
        return Some(Reply::error(400, 50006, "Cannot send an empty message"));
    }
    let mut ids = HashSet::new();
    for row in rows {
        let inside = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        if inside.is_empty() || inside.len() > 5 {
            return Some(Reply::invalid(
                "components",
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            ));
        }
        for component in inside {
            let id = component["custom_id"].as_str().unwrap_or_default();
            if component["style"] != 5 && !ids.insert(id) {
                let message = "Component custom id cannot be duplicated";
                return Some(Reply::invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", message));
            }
            let options = component["options"].as_array().map_or(&[][..], Vec::as_slice);
            let mut values = HashSet::new();
            if options.len() > 25 || options.iter().any(|option| !values.insert(option["value"].to_string()))
            {
                return Some(Reply::invalid(
                    "components",
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "Bad options",
                ));
            }
        }
    }
    None
}

/// Components as they come back: numbered.
pub(crate) fn numbered(components: &Value) -> Value {
    let mut number = 0;
    let mut rows = components.as_array().cloned().unwrap_or_default();
    for row in &mut rows {
        number += 1;
        row["id"] = json!(number);
        for component in row["components"].as_array_mut().into_iter().flatten() {
            number += 1;
            component["id"] = json!(number);
            if component["type"] == 3 {
                component["min_values"] = component.get("min_values").cloned().unwrap_or(json!(1));
                component["max_values"] = component.get("max_values").cloned().unwrap_or(json!(1));
            }
            component.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
    }
    json!(rows)
}

/// Whom a message pings: by its text, as far as `allowed_mentions` lets it.
pub(crate) fn pings(body: &Value) -> Vec<String> {
    let content = body["content"].as_str().unwrap_or_default();
    let allowed = |what: &str| match &body["allowed_mentions"] {
        Value::Object(only) => {
            only.get("parse").and_then(Value::as_array).is_some_and(|all| all.iter().any(|kind| kind == what))
        }
        _ => true,
    };
    let mut pinged = Vec::new();
    for word in ["@everyone", "@here"] {
        if content.contains(word) && allowed("everyone") {
            pinged.push(word.to_owned());
        }
    }
    for (form, what) in [("<@&", "roles"), ("<@", "users")] {
        for piece in content.split(form).skip(1) {
            let id: String = piece.trim_start_matches('!').chars().take_while(char::is_ascii_digit).collect();
            if !id.is_empty() && allowed(what) {
                pinged.push(format!("{form}{id}>"));
            }
        }
    }
    pinged
}

pub(crate) fn create(inner: &Inner, channel: u64, body: &Value) -> Reply {
    let mut world = inner.world();
    if let Some(refusal) = world.silent(channel).or_else(|| faulty(body)) {
        return refusal;
    }
    let nonce = match &body["nonce"] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if nonce.as_ref().is_some_and(|nonce| nonce.chars().count() > 25) {
        return Reply::invalid("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.");
    }
    if let Some(nonce) = nonce.clone().filter(|_| body["enforce_nonce"] == true)
        && let Some((id, at)) = world.nonces.get(&(channel, nonce))
        && at.elapsed() < NONCE_LIFE
    {
        return Reply::ok(world.rooms[&channel].messages[id].clone());
    }
    let reference = &body["message_reference"];
    let answers = reference["message_id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let quoted = answers.and_then(|id| world.rooms[&channel].messages.get(&id).cloned());
    if answers.is_some() && quoted.is_none() && reference["fail_if_not_exists"] != false {
        return Reply::invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message");
    }
    let (id, bot) = (world.flake(), world.bot);
    let content = body["content"].as_str().unwrap_or_default().to_owned();
    let mut message = world.message_json(id, channel, bot, &content);
    message["components"] = numbered(&body["components"]);
    message["flags"] = body.get("flags").cloned().filter(Value::is_u64).unwrap_or(json!(0));
    message["tts"] = json!(body["tts"] == true);
    if let Some(quoted) = &quoted {
        message["type"] = json!(19);
        message["message_reference"] =
            json!({"type": 0, "channel_id": channel.to_string(), "message_id": quoted["id"]});
    }
    let shown = Shown {
        at: inner.born.elapsed(),
        channel,
        id,
        content,
        nonce: nonce.clone(),
        components: message["components"].clone(),
        pings: pings(body),
        answers: quoted.is_some().then_some(answers).flatten(),
        ephemeral: false,
    };
    let room = world.rooms.get_mut(&channel).unwrap();
    // Writing in an archived thread takes it out of the archive.
    room.archived = false;
    room.messages.insert(id, message.clone());
    if let Some(nonce) = nonce.clone() {
        world.nonces.insert((channel, nonce), (id, Instant::now()));
    }
    let told = world.told_json(&message);
    drop(world);
    inner.journal().shown.push(shown);
    inner.hub().dispatch("MESSAGE_CREATE", &told);
    if let Some(nonce) = nonce {
        message["nonce"] = json!(nonce);
    }
    Reply::ok(message)
}

pub(crate) fn edit(inner: &Inner, channel: u64, id: u64, body: &Value) -> Reply {
    let mut world = inner.world();
    if let Some(reply) = body.get("content").and_then(|_| faulty(body)) {
        return reply;
    }
    let now = super::world::stamp(world.flake());
    let Some(message) = world.rooms.get_mut(&channel).unwrap().messages.get_mut(&id) else {
        return Reply::error(404, 10008, "Unknown Message");
    };
    if let Some(content) = body["content"].as_str() {
        message["content"] = json!(content);
    }
    if body.get("components").is_some() {
        message["components"] = numbered(&body["components"]);
    }
    message["edited_timestamp"] = json!(now);
    let message = message.clone();
    let told = world.told_json(&message);
    drop(world);
    inner.hub().dispatch("MESSAGE_UPDATE", &told);
    Reply::ok(message)
}

pub(crate) fn delete(inner: &Inner, channel: u64, id: u64) -> Reply {
    let gone = inner.world().rooms.get_mut(&channel).unwrap().messages.remove(&id);
    if gone.is_none() {
        return Reply::error(404, 10008, "Unknown Message");
    }
    inner.hub().dispatch("MESSAGE_DELETE", &json!({"id": id.to_string(), "channel_id": channel.to_string()}));
    Reply::nothing()
}

/// Messages after, before or around an id, the newest first.
pub(crate) fn history(world: &World, channel: u64, call: &Call) -> Reply {
    let limit: usize = call.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Reply::invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.");
    }
    let id = |name: &str| call.query(name).and_then(|id| id.parse::<u64>().ok());
    let all = &world.rooms[&channel].messages;
    let mut page: Vec<&Value> = match (id("after"), id("before")) {
        (Some(after), _) => {
            all.range(after.saturating_add(1)..).take(limit).map(|(_, message)| message).collect()
        }
        (None, before) => {
            let mut newest: Vec<_> =
                all.range(..before.unwrap_or(u64::MAX)).rev().take(limit).map(|(_, m)| m).collect();
            newest.reverse();
            newest
        }
    };
    page.reverse();
    Reply::ok(json!(page))
}
