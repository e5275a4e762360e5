//! What a platform adapter needs of the desk.

use crate::words::{Attachment, Channel, Inbound};
use async_trait::async_trait;

/// Where a platform adapter puts what came in. Returning `Ok` means that it is on disk: only then may the
/// platform be told so.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Records one message; the same one again changes nothing. The words `/start`, `/help` and `/human` are commands
    /// on every channel and are passed on as the text. A `link` code that is good joins the sender to its customer;
    /// one that is not is answered with a sentence. The message is recorded in either case.
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError>;

    /// Keeps a file, never opening it, before the message that it belongs to is accepted.
    async fn keep(&self, file: File) -> Result<Attachment, IntakeError>;

    /// Records what the platform says of an address.
    async fn learn(&self, channel: Channel, fact: Fact) -> Result<(), IntakeError>;

    /// A small value that outlives the process, such as the last message seen in a channel.
    async fn remember(&self, key: &str, value: &str) -> Result<(), IntakeError>;

    /// What was remembered under keys that begin so, in the order of the keys.
    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, IntakeError>;

    /// A sentence of the desk in that language, or in the desk's own where it has none in it.
    fn phrase(&self, phrase: Phrase, locale: Option<&str>) -> String;

    /// The languages that the desk speaks (ISO 639-1), its own first.
    fn languages(&self) -> Vec<String>;
}

/// Sentences that only a platform needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// What `/start` or `/support` does, in a menu: at most 100 characters.
    CommandStart,
    /// What `/help` does.
    CommandHelp,
    /// What `/human` does.
    CommandHuman,
    /// The conversation goes on in a thread of its own.
    ThreadOpened,
    /// A press of a button has arrived.
    Noted,
    /// A file was too large or could not be fetched.
    FileNotTaken,
    /// The name of a new thread.
    ThreadName,
    /// What to write after `/support`.
    SupportOption,
    /// A joining code did nothing.
    LinkExpired,
}

impl Phrase {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::CommandStart,
        Self::CommandHelp,
        Self::CommandHuman,
        Self::ThreadOpened,
        Self::Noted,
        Self::FileNotTaken,
        Self::ThreadName,
        Self::SupportOption,
        Self::LinkExpired,
    ];

    /// Its id among the desk's replies.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::CommandStart => "command-start",
            Self::CommandHelp => "command-help",
            Self::CommandHuman => "command-human",
            Self::ThreadOpened => "thread-opened",
            Self::Noted => "noted",
            Self::FileNotTaken => "file-not-taken",
            Self::ThreadName => "thread-name",
            Self::SupportOption => "support-option",
            Self::LinkExpired => "link-expired",
        }
    }
}

/// A file as it came from a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it came from.
    pub channel: Channel,
    /// The customer's id on the platform.
    pub sender: String,
    /// Its name there: hostile text.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// What a platform says of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Nothing can be sent there: blocked, left, deleted.
    Unreachable {
        /// Which.
        address: String,
        /// Why, for an agent.
        cause: String,
    },
    /// It can be reached again.
    Reachable {
        /// Which.
        address: String,
    },
    /// It has another name now.
    Moved {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
    },
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
