//! From a message of Telegram's to one of the desk's, its file kept first.

use super::{
    Telegram,
    addressed::Words,
    api::CallError,
    content::{Content, Media},
    updates::place,
    wire,
};
use crate::{Attachment, Channel, File, Inbound, IntakeError, MAX_MESSAGE_BYTES, Phrase, Profile};
use teloxide::{payloads::GetFile, types::FileId};

/// How often a file is asked for before its message goes on without it.
const TRIES: u32 = 3;

impl Telegram {
    /// The message as the desk takes it; `None` for one that says nothing.
    pub(super) async fn inbound(
        &self,
        message: &wire::Message,
        from: &wire::User,
        words: Words,
        content: Content,
        edit: Option<i64>,
    ) -> Result<Option<Inbound>, IntakeError> {
        let mut text = words.text;
        let mut attachments = Vec::new();
        let locale = from.language_code.as_deref();
        match content {
            Content::File(media, emoji) => {
                if let Some(emoji) = emoji.filter(|_| text.is_empty()) {
                    text = emoji;
                }
                match self.keep(&media, from.id).await? {
                    Some(attachment) => attachments.push(attachment),
                    None => {
                        let note = self.intake.phrase(Phrase::FileNotTaken, locale);
                        text = format!("{text}\n[{}] {note}", cut(&media.name, 100));
                    }
                }
            }
            Content::Told(told) | Content::LivePlace(told) => text = format!("{text}\n{told}"),
            Content::Words | Content::Service => {}
        }
        let text = clean(&text);
        if text.is_empty() && attachments.is_empty() {
            return Ok(None);
        }
        let replied = message.reply_to_message.as_deref();
        let quoted =
            message.quote.as_ref().map(|quote| quote.text.as_str()).or_else(|| {
                replied.and_then(|replied| replied.text.as_deref().or(replied.caption.as_deref()))
            });
        Ok(Some(Inbound {
            channel: Channel::Telegram,
            // An edit is told from another within the same second by its update.
            external_id: match edit {
                Some(update) => format!("{}/e{update}", message.message_id),
                None => message.message_id.to_string(),
            },
            sender: from.id.to_string(),
            address: place(message, from.id).to_string(),
            text,
            choice: None,
            attachments,
            profile: profile(from),
            quoted: quoted.map(|quoted| cut(&clean(quoted), 300)).filter(|quoted| !quoted.is_empty()),
            edits: edit.map(|_| message.message_id.to_string()),
            link: words.link,
        }))
    }

    /// Fetches a file and gives it to the desk; `None` where it is too large or not to be had.
    async fn keep(&self, media: &Media, sender: i64) -> Result<Option<Attachment>, IntakeError> {
        let Some(content) = self.fetch(media).await else { return Ok(None) };
        let file = File {
            channel: Channel::Telegram,
            sender: sender.to_string(),
            name: cut(&clean(&media.name), 255),
            content,
        };
        match self.intake.keep(file).await {
            Ok(attachment) => Ok(Some(attachment)),
            Err(IntakeError::Refused(why)) => {
                tracing::info!(%why, "the desk did not take a file");
                Ok(None)
            }
            Err(IntakeError::TryAgain) => Err(IntakeError::TryAgain),
        }
    }

    async fn fetch(&self, media: &Media) -> Option<Vec<u8>> {
        let limit = self.settings.max_file_bytes;
        if media.size.is_some_and(|size| size > limit) {
            return None;
        }
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(self.settings.back_off * 2_u32.pow(attempt - 1)).await;
            }
            match self.fetch_once(media, limit).await {
                Ok(content) => return content,
                Err(CallError::Refused { code: code @ 400..=404, description, .. }) => {
                    tracing::info!(code, %description, "a file is not to be had");
                    return None;
                }
                Err(error) => tracing::info!(%error, attempt, "a file was not fetched"),
            }
        }
        None
    }

    async fn fetch_once(&self, media: &Media, limit: u64) -> Result<Option<Vec<u8>>, CallError> {
        let file = self.api.raw(&GetFile::new(FileId(media.file_id.clone()))).await?;
        if file["file_size"].as_u64().is_some_and(|size| size > limit) {
            return Ok(None);
        }
        match file["file_path"].as_str() {
            Some(path) => self.api.fetch(path, limit).await,
            None => Ok(None),
        }
    }
}

/// Who wrote it, as they call themselves.
pub(super) fn profile(from: &wire::User) -> Profile {
    let name = format!("{} {}", from.first_name, from.last_name.as_deref().unwrap_or_default());
    let name = cut(&clean(&name), 100);
    Profile { name: Some(name).filter(|name| !name.is_empty()), locale: from.language_code.clone() }
}

/// What [`crate::accept_text`] takes, cut where Telegram and our own notes together made it too long.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace('\0', "");
    let text = text.trim();
    text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)].trim_end().to_owned()
}

/// The first characters.
pub(super) fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
