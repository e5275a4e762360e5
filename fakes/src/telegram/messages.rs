//! What the bot changes afterwards.

use super::{
    answer::{Answer, Refusal},
    body::Params,
    entities, outgoing,
    world::{World, unix},
};
use serde_json::Value;

pub(super) fn edit_text(world: &World, params: &Params) -> Answer {
    let (text, entities) = entities::formatted(params, "text", "entities")?;
    if text.trim().is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if text.encode_utf16().count() > 4096 {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    edit(world, params, |message| {
        message["text"] = text.clone().into();
        set(message, "entities", (!entities.is_empty()).then(|| entities.clone().into()));
        set(message, "reply_markup", params.fields.get("reply_markup").cloned());
    })
}

pub(super) fn edit_markup(world: &World, params: &Params) -> Answer {
    let markup =
        params.fields.get("reply_markup").filter(|markup| markup["inline_keyboard"] != Value::Array(vec![]));
    edit(world, params, |message| set(message, "reply_markup", markup.cloned()))
}

fn set(message: &mut Value, name: &str, value: Option<Value>) {
    let Some(message) = message.as_object_mut() else { return };
    match value {
        Some(value) => drop(message.insert(name.to_owned(), value)),
        None => drop(message.remove(name)),
    }
}

fn edit(world: &World, params: &Params, change: impl FnOnce(&mut Value)) -> Answer {
    let mut state = world.state();
    let chat = outgoing::chat(&mut state, params)?;
    if let Some(markup) = params.fields.get("reply_markup") {
        outgoing::check_keyboard(markup)?;
    }
    let bot = state.bot["id"].clone();
    let id = params.int("message_id").unwrap_or_default();
    let message = state.chats.get_mut(&chat).and_then(|chat| chat.messages.get_mut(&id));
    let message = message.ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if message["from"]["id"] != bot {
        return Err(Refusal::bad("message can't be edited"));
    }
    let mut changed = message.clone();
    change(&mut changed);
    if changed == *message {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
        ));
    }
    changed["edit_date"] = unix().into();
    *message = changed.clone();
    drop(state);
    world.touch();
    Ok(changed)
}

pub(super) fn answer_press(world: &World, params: &Params) -> Answer {
    let id = params.str("callback_query_id").unwrap_or_default().to_owned();
    let text = params.str("text").unwrap_or_default().to_owned();
    if text.chars().count() > 200 {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let mut state = world.state();
    match state.presses.get(&id) {
        Some(press) if !press.old => {
            state.journal.presses_answered.push((id, text));
            drop(state);
            world.touch();
            Ok(true.into())
        }
        _ => Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid")),
    }
}
