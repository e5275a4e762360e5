//! One update: what it means to the desk.

use super::{Telegram, addressed, content, place::Place, wire};
use crate::{Channel, Fact, IntakeError};
use metrics::counter;
use serde_json::Value;

/// The kinds asked for; all others are none of a support desk's business.
pub(super) const KINDS: [teloxide::types::AllowedUpdate; 4] = [
    teloxide::types::AllowedUpdate::Message,
    teloxide::types::AllowedUpdate::EditedMessage,
    teloxide::types::AllowedUpdate::CallbackQuery,
    teloxide::types::AllowedUpdate::MyChatMember,
];

impl Telegram {
    /// Hands an update to the desk. Only [`IntakeError::TryAgain`] comes back: what is refused is counted and done.
    pub(super) async fn take(&self, update: &wire::Update) -> Result<(), IntakeError> {
        let taken = if let Some(message) = &update.message {
            self.heard(message, None).await
        } else if let Some(message) = &update.edited_message {
            self.heard(message, Some(update.update_id)).await
        } else if let Some(query) = &update.callback_query {
            self.pressed(query).await
        } else if let Some(membership) = &update.my_chat_member {
            self.membership(membership).await
        } else {
            counter!("deskhand_telegram_updates_total", "kind" => "unknown").increment(1);
            Ok(())
        };
        if let Err(IntakeError::Refused(why)) = taken {
            tracing::warn!(update = update.update_id, %why, "the desk refused an update");
            counter!("deskhand_telegram_updates_refused_total").increment(1);
            return Ok(());
        }
        taken
    }

    /// A message, or the new words of an earlier one.
    async fn heard(&self, message: &wire::Message, edit: Option<i64>) -> Result<(), IntakeError> {
        if message.migrate_to_chat_id.is_some() || message.migrate_from_chat_id.is_some() {
            let from = message.migrate_from_chat_id.unwrap_or(message.chat.id);
            let to = message.migrate_to_chat_id.unwrap_or(message.chat.id);
            return self.moved(from, to).await;
        }
        // Bots must not talk to bots; and where no person is named (a channel, an anonymous admin), none can be helped.
        let Some(from) = message.from.as_ref().filter(|from| !from.is_bot) else { return Ok(()) };
        let content = content::of(message, self.settings.max_file_bytes);
        if content == content::Content::Service || message.is_automatic_forward {
            return Ok(());
        }
        if edit.is_some() && matches!(content, content::Content::LivePlace(_)) {
            return Ok(());
        }
        let written = message.text.as_deref().or(message.caption.as_deref()).unwrap_or_default();
        let words = if message.chat.is_private() {
            addressed::in_private(written)
        } else if message.chat.is_group() {
            let me = self.me().await.ok_or(IntakeError::TryAgain)?;
            let entities = message.entities.as_ref().or(message.caption_entities.as_ref());
            let author = message.reply_to_message.as_ref().and_then(|replied| replied.from.as_ref());
            let replies = author.is_some_and(|author| author.id == me.id);
            match addressed::in_group(written, entities.map_or(&[], Vec::as_slice), me, replies) {
                Some(words) => words,
                None => return Ok(()),
            }
        } else {
            return Ok(());
        };
        counter!("deskhand_telegram_updates_total", "kind" => if edit.is_some() { "edit" } else { "message" })
            .increment(1);
        let inbound = self.inbound(message, from, words, content, edit).await?;
        match inbound {
            Some(inbound) => self.intake.accept(inbound).await,
            None => Ok(()),
        }
    }

    /// The bot was blocked, unblocked, thrown out or let in.
    async fn membership(&self, membership: &wire::Membership) -> Result<(), IntakeError> {
        counter!("deskhand_telegram_updates_total", "kind" => "membership").increment(1);
        let address = membership.chat.id.to_string();
        let new = &membership.new_chat_member;
        let there = match new.status.as_str() {
            "left" | "kicked" => false,
            "restricted" => new.is_member.unwrap_or(true),
            _ => true,
        };
        let fact = if there {
            Fact::Reachable { address }
        } else {
            let private = "The customer has blocked the bot on Telegram.";
            let group = "The bot was removed from the Telegram group.";
            let cause = if membership.chat.is_private() { private } else { group };
            Fact::Unreachable { address, cause: cause.to_owned() }
        };
        self.intake.learn(Channel::Telegram, fact).await
    }

    async fn moved(&self, from: i64, to: i64) -> Result<(), IntakeError> {
        let fact = Fact::Moved { from: from.to_string(), to: to.to_string() };
        self.intake.learn(Channel::Telegram, fact).await
    }
}

/// Reads an update; one without an id is none of Telegram's.
pub(super) fn read(raw: Value) -> Option<wire::Update> {
    let known = ["message", "edited_message", "callback_query", "my_chat_member"];
    let kind = known.into_iter().find(|kind| raw.get(*kind).is_some());
    let update: wire::Update = serde_json::from_value(raw).ok()?;
    let read = update.message.is_some()
        || update.edited_message.is_some()
        || update.callback_query.is_some()
        || update.my_chat_member.is_some();
    if let (Some(kind), false) = (kind, read) {
        tracing::error!(update = update.update_id, kind, "an update could not be read: please report this");
        counter!("deskhand_telegram_updates_unreadable_total").increment(1);
    }
    Some(update)
}

/// Where an answer to this message goes.
pub(super) fn place(message: &wire::Message, user: i64) -> Place {
    let thread = message.message_thread_id.filter(|_| message.is_topic_message);
    match message.chat.is_private() {
        true => Place { chat: message.chat.id, user: None, thread: None },
        false => Place { chat: message.chat.id, user: Some(user), thread },
    }
}
