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
        let owner = place.user.map(|user| user.to_string()).unwrap_or_default();
        let clear = match place.user {
            Some(user) => format!("@{user} {}", choice.id),
            None => choice.id.clone(),
        };
        let misread = place.user.is_none() && clear.starts_with(['@', '#']);
        if !misread && !clear.is_empty() && clear.len() <= DATA_BYTES {
            return Ok(clear);
        }
        let whole = format!("{owner} {}", choice.id);
        let hash: String = Sha256::digest(&whole).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{LONG}{hash}");
        if self.intake.recall(&key).await?.is_empty() {
            self.intake.remember(&key, &whole).await?;
        }
        Ok(format!("#{hash}"))
    }

    /// A press: whose button it was, and the choice's id if that is still known.
    async fn meaning(&self, data: &str) -> Result<(Option<i64>, Option<String>), IntakeError> {
        // Whoever writes their own client can press what was never shown.
        let known = |hash: &str| hash.len() == 32 && hash.chars().all(|c| c.is_ascii_hexdigit());
        let found = match data.strip_prefix('#') {
            Some(hash) if known(hash) => {
                self.intake.recall(&format!("{LONG}{hash}")).await?.into_iter().next().map(|(_, whole)| whole)
            }
            Some(_) => None,
            None => data.strip_prefix('@').map(str::to_owned),
        };
        Ok(match found.as_deref().and_then(|whole| whole.split_once(' ')) {
            Some((owner, id)) => (owner.parse().ok(), Some(id.to_owned())),
            None if data.starts_with('#') => (None, None),
            None => (None, Some(data.to_owned())),
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
