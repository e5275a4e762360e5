//! What each route does.

use super::world::{DM, PRIVATE_THREAD, PUBLIC_THREAD, Room, TEXT, World};
use super::{Inner, interactions, messages};
use axum::http::Method;
use serde_json::{Value, json};

pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Call {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn body(&self) -> &Value {
        self.body.as_ref().unwrap_or(&Value::Null)
    }
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    pub(crate) fn nothing() -> Self {
        Self { status: 204, body: None }
    }

    pub(crate) fn error(status: u16, code: u64, message: &str) -> Self {
        Self { status, body: Some(json!({"message": message, "code": code})) }
    }

    /// 50035 at a field.
    pub(crate) fn invalid(field: &str, code: &str, message: &str) -> Self {
        let errors = json!({field: {"_errors": [{"code": code, "message": message}]}});
        Self {
            status: 400,
            body: Some(json!({"message": "Invalid Form Body", "code": 50035, "errors": errors})),
        }
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

pub(crate) fn answer(inner: &Inner, call: &Call) -> Reply {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["gateway"]) => Reply::ok(json!({"url": inner.gateway_url()})),
        ("GET", ["gateway", "bot"]) => {
            let left = inner.hub().starts_left;
            let reset = inner.options.starts_reset.as_millis() as u64;
            Reply::ok(json!({"url": inner.gateway_url(), "shards": 1, "session_start_limit":
                {"total": 1_000, "remaining": left, "reset_after": reset, "max_concurrency": 1}}))
        }
        ("GET", ["users", "@me"]) => Reply::ok(inner.world().me_json()),
        ("GET", ["oauth2", "applications", "@me"] | ["applications", "@me"]) => {
            Reply::ok(inner.world().application_json())
        }
        ("POST", ["users", "@me", "channels"]) => {
            let mut world = inner.world();
            let user = number(call.body()["recipient_id"].as_str().unwrap_or_default());
            if !world.users.contains_key(&user) {
                return Reply::error(400, 50033, "Invalid Recipient(s)");
            }
            let room = world.direct(user);
            Reply::ok(world.room_json(room))
        }
        ("PUT", ["applications", id, "commands"]) => {
            put_commands(&mut inner.world(), number(id), call.body())
        }
        ("GET", ["applications", _, "commands"]) => Reply::ok(json!(inner.world().commands)),
        ("POST", ["interactions", id, token, "callback"]) => {
            interactions::callback(inner, number(id), token, call)
        }
        ("PATCH", ["webhooks", app, token, "messages", "@original"]) => {
            interactions::edit(inner, number(app), token, call.body())
        }
        ("GET", ["webhooks", app, token, "messages", "@original"]) => {
            interactions::original(inner, number(app), token)
        }
        ("POST", ["webhooks", app, token]) => interactions::follow_up(inner, number(app), token, call.body()),
        (method, ["channels", channel, rest @ ..]) => in_channel(inner, method, number(channel), rest, call),
        ("GET", ["guilds", _, "threads", "active"]) => Reply::ok(json!({"threads": [], "members": []})),
        _ => Reply::error(404, 0, "404: Not Found"),
    }
}

fn in_channel(inner: &Inner, method: &str, channel: u64, rest: &[&str], call: &Call) -> Reply {
    {
        let world = inner.world();
        match world.rooms.get(&channel) {
            None => return Reply::error(404, 10003, "Unknown Channel"),
            Some(room) if room.closed => return Reply::error(403, 50001, "Missing Access"),
            Some(_) => {}
        }
    }
    match (method, rest) {
        ("GET", []) => Reply::ok(inner.world().room_json(channel)),
        ("GET", ["messages"]) => messages::history(&inner.world(), channel, call),
        ("POST", ["messages"]) => messages::create(inner, channel, call.body()),
        ("GET", ["messages", id]) => {
            let world = inner.world();
            let found = world.rooms[&channel].messages.get(&number(id)).cloned();
            found.map_or_else(|| Reply::error(404, 10008, "Unknown Message"), Reply::ok)
        }
        ("PATCH", ["messages", id]) => messages::edit(inner, channel, number(id), call.body()),
        ("DELETE", ["messages", id]) => messages::delete(inner, channel, number(id)),
        ("POST", ["typing"]) => {
            if let Some(room) = inner.world().rooms.get_mut(&channel) {
                room.typed += 1;
            }
            Reply::nothing()
        }
        ("POST", ["messages", id, "threads"]) => thread(inner, channel, Some(number(id)), call.body()),
        ("POST", ["threads"]) => thread(inner, channel, None, call.body()),
        ("PUT", ["thread-members", user]) => {
            let mut world = inner.world();
            let user = if *user == "@me" { world.bot } else { number(user) };
            if !world.users.contains_key(&user) {
                return Reply::error(404, 10013, "Unknown User");
            }
            let room = world.rooms.get_mut(&channel).unwrap();
            if !room.members.contains(&user) {
                room.members.push(user);
            }
            Reply::nothing()
        }
        _ => Reply::error(405, 0, "405: Method Not Allowed"),
    }
}

fn thread(inner: &Inner, channel: u64, message: Option<u64>, body: &Value) -> Reply {
    let mut world = inner.world();
    let parent = &world.rooms[&channel];
    let kind =
        body["type"].as_u64().unwrap_or(if message.is_some() { PUBLIC_THREAD } else { PRIVATE_THREAD });
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if !(1..=100).contains(&name.chars().count()) {
        return Reply::invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
    }
    if parent.kind != TEXT {
        return Reply::error(400, 50024, "Cannot execute action on this channel type");
    }
    if parent.no_threads || (kind == PRIVATE_THREAD && parent.no_private_threads) {
        return Reply::error(403, 50013, "Missing Permissions");
    }
    let id = match message {
        Some(id) if world.rooms.contains_key(&id) => {
            return Reply::error(400, 160_004, "A thread has already been created for this message");
        }
        Some(id) if parent.messages.contains_key(&id) => id,
        Some(_) => return Reply::error(404, 10008, "Unknown Message"),
        None => world.flake(),
    };
    let bot = world.bot;
    let (guild, members) = (Some(world.guild), vec![bot]);
    let room = Room { id, kind, name, guild, parent: Some(channel), owner: bot, members, ..Room::default() };
    world.rooms.insert(id, room);
    let told = world.room_json(id);
    if let Some(started) = message.and_then(|id| world.rooms.get_mut(&channel).unwrap().messages.get_mut(&id))
    {
        started["flags"] = json!(started["flags"].as_u64().unwrap_or(0) | 32);
        started["thread"] = told.clone();
    }
    drop(world);
    let mut event = told.clone();
    event["newly_created"] = json!(true);
    inner.hub().dispatch("THREAD_CREATE", &event);
    Reply { status: 201, body: Some(told) }
}

fn put_commands(world: &mut World, application: u64, body: &Value) -> Reply {
    if application != world.application {
        return Reply::error(403, 20012, "You are not authorized to perform this action on this application");
    }
    let mut made = Vec::new();
    for given in body.as_array().into_iter().flatten() {
        let (id, version) = (world.flake(), world.flake());
        let mut command = json!({
            "id": id.to_string(), "application_id": application.to_string(), "version": version.to_string(),
            "default_member_permissions": null, "type": given.get("type").cloned().unwrap_or(json!(1)),
            "name": given["name"], "description": given.get("description").cloned().unwrap_or(json!("")),
            "nsfw": false, "dm_permission": true,
        });
        for kept in ["options", "description_localizations", "name_localizations"] {
            if let Some(value) = given.get(kept).filter(|value| !value.is_null()) {
                command[kept] = value.clone();
            }
        }
        // What was not given is not told.
        for option in command["options"].as_array_mut().into_iter().flatten() {
            let bare = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            option.as_object_mut().unwrap().retain(|_, value| !bare(value));
        }
        if command["options"].is_null() {
            command.as_object_mut().unwrap().remove("options");
        }
        made.push(command);
    }
    world.commands = made;
    Reply::ok(json!(world.commands))
}

impl World {
    /// Why the bot cannot write in a channel.
    pub(crate) fn silent(&self, channel: u64) -> Option<Reply> {
        let room = &self.rooms[&channel];
        if room.locked {
            return Some(Reply::error(400, 160_005, "Thread is locked"));
        }
        let blocked = room.recipient.is_some_and(|user| self.users[&user].blocks);
        (room.kind == DM && blocked).then(|| Reply::error(403, 50007, "Cannot send messages to this user"))
    }
}
