//! The commands in Telegram's menu, in every language of the desk.

use super::Telegram;
use crate::Phrase;
use teloxide::{payloads::SetMyCommands, types::BotCommand};

/// Tries before the menu is left as it is.
const TRIES: u32 = 3;

impl Telegram {
    /// Registers them, as well as may be: the commands work without the menu.
    pub(super) async fn register_commands(&self) {
        for call in self.menus() {
            for attempt in 0..TRIES {
                match self.api.call(&call).await {
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, language = ?call.language_code, attempt, "commands were not registered")
                    }
                }
                self.back_off(attempt).await;
            }
        }
    }

    /// The menu in each language. The desk's own language is also what everybody else sees.
    fn menus(&self) -> Vec<SetMyCommands> {
        let languages = self.intake.languages();
        let everybody = std::iter::once((None, languages.first()));
        let each = languages.iter().map(|own| (Some(own), Some(own)));
        let menu = |(language, words): (Option<&String>, Option<&String>)| {
            let phrase = |phrase| self.intake.phrase(phrase, words.map(String::as_str));
            let mut call = SetMyCommands::new([
                BotCommand::new("start", phrase(Phrase::CommandStart)),
                BotCommand::new("help", phrase(Phrase::CommandHelp)),
                BotCommand::new("human", phrase(Phrase::CommandHuman)),
            ]);
            call.language_code = language.cloned();
            call
        };
        everybody.chain(each).map(menu).collect()
    }
}
