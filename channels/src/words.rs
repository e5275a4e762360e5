//! The edge vocabulary: what comes in.

use async_trait::async_trait;
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

/// Where a platform adapter puts what came in. Returning `Ok` means that it is on disk: only then may the
/// platform be told so.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Records one message; the same one again changes nothing.
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError>;
}

/// Why a message was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// Not stored; the platform must offer it again.
    #[error("the message could not be stored now")]
    TryAgain,
    /// It will never be accepted.
    #[error("{0}")]
    Refused(String),
}
