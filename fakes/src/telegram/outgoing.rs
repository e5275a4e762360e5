//! What the bot sends.

use super::{
    answer::{Answer, Refusal},
    body::Params,
    entities,
    journal::Sent,
    world::{State, Stored, World, unix},
};
use serde_json::{Value, json};

/// The chat that is meant, if the bot may write there.
pub(super) fn chat(state: &mut State, params: &Params) -> Result<i64, Refusal> {
    let id = params.int("chat_id").ok_or_else(|| Refusal::bad("chat_id is empty"))?;
    let chat = state.chats.get(&id).ok_or_else(|| Refusal::bad("chat not found"))?;
    if let Some(to) = chat.moved_to {
        return Err(Refusal::moved(to));
    }
    if state.people.get(&id).is_some_and(|person| person.blocked) {
        return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
    }
    if !chat.bot_inside {
        return Err(Refusal::new(403, "Forbidden: bot was kicked from the group chat"));
    }
    Ok(id)
}

pub(super) fn send_message(world: &World, params: &Params, told: bool) -> Answer {
    let (text, entities) = entities::formatted(params, "text", "entities")?;
    if text.trim().is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if text.encode_utf16().count() > 4096 {
        return Err(Refusal::bad("message is too long"));
    }
    let mut message = json!({"text": text});
    if !entities.is_empty() {
        message["entities"] = entities.into();
    }
    if let Some(options) = params.fields.get("link_preview_options") {
        message["link_preview_options"] = options.clone();
    }
    put(world, params, message, told)
}

pub(super) fn send_file(world: &World, params: &Params, kind: &str, told: bool) -> Answer {
    let (caption, entities) = entities::formatted(params, "caption", "caption_entities")?;
    if caption.encode_utf16().count() > 1024 {
        return Err(Refusal::bad("message caption is too long"));
    }
    let given = params.str(kind).unwrap_or_default();
    let upload = given.strip_prefix("attach://").and_then(|field| params.files.get(field));
    let file = {
        let mut state = world.state();
        match upload {
            Some((name, content)) => describe(&mut state, kind, name, content.clone()),
            None if state.files.contains_key(given) => {
                let (name, content) = (state.files[given].path.clone(), state.files[given].content.clone());
                describe(&mut state, kind, &name, content)
            }
            None => return Err(Refusal::bad("wrong remote file identifier specified")),
        }
    };
    let mut message = json!({ kind: file });
    if !caption.is_empty() {
        message["caption"] = caption.into();
    }
    if !entities.is_empty() {
        message["caption_entities"] = entities.into();
    }
    put(world, params, message, told)
}

/// Stores a file and tells of it as a message would.
pub(super) fn describe(state: &mut State, kind: &str, name: &str, content: Vec<u8>) -> Value {
    let number = state.files.len() + 1;
    let (id, unique) = (format!("file-{number}"), format!("unique-{number}"));
    let size = content.len();
    state.files.insert(
        id.clone(),
        Stored {
            unique: unique.clone(),
            size_hidden: state.sizes_hidden,
            path: format!("{kind}s/file_{number}"),
            content,
        },
    );
    let mut file = json!({"file_id": id, "file_unique_id": unique});
    if !state.sizes_hidden {
        file["file_size"] = size.into();
    }
    let with = |more: Value| {
        let mut file = file.clone();
        if let (Some(file), Value::Object(more)) = (file.as_object_mut(), more) {
            file.extend(more);
        }
        file
    };
    match kind {
        "photo" => json!([with(json!({"width": 800, "height": 600}))]),
        "voice" => with(json!({"duration": 3})),
        "sticker" => with(json!({
            "type": "regular", "width": 512, "height": 512, "is_animated": false, "is_video": false, "emoji": "👍"
        })),
        "video" | "animation" => with(json!({"width": 800, "height": 600, "duration": 3})),
        "audio" => with(json!({"duration": 3, "file_name": name})),
        _ => with(json!({"file_name": name})),
    }
}

/// Puts a message of the bot into its chat.
fn put(world: &World, params: &Params, mut message: Value, told: bool) -> Answer {
    let mut state = world.state();
    let id = chat(&mut state, params)?;
    if let Some(reply) = params.fields.get("reply_parameters") {
        let replied =
            reply["message_id"].as_i64().and_then(|id_there| state.chats[&id].messages.get(&id_there));
        match replied {
            Some(replied) => message["reply_to_message"] = without_reply(replied),
            None if reply["allow_sending_without_reply"] == true => {}
            None => return Err(Refusal::bad("message to be replied not found")),
        }
    }
    if let Some(markup) =
        params.fields.get("reply_markup").filter(|markup| markup["inline_keyboard"].is_array())
    {
        check_keyboard(markup)?;
        message["reply_markup"] = markup.clone();
    }
    if let Some(thread) = params.int("message_thread_id") {
        if state.chats[&id].about["is_forum"] != true {
            return Err(Refusal::bad("message thread not found"));
        }
        message["message_thread_id"] = thread.into();
        message["is_topic_message"] = true.into();
    }
    message["from"] = state.bot.clone();
    let message = state.place(id, message);
    let text =
        message["text"].as_str().or_else(|| message["caption"].as_str()).unwrap_or_default().to_owned();
    let message_id = message["message_id"].as_i64().unwrap_or_default();
    let sent = Sent { at: world.now(), chat: id, message_id, text, message: message.clone(), told };
    state.journal.sent.push(sent);
    drop(state);
    world.touch();
    Ok(message)
}

pub(super) fn check_keyboard(markup: &Value) -> Result<(), Refusal> {
    for button in
        markup["inline_keyboard"].as_array().into_iter().flatten().filter_map(Value::as_array).flatten()
    {
        if button["text"].as_str().unwrap_or_default().trim().is_empty() {
            return Err(Refusal::bad("text buttons are unallowed in the inline keyboard"));
        }
        if button["callback_data"].as_str().is_some_and(|data| data.is_empty() || data.len() > 64) {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
    }
    Ok(())
}

/// A message as it is shown within a reply.
pub(super) fn without_reply(message: &Value) -> Value {
    let mut message = message.clone();
    if let Some(message) = message.as_object_mut() {
        message.remove("reply_to_message");
    }
    message
}

impl State {
    /// Gives a message its id, date and chat, and keeps it.
    pub(super) fn place(&mut self, chat: i64, mut message: Value) -> Value {
        if let Some(chat) = self.chats.get_mut(&chat) {
            let id = chat.next_message;
            chat.next_message += 1;
            message["message_id"] = id.into();
            message["date"] = unix().into();
            message["chat"] = chat.about.clone();
            chat.messages.insert(id, message.clone());
        }
        message
    }
}
