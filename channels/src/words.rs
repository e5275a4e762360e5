//! The edge vocabulary: what comes in.

use serde::{Deserialize, Serialize};

/// Where a customer writes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The chat widget on a web page.
    Web,
    /// A Telegram chat.
    Telegram,
    /// A Discord direct message, channel or thread.
    Discord,
}

impl Channel {
    /// The name used in policies, the API and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Telegram => "telegram",
            Self::Discord => "discord",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Web, Self::Telegram, Self::Discord].into_iter().find(|channel| channel.name() == name)
    }

    /// Whether messages must be carried to the platform; the web channel's visitors read the log themselves.
    #[must_use]
    pub fn pushes(self) -> bool {
        !matches!(self, Self::Web)
    }
}

/// One customer message as a platform gave it to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// Where it came from.
    pub channel: Channel,
    /// The platform's own id of the message: the same message twice is recorded once.
    pub external_id: String,
    /// The customer's id on the platform.
    pub sender: String,
    /// Where an answer goes: a chat, a thread, a visitor.
    pub address: String,
    /// What was written; already accepted by [`crate::accept_text`]. May be empty where something is attached.
    pub text: String,
    /// The id of the choice that was picked, if a button was pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What the platform tells of the sender beside the message.
    #[serde(default)]
    pub profile: Profile,
    /// The message it replies to, cut at 300 characters: hostile text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    /// The platform's id of the earlier message that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<String>,
    /// A code that joins this sender to a customer known elsewhere (see [`Intake::accept`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Inbound {
    /// A message with nothing but words; the rest is set by `..`.
    #[must_use]
    pub fn new(channel: Channel, external_id: String, sender: String, address: String, text: String) -> Self {
        Self {
            channel,
            external_id,
            sender,
            address,
            text,
            choice: None,
            attachments: Vec::new(),
            profile: Profile::default(),
            quoted: None,
            edits: None,
            link: None,
        }
    }
}

/// What a platform tells of a sender: shown to agents, proof of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// The name shown there: hostile text, cut at 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language of their app (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// A file that came with a message. Its content is never opened, only stored and handed to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Our id of the stored file.
    pub id: String,
    /// The file's name, as the customer gave it: hostile text.
    pub name: String,
    /// The type found in the content, not the one claimed.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// A button the customer may press instead of writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Stable id that comes back when it is pressed.
    pub id: String,
    /// What the button says.
    pub label: String,
}

/// Where an answer's words come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The article's slug.
    pub article: String,
    /// The article's title.
    pub title: String,
    /// A public address, if the article has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
