//! What is said over a visitor's socket: one JSON object a frame.

use super::messages::Message;
use super::view::Shown;
use crate::http::problem::Document;
use serde::{Deserialize, Serialize};

/// What a frame says; an error that [is of its data](serde_json::Error::is_data) is answered, any other ends the talk.
///
/// # Errors
/// If it is no JSON, or not of the form of any frame.
pub fn read(frame: &str) -> Result<Incoming, serde_json::Error> {
    serde_json::from_str(frame)
}

/// From the widget.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Incoming {
    /// The first frame.
    Hello {
        /// The session's token.
        token: String,
    },
    /// The visitor wrote.
    Message(Message),
    /// The visitor is writing.
    Typing,
    /// Is anybody there?
    Ping,
    /// Something of a newer widget.
    #[serde(other)]
    Unknown,
}

/// To the widget.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Outgoing {
    /// The token is good; events follow from here.
    Ready {
        /// The conversation that is read.
        conversation: Option<String>,
        /// Everything after this place follows.
        next: i64,
    },
    /// A message is on disk.
    Ack {
        /// The client's id of it.
        id: String,
        /// Its place.
        seq: i64,
    },
    /// A message is not taken.
    Refused {
        /// The client's id of it, if it could be read.
        id: Option<String>,
        /// Why.
        problem: Document,
    },
    /// Yes.
    Pong,
    /// An event.
    #[serde(untagged)]
    Shown(Shown),
}
