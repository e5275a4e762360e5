//! Buttons below a message, and what their presses mean.

use super::{
    Telegram,
    inbound::{clean, profile},
    place::Place,
    updates, wire,
};
use crate::{Channel, Choice, Inbound, IntakeError, Phrase};
use metrics::counter;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use teloxide::{
    payloads::{AnswerCallbackQuery, EditMessageReplyMarkup},
    types::{
        CallbackQueryId, ChatId, InlineKeyboardButton, InlineKeyboardButtonKind, InlineKeyboardMarkup,
        MessageId,
    },
};

/// What Telegram keeps behind a button, in bytes.
const DATA_BYTES: usize = 64;
/// Choices whose ids are longer than that, by their hash.
const LONG: &str = "telegram/choice/";

impl Telegram {
    /// The keyboard of a message, short labels side by side.
    pub(super) async fn keyboard(
        &self,
        choices: &[Choice],
        place: Place,
    ) -> Result<InlineKeyboardMarkup, IntakeError> {
        let mut rows: Vec<Vec<InlineKeyboardButton>> = Vec::new();
        let mut width = 0;
        for choice in choices {
            let data = self.data(choice, place).await?;
            let button =
                InlineKeyboardButton::new(&choice.label, InlineKeyboardButtonKind::CallbackData(data));
            let length = choice.label.chars().count();
            match rows.last_mut() {
                Some(row) if row.len() < 5 && width + length <= 24 => row.push(button),
                _ => {
                    rows.push(vec![button]);
                    width = 0;
                }
            }
            width += length + 2;
        }
        Ok(InlineKeyboardMarkup::new(rows))
    }

    /// What stands behind a button: the choice's id, in a group after `@<user> ` (only they may press it), and where
    /// that is too long or could be misread, `#` and a hash of it.
    async fn data(&self, choice: &Choice, place: Place) -> Result<String, IntakeError> {
        let plain = match place.user {
            Some(user) => format!("@{user} {}", choice.id),
            None => choice.id.clone(),
        };
        let clear = place.user.is_some() || !plain.starts_with(['@', '#']);
        if clear && !plain.is_empty() && plain.len() <= DATA_BYTES {
            return Ok(plain);
        }
        let hash: String = Sha256::digest(&plain).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{LONG}{hash}");
        if self.intake.recall(&key).await?.is_empty() {
            self.intake.remember(&key, &plain).await?;
        }
        Ok(format!("#{hash}"))
    }

    /// A press: whose button it was, and the choice's id if that is still known.
    async fn meaning(&self, data: &str) -> Result<(Option<i64>, Option<String>), IntakeError> {
        let plain = match data.strip_prefix('#') {
            None => data.to_owned(),
            Some(hash) => match self.intake.recall(&format!("{LONG}{hash}")).await?.into_iter().next() {
                Some((_, plain)) => plain,
                None => return Ok((None, None)),
            },
        };
        let owned = plain.strip_prefix('@').and_then(|rest| rest.split_once(' '));
        Ok(match owned.and_then(|(user, id)| Some((user.parse().ok()?, id))) {
            Some((user, id)) => (Some(user), Some(id.to_owned())),
            None => (None, Some(plain)),
        })
    }

    /// A button was pressed: recorded, then acknowledged, then taken away.
    pub(super) async fn pressed(&self, query: &wire::CallbackQuery) -> Result<(), IntakeError> {
        counter!("deskhand_telegram_updates_total", "kind" => "press").increment(1);
        let (Some(message), Some(data)) = (&query.message, &query.data) else {
            self.acknowledge(query, None);
            return Ok(());
        };
        let (owner, choice) = self.meaning(data).await?;
        if owner.is_some_and(|owner| owner != query.from.id) {
            // Somebody else's button, in a group.
            self.acknowledge(query, None);
            return Ok(());
        }
        let shown = message.reply_markup.iter().flat_map(|markup| markup.inline_keyboard.iter().flatten());
        let label = shown.into_iter().find(|button| button.callback_data.as_ref() == Some(data));
        let label = label.map(|button| button.text.clone()).or_else(|| choice.clone()).unwrap_or_default();
        let text = clean(&label);
        let accepted = match (text.is_empty(), query.from.is_bot) {
            (false, false) => {
                let inbound = Inbound {
                    channel: Channel::Telegram,
                    external_id: format!("cb/{}", query.id),
                    sender: query.from.id.to_string(),
                    address: updates::place(message, query.from.id).to_string(),
                    text,
                    choice,
                    attachments: Vec::new(),
                    profile: profile(&query.from),
                    quoted: None,
                    edits: None,
                    link: None,
                };
                self.intake.accept(inbound).await
            }
            _ => Ok(()),
        };
        if accepted != Err(IntakeError::TryAgain) {
            self.acknowledge(query, Some((message.chat.id, message.message_id)));
        }
        accepted
    }

    /// Stops the button's waiting sign and removes the keyboard, both as well as may be: the press itself is on disk,
    /// and whoever pressed long ago is told so by Telegram ("query is too old").
    fn acknowledge(&self, query: &wire::CallbackQuery, keyboard: Option<(i64, i64)>) {
        let api = Arc::clone(&self.api);
        let mut answer = AnswerCallbackQuery::new(CallbackQueryId(query.id.clone()));
        if keyboard.is_some() {
            let noted = self.intake.phrase(Phrase::Noted, query.from.language_code.as_deref());
            answer.text = Some(noted.chars().take(200).collect());
        }
        tokio::spawn(async move {
            if let Err(error) = api.raw(&answer).await {
                tracing::debug!(%error, "a press was not acknowledged");
            }
            let Some((chat, message)) = keyboard else { return };
            let Ok(message) = i32::try_from(message) else { return };
            let removal = EditMessageReplyMarkup::new(ChatId(chat), MessageId(message));
            if let Err(error) = api.raw(&removal).await {
                tracing::debug!(%error, "a keyboard was not removed");
            }
        });
    }
}
