//! Updates as Telegram sends them, read forgivingly: teloxide's `Message` turns into an empty one, words and all, when
//! a single field is not as it expects, and a customer's words must not be lost to a new version of the Bot API.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub(super) struct Update {
    pub(super) update_id: i64,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) message: Option<Message>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) edited_message: Option<Message>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) callback_query: Option<CallbackQuery>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) my_chat_member: Option<Membership>,
}

impl Update {
    /// The chat whose order it belongs to; 0 where there is none.
    pub(super) fn chat(&self) -> i64 {
        let message = self.message.as_ref().or(self.edited_message.as_ref());
        let pressed = || self.callback_query.as_ref().and_then(|query| query.message.as_ref());
        message
            .or_else(pressed)
            .map(|message| message.chat.id)
            .or_else(|| self.my_chat_member.as_ref().map(|membership| membership.chat.id))
            .unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) message_id: i64,
    pub(super) chat: Chat,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) from: Option<User>,
    #[serde(default)]
    pub(super) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(super) is_topic_message: bool,
    #[serde(default)]
    pub(super) is_automatic_forward: bool,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) reply_to_message: Option<Box<Message>>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) quote: Option<Quote>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) caption: Option<String>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) entities: Option<Vec<Entity>>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) caption_entities: Option<Vec<Entity>>,
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) reply_markup: Option<Markup>,
    #[serde(default)]
    pub(super) migrate_to_chat_id: Option<i64>,
    #[serde(default)]
    pub(super) migrate_from_chat_id: Option<i64>,
    /// What kind of message it is stands in the names of the rest.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

impl Chat {
    pub(super) fn is_private(&self) -> bool {
        self.kind == "private"
    }

    pub(super) fn is_group(&self) -> bool {
        self.kind == "group" || self.kind == "supergroup"
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) is_bot: bool,
    #[serde(default)]
    pub(super) first_name: String,
    #[serde(default)]
    pub(super) last_name: Option<String>,
    #[serde(default)]
    pub(super) username: Option<String>,
    #[serde(default)]
    pub(super) language_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Quote {
    pub(super) text: String,
}

/// A part of a text, in UTF-16 units.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) offset: usize,
    pub(super) length: usize,
    #[serde(default)]
    pub(super) user: Option<User>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Markup {
    #[serde(default)]
    pub(super) inline_keyboard: Vec<Vec<Button>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Button {
    pub(super) text: String,
    #[serde(default)]
    pub(super) callback_data: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CallbackQuery {
    pub(super) id: String,
    pub(super) from: User,
    /// One that is too old to be shown holds no more than its id and chat.
    #[serde(default, deserialize_with = "forgiving")]
    pub(super) message: Option<Message>,
    #[serde(default)]
    pub(super) data: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Membership {
    pub(super) chat: Chat,
    pub(super) new_chat_member: Member,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) status: String,
    #[serde(default)]
    pub(super) is_member: Option<bool>,
}

/// What of a sent message is of use.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    pub(super) message_id: i64,
}

/// A value that is not as expected counts as absent.
fn forgiving<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_survive_what_is_not_understood() {
        let update: Update = serde_json::from_value(json!({
            "update_id": 7,
            "message": {
                "message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "caption": "look",
                "from": {"id": 5, "is_bot": false, "first_name": "Ada"},
                "entities": {"not": "a list"}, "hologram": {"file_id": "x"}
            }
        }))
        .unwrap();
        let message = update.message.unwrap();
        assert_eq!(message.caption.as_deref(), Some("look"));
        assert!(message.entities.is_none());
        assert!(message.rest.contains_key("hologram"));
    }

    #[test]
    fn an_update_of_an_unknown_kind_still_has_its_id() {
        let update: Update = serde_json::from_value(json!({"update_id": 8, "telepathy": {}})).unwrap();
        assert_eq!((update.update_id, update.chat()), (8, 0));
    }
}
