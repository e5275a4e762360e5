//! The commands that Discord offers in its menu, described in the customer's language.

use super::Discord;
use super::plain::cut;
use super::rest::Ask;
use super::trouble::Trouble;
use crate::Phrase;
use reqwest::Method;
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::http::Route;
use serenity::model::application::{CommandOptionType, CommandType};
use serenity::model::id::ApplicationId;

/// Discord's locales by language.
const LOCALES: [(&str, &[&str]); 29] = [
    ("id", &["id"]),
    ("da", &["da"]),
    ("de", &["de"]),
    ("en", &["en-GB", "en-US"]),
    ("es", &["es-ES", "es-419"]),
    ("fr", &["fr"]),
    ("hr", &["hr"]),
    ("it", &["it"]),
    ("lt", &["lt"]),
    ("hu", &["hu"]),
    ("nl", &["nl"]),
    ("no", &["no"]),
    ("pl", &["pl"]),
    ("pt", &["pt-BR"]),
    ("ro", &["ro"]),
    ("fi", &["fi"]),
    ("sv", &["sv-SE"]),
    ("vi", &["vi"]),
    ("tr", &["tr"]),
    ("cs", &["cs"]),
    ("el", &["el"]),
    ("bg", &["bg"]),
    ("ru", &["ru"]),
    ("uk", &["uk"]),
    ("hi", &["hi"]),
    ("th", &["th"]),
    ("zh", &["zh-CN", "zh-TW"]),
    ("ja", &["ja"]),
    ("ko", &["ko"]),
];

impl Discord {
    /// Replaces the bot's commands by `/support`, `/human` and `/help`.
    pub(super) async fn offer_commands(&self, application: u64) -> Result<(), Trouble> {
        let route = Route::Commands { application_id: ApplicationId::new(application.max(1)) };
        self.rest.tell(Ask::with(Method::PUT, route, &self.commands())?).await
    }

    fn commands(&self) -> Vec<CreateCommand> {
        let option = |name: &str, phrase, longest| {
            let (own, others) = self.descriptions(phrase);
            let plain = CreateCommandOption::new(CommandOptionType::String, name, own)
                .required(false)
                .max_length(longest);
            others
                .into_iter()
                .fold(plain, |option, (locale, text)| option.description_localized(locale, text))
        };
        let command = |name: &str, phrase| {
            let (own, others) = self.descriptions(phrase);
            let plain = CreateCommand::new(name).kind(CommandType::ChatInput).description(own);
            others
                .into_iter()
                .fold(plain, |command, (locale, text)| command.description_localized(locale, text))
        };
        vec![
            command("support", Phrase::CommandStart)
                .add_option(option("message", Phrase::SupportOption, 2_000))
                .add_option(option("code", Phrase::SupportOption, 200)),
            command("human", Phrase::CommandHuman),
            command("help", Phrase::CommandHelp),
        ]
    }

    /// The desk's own description, and those in the locales of its languages.
    fn descriptions(&self, phrase: Phrase) -> (String, Vec<(&'static str, String)>) {
        let words = |language: &str| {
            let text = cut(self.intake.phrase(phrase, Some(language)).trim(), 100);
            // Discord wants at least one character.
            if text.is_empty() { phrase.id().to_owned() } else { text }
        };
        let languages = self.intake.languages();
        let own = languages.first().map_or_else(|| words("en"), |own| words(own));
        let locales = |language: &String| {
            LOCALES.iter().find(|(known, _)| known == language).map_or(&[][..], |(_, all)| *all)
        };
        let others = languages
            .iter()
            .flat_map(|language| locales(language).iter().map(|locale| (*locale, words(language))));
        (own, others.collect())
    }
}
