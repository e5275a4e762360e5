//! The platforms, connected as the settings say.

use crate::config::{Config, TelegramMode};
use crate::platforms::Platforms;
use anyhow::anyhow;
use async_trait::async_trait;
use channels::discord::{self, Discord};
use channels::telegram::{self, Telegram};
use channels::{Attachment, Channel, Fact, File, Inbound, Intake, IntakeError, Phrase, Platform};
use std::sync::Arc;

/// One for each token; nothing is asked of anybody yet.
pub(super) fn platforms(config: &Config, intake: &Arc<dyn Intake>) -> anyhow::Result<Platforms> {
    let mut platforms: Vec<Arc<dyn Platform>> = Vec::new();
    if let Some(settings) = telegram_settings(config)? {
        platforms.push(Telegram::new(settings, intake.clone())?);
    }
    if let Some(token) = &config.discord.token {
        let settings = discord::Settings {
            api_url: config.discord.api_url.clone(),
            max_file_bytes: config.widget.max_upload_bytes as u64,
            guilds: config.discord.guilds.clone(),
            ..discord::Settings::new(token.clone())
        };
        let discord = Discord::new(settings, intake.clone());
        platforms.push(discord.map_err(|cause| anyhow!("discord: {cause}"))?);
    }
    Ok(Platforms::new(platforms))
}

fn telegram_settings(config: &Config) -> anyhow::Result<Option<telegram::Settings>> {
    let Some(token) = &config.telegram.token else { return Ok(None) };
    let hook = format!("{}/hooks/telegram", config.public_url());
    let mode = match (config.telegram.mode, &config.telegram.webhook_secret) {
        (TelegramMode::Polling, _) => telegram::Mode::Polling,
        (TelegramMode::Webhook, Some(secret)) => {
            telegram::Mode::Webhook { url: hook.clone(), secret: secret.clone() }
        }
        (TelegramMode::Webhook, None) => return Err(anyhow!("telegram.webhook_secret is missing")),
    };
    Ok(Some(telegram::Settings {
        api_url: config.telegram.api_url.clone(),
        mode,
        own_webhook: Some(hook),
        max_file_bytes: config.widget.max_upload_bytes as u64,
        ..telegram::Settings::new(token.clone())
    }))
}

/// A desk that takes nothing, for looking at platforms without listening to them.
pub(super) struct Nowhere;

#[async_trait]
impl Intake for Nowhere {
    async fn accept(&self, _: Inbound) -> Result<(), IntakeError> {
        Err(IntakeError::TryAgain)
    }

    async fn keep(&self, _: File) -> Result<Attachment, IntakeError> {
        Err(IntakeError::TryAgain)
    }

    async fn learn(&self, _: Channel, _: Fact) -> Result<(), IntakeError> {
        Err(IntakeError::TryAgain)
    }

    async fn remember(&self, _: &str, _: &str) -> Result<(), IntakeError> {
        Err(IntakeError::TryAgain)
    }

    async fn recall(&self, _: &str) -> Result<Vec<(String, String)>, IntakeError> {
        Ok(Vec::new())
    }

    fn phrase(&self, phrase: Phrase, _: Option<&str>) -> String {
        phrase.id().to_owned()
    }

    fn languages(&self) -> Vec<String> {
        vec!["en".to_owned()]
    }
}
