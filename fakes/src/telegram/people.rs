//! Customers and groups: what people do.

use super::{
    outgoing,
    world::{Chat, Person, Press, State, World, unix},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// A person in a place: their private chat with the bot, a group, or a topic of one.
#[derive(Clone)]
pub struct Customer {
    world: Arc<World>,
    /// Their Telegram id.
    pub id: i64,
    /// The chat they act in.
    pub chat: i64,
    thread: Option<i64>,
}

/// A group.
#[derive(Clone)]
pub struct Group {
    world: Arc<World>,
    /// Its id.
    pub id: i64,
}

fn chat(about: Value) -> Chat {
    Chat { about, messages: BTreeMap::new(), next_message: 1, moved_to: None, bot_inside: true }
}

impl Customer {
    pub(super) fn new(world: Arc<World>, name: &str) -> Self {
        let mut state = world.state();
        let known = state.people.iter().find(|(_, person)| person.name == name).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| {
            let id = 700_000_001 + i64::try_from(state.people.len()).unwrap_or_default();
            let person = Person { name: name.to_owned(), language: "en".to_owned(), blocked: false };
            state.people.insert(id, person);
            state.chats.insert(id, chat(json!({"id": id, "type": "private", "first_name": name})));
            id
        });
        drop(state);
        Self { world, id, chat: id, thread: None }
    }

    /// The language of their app.
    #[must_use]
    pub fn speaking(self, language: &str) -> Self {
        if let Some(person) = self.world.state().people.get_mut(&self.id) {
            person.language = language.to_owned();
        }
        self
    }

    /// The same person in a group.
    #[must_use]
    pub fn in_group(&self, group: &Group) -> Self {
        Self { chat: group.id, thread: None, ..self.clone() }
    }

    /// The same person in a topic of the forum they are in.
    #[must_use]
    pub fn in_topic(&self, thread: i64) -> Self {
        Self { thread: Some(thread), ..self.clone() }
    }

    /// Writes; returns the message's id.
    pub fn says(&self, text: &str) -> i64 {
        self.sends(with_entities(text))
    }

    /// Replies to a message in the same chat.
    pub fn replies(&self, to: i64, text: &str) -> i64 {
        let replied = self.world.state().chats[&self.chat].messages.get(&to).map(outgoing::without_reply);
        let mut message = with_entities(text);
        if let Some(replied) = replied {
            message["reply_to_message"] = replied;
        }
        self.sends(message)
    }

    /// Sends a file of a kind (`photo`, `document`, `voice`, `video`, `audio`, `animation`, `sticker`).
    pub fn sends_file(&self, kind: &str, name: &str, content: &[u8], caption: &str) -> i64 {
        let file = outgoing::describe(&mut self.world.state(), kind, name, content.to_vec());
        let mut message = json!({ kind: file });
        if !caption.is_empty() {
            let mut caption = with_entities(caption);
            message["caption"] = caption["text"].take();
            if caption["entities"].is_array() {
                message["caption_entities"] = caption["entities"].take();
            }
        }
        self.sends(message)
    }

    /// Sends a message with these fields of its own.
    pub fn sends(&self, mut message: Value) -> i64 {
        let mut state = self.world.state();
        message["from"] = person(&state, self.id);
        if let Some(thread) = self.thread {
            message["message_thread_id"] = thread.into();
            message["is_topic_message"] = true.into();
        }
        let message = state.place(self.chat, message);
        let id = message["message_id"].as_i64().unwrap_or_default();
        state.push(json!({"message": message}));
        drop(state);
        self.world.touch();
        id
    }

    /// Corrects an earlier message.
    pub fn edits(&self, message: i64, text: &str) {
        let mut state = self.world.state();
        let Some(kept) = state.chats.get_mut(&self.chat).and_then(|chat| chat.messages.get_mut(&message))
        else {
            return;
        };
        let key = if kept["caption"].is_string() { "caption" } else { "text" };
        kept[key] = text.into();
        kept["edit_date"] = unix().into();
        let edited = kept.clone();
        state.push(json!({"edited_message": edited}));
        drop(state);
        self.world.touch();
    }

    /// Presses the newest button that says so; returns the press's id, or `None` where there is no such button.
    pub fn presses(&self, label: &str) -> Option<String> {
        self.press(label, false)
    }

    /// The same, so late that Telegram takes no answer to it any more.
    pub fn presses_late(&self, label: &str) -> Option<String> {
        self.press(label, true)
    }

    fn press(&self, label: &str, old: bool) -> Option<String> {
        let mut state = self.world.state();
        let (message, data) = state.chats.get(&self.chat)?.messages.values().rev().find_map(|message| {
            let rows = message["reply_markup"]["inline_keyboard"].as_array()?;
            let mut buttons = rows.iter().filter_map(Value::as_array).flatten();
            let button = buttons.find(|button| button["text"] == label)?;
            Some((message.clone(), button["callback_data"].clone()))
        })?;
        let id = format!("press-{}", state.presses.len() + 1);
        state.presses.insert(id.clone(), Press { old });
        let from = person(&state, self.id);
        let query = json!({"id": id, "from": from, "message": message, "chat_instance": "1", "data": data});
        state.push(json!({"callback_query": query}));
        drop(state);
        self.world.touch();
        Some(id)
    }

    /// Blocks the bot.
    pub fn blocks(&self) {
        self.set_blocked(true);
    }

    /// Lets the bot write again.
    pub fn unblocks(&self) {
        self.set_blocked(false);
    }

    fn set_blocked(&self, blocked: bool) {
        let mut state = self.world.state();
        if let Some(person) = state.people.get_mut(&self.id) {
            person.blocked = blocked;
        }
        let from = person(&state, self.id);
        membership(&mut state, self.id, from, !blocked);
        drop(state);
        self.world.touch();
    }

    /// Deletes the account: nobody can write to it, and no update tells of it.
    pub fn vanishes(&self) {
        self.world.state().chats.remove(&self.id);
    }

    /// What the bot's messages in this chat say now, oldest first.
    #[must_use]
    pub fn hears(&self) -> Vec<String> {
        let state = self.world.state();
        let messages = state.chats.get(&self.chat).into_iter().flat_map(|chat| chat.messages.values());
        messages
            .filter(|message| message["from"]["is_bot"] == true)
            .map(|message| {
                message["text"].as_str().or(message["caption"].as_str()).unwrap_or_default().to_owned()
            })
            .collect()
    }

    /// The labels below the bot's last message, row by row.
    #[must_use]
    pub fn buttons(&self) -> Vec<Vec<String>> {
        let state = self.world.state();
        let last = state.chats.get(&self.chat).and_then(|chat| {
            chat.messages.values().rev().find(|message| message["from"]["is_bot"] == true).cloned()
        });
        let rows = last.and_then(|message| message["reply_markup"]["inline_keyboard"].as_array().cloned());
        let label = |button: &Value| button["text"].as_str().unwrap_or_default().to_owned();
        rows.into_iter()
            .flatten()
            .map(|row| row.as_array().into_iter().flatten().map(label).collect())
            .collect()
    }
}

impl Group {
    pub(super) fn new(world: Arc<World>, title: &str, forum: bool) -> Self {
        let mut state = world.state();
        let known = state
            .chats
            .iter()
            .find(|(_, chat)| chat.about["title"] == title && chat.moved_to.is_none())
            .map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| {
            let number = i64::try_from(state.chats.len()).unwrap_or_default();
            let (id, about) = match forum {
                true => (
                    -1_000_000_000_001 - number,
                    json!({"type": "supergroup", "title": title, "is_forum": true}),
                ),
                false => (-500_000_001 - number, json!({"type": "group", "title": title})),
            };
            let mut about = about;
            about["id"] = id.into();
            state.chats.insert(id, chat(about));
            id
        });
        drop(state);
        Self { world, id }
    }

    /// Becomes a supergroup of another id, which is told by service messages in both.
    #[must_use]
    pub fn migrates(&self) -> Self {
        let mut state = self.world.state();
        let new = self.id - 1_000_000_000_000;
        let title = state.chats[&self.id].about["title"].clone();
        state.chats.insert(new, chat(json!({"id": new, "type": "supergroup", "title": title})));
        let from = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
        let told = state.place(self.id, json!({"from": from, "migrate_to_chat_id": new}));
        state.push(json!({"message": told}));
        let told = state.place(new, json!({"from": from, "migrate_from_chat_id": self.id}));
        state.push(json!({"message": told}));
        if let Some(chat) = state.chats.get_mut(&self.id) {
            chat.moved_to = Some(new);
        }
        drop(state);
        self.world.touch();
        Self { id: new, ..self.clone() }
    }

    /// Throws the bot out.
    pub fn removes_bot(&self) {
        let mut state = self.world.state();
        if let Some(chat) = state.chats.get_mut(&self.id) {
            chat.bot_inside = false;
        }
        let from = json!({"id": 1, "is_bot": false, "first_name": "Admin"});
        membership(&mut state, self.id, from, false);
        drop(state);
        self.world.touch();
    }
}

/// Tells that the bot is in a chat now, or no longer.
fn membership(state: &mut State, chat: i64, from: Value, inside: bool) {
    let user = state.bot.clone();
    let member = json!({"status": "member", "user": user});
    let kicked = json!({"status": "kicked", "user": user, "until_date": 0});
    let (old, new) = if inside { (kicked, member) } else { (member, kicked) };
    let about = state.chats.get(&chat).map(|chat| chat.about.clone()).unwrap_or_default();
    state.push(json!({"my_chat_member": {
        "chat": about, "from": from, "date": unix(), "old_chat_member": old, "new_chat_member": new
    }}));
}

fn person(state: &State, id: i64) -> Value {
    let person = state.people.get(&id);
    let name = person.map_or("Somebody", |person| &person.name);
    let language = person.map_or("en", |person| &person.language);
    json!({"id": id, "is_bot": false, "first_name": name, "language_code": language})
}

/// A text with the entities that Telegram finds in it: commands and mentions.
fn with_entities(text: &str) -> Value {
    let mut entities = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        let length = bare.encode_utf16().count();
        if bare.starts_with('@') && length > 4 {
            entities.push(json!({"type": "mention", "offset": offset, "length": length}));
        } else if bare.starts_with('/') && length > 1 {
            entities.push(json!({"type": "bot_command", "offset": offset, "length": length}));
        }
        offset += word.encode_utf16().count();
    }
    let mut message = json!({"text": text});
    if !entities.is_empty() {
        message["entities"] = entities.into();
    }
    message
}
