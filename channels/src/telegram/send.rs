//! Sends one part, and says what came of it.

use super::{Telegram, api::CallError, compose, place::Place, wire};
use crate::{DeliveryError, Outbound, Receipt};
use metrics::counter;
use serde::Deserialize as _;
use std::time::Duration;
use teloxide::{
    payloads::SendMessage,
    types::{ChatId, LinkPreviewOptions, MessageId, ReplyMarkup, ReplyParameters, ThreadId},
};

impl Telegram {
    pub(super) async fn send(&self, message: &Outbound, number: usize) -> Result<Receipt, DeliveryError> {
        let give_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let place = Place::parse(&message.address)
            .ok_or_else(|| give_up("the address is none of Telegram's: it must be a chat's number"))?;
        let part = compose::part(message, number).ok_or_else(|| give_up("the message has no such part"))?;
        let unstored = |_| DeliveryError::Retry { cause: "the database can't be used for now".to_owned() };
        self.pauses.load().await.map_err(unstored)?;
        let mut call = SendMessage::new(ChatId(place.chat), part.text);
        call.entities = Some(part.entities).filter(|entities| !entities.is_empty());
        call.link_preview_options = Some(LinkPreviewOptions {
            is_disabled: true,
            url: None,
            prefer_small_media: false,
            prefer_large_media: false,
            show_above_text: false,
        });
        call.message_thread_id = place.thread.and_then(message_id).map(ThreadId);
        if place.is_group() && number == 0 {
            let answered = message.answers.as_deref().and_then(answered);
            call.reply_parameters = answered.map(|id| ReplyParameters::new(id).allow_sending_without_reply());
        }
        if part.last && !message.choices.is_empty() {
            let keyboard = self.keyboard(&message.choices, place).await.map_err(unstored)?;
            call.reply_markup = Some(ReplyMarkup::InlineKeyboard(keyboard));
        }
        self.turn(place).await?;
        let mut sent = self.api.raw(&call).await;
        if unformatted(&sent) && call.entities.take().is_some() {
            // Better plain than not at all.
            sent = self.api.raw(&call).await;
        }
        self.judge(sent, place).await.map(|external_id| Receipt { external_id, more: !part.last })
    }

    /// Waits for this chat's turn, if it comes within a second.
    async fn turn(&self, place: Place) -> Result<(), DeliveryError> {
        let ordered = || {
            self.pauses.left(place.chat).map_or(Ok(()), |after| Err(later(after, "Telegram asked to wait")))
        };
        ordered()?;
        self.pace.turn(place).await.map_err(|after| later(after, "Telegram's limits"))?;
        // Another message may have been told to wait meanwhile.
        ordered()
    }

    /// What the outbox must do.
    async fn judge(
        &self,
        sent: Result<serde_json::Value, CallError>,
        place: Place,
    ) -> Result<String, DeliveryError> {
        let error = match sent.map(wire::Sent::deserialize) {
            Ok(Ok(sent)) => {
                self.pauses.accepted();
                return Ok(sent.message_id.to_string());
            }
            Ok(Err(error)) => CallError::Garbled(error.to_string()),
            Err(error) => error,
        };
        counter!("deskhand_telegram_sends_failed_total", "code" => error.code().unwrap_or_default().to_string())
            .increment(1);
        let cause = error.to_string();
        Err(match error {
            CallError::Refused { code: 429, retry_after, .. } => {
                let after = self.pauses.refused(place.chat, retry_after.unwrap_or(1)).await;
                later(after, "Telegram asked to wait")
            }
            CallError::Refused { moved_to: Some(chat), .. } => {
                DeliveryError::Moved { to: Place { chat, ..place }.to_string() }
            }
            CallError::Refused { code, description, .. } => refused(code, &description, cause),
            CallError::Unsent(_) => DeliveryError::Retry { cause },
            CallError::Lost(_) | CallError::Garbled(_) => DeliveryError::InDoubt { cause },
        })
    }
}

/// The meaning of a refusal that is about neither pace nor place.
fn refused(code: u16, description: &str, cause: String) -> DeliveryError {
    let description = description.to_ascii_lowercase();
    let nobody = [
        "chat not found",
        "user not found",
        "peer_id_invalid",
        "group chat was deactivated",
        "chat was deleted",
        "have no rights to send",
        "not enough rights",
        "chat_write_forbidden",
        "chat_restricted",
        "topic_closed",
        "topic_deleted",
        "message thread not found",
    ];
    match code {
        403 => DeliveryError::Unreachable { cause },
        400 if nobody.iter().any(|words| description.contains(words)) => DeliveryError::Unreachable { cause },
        // A gateway passed it on and heard nothing back.
        504 => DeliveryError::InDoubt { cause },
        // Health tells an admin about the token.
        401 | 404 | 409 | 500.. => DeliveryError::Retry { cause },
        _ => DeliveryError::GiveUp { cause },
    }
}

fn unformatted(sent: &Result<serde_json::Value, CallError>) -> bool {
    matches!(sent, Err(CallError::Refused { code: 400, description, .. })
        if description.to_ascii_lowercase().contains("entit"))
}

fn later(after: Duration, cause: &str) -> DeliveryError {
    DeliveryError::Later { cause: cause.to_owned(), after }
}

/// The message that an inbound one of that id was: an edit's is the message's, a press has none.
fn answered(external_id: &str) -> Option<MessageId> {
    let id = external_id.split_once('/').map_or(external_id, |(id, _)| id);
    id.parse().ok().and_then(message_id)
}

fn message_id(id: i64) -> Option<MessageId> {
    i32::try_from(id).ok().map(MessageId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_what_it_means() {
        let kind = |code, description: &str| match refused(code, description, String::new()) {
            DeliveryError::Unreachable { .. } => "unreachable",
            DeliveryError::GiveUp { .. } => "give up",
            DeliveryError::Retry { .. } => "retry",
            DeliveryError::InDoubt { .. } => "in doubt",
            _ => "other",
        };
        assert_eq!(kind(403, "Forbidden: bot was blocked by the user"), "unreachable");
        assert_eq!(kind(400, "Bad Request: chat not found"), "unreachable");
        assert_eq!(kind(400, "Bad Request: TOPIC_CLOSED"), "unreachable");
        assert_eq!(kind(400, "Bad Request: message text is empty"), "give up");
        assert_eq!(kind(401, "Unauthorized"), "retry");
        assert_eq!(kind(502, "Bad Gateway"), "retry");
        assert_eq!(kind(504, "Gateway Timeout"), "in doubt");
    }

    #[test]
    fn an_answer_finds_what_it_answers() {
        assert_eq!(answered("12"), Some(MessageId(12)));
        assert_eq!(answered("12/e99"), Some(MessageId(12)));
        assert_eq!(answered("cb/99"), None);
    }
}
