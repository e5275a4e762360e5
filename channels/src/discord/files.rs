//! Files that customers send: fetched from Discord's own hosts only, up to the limit, and kept unopened.

use super::post::Upload;
use super::settings::Settings;
use crate::{Attachment, Channel, File, Intake, IntakeError};
use futures::StreamExt as _;
use reqwest::{Client, Url};
use std::time::Duration;

const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];
const TRIES: u32 = 3;
/// How long a file may take: what follows in its conversation waits for it.
const LONGEST: Duration = Duration::from_secs(60);

pub(super) struct Files {
    http: Client,
    /// Scheme, host and port of the API: its files may come from there too.
    api: Option<Url>,
    limit: u64,
    pause: Duration,
}

/// Why a file was not kept.
pub(super) enum NotKept {
    /// Too large, gone, from elsewhere, or refused by the desk.
    Never,
    /// The desk could not store it now.
    TryAgain,
}

impl Files {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let http = Client::builder()
            .connect_timeout(settings.timing.answer)
            .read_timeout(settings.timing.answer)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        let api = settings.api_url.is_some().then(|| Url::parse(&settings.base()).ok()).flatten();
        Ok(Self { http, api, limit: settings.max_file_bytes, pause: settings.timing.retry })
    }

    /// Fetches a file and hands it to the desk.
    pub(super) async fn take(
        &self,
        upload: &Upload,
        sender: String,
        intake: &dyn Intake,
    ) -> Result<Attachment, NotKept> {
        let url = Url::parse(&upload.url).ok().filter(|url| self.trusted(url));
        let Some(url) = url.filter(|_| upload.size <= self.limit) else { return Err(NotKept::Never) };
        let content = self.fetch(url).await.ok_or(NotKept::Never)?;
        let file = File { channel: Channel::Discord, sender, name: upload.filename.clone(), content };
        intake.keep(file).await.map_err(|error| match error {
            IntakeError::TryAgain => NotKept::TryAgain,
            IntakeError::Refused(_) => NotKept::Never,
        })
    }

    /// The address comes from outside: it must not make us ask somebody else.
    fn trusted(&self, url: &Url) -> bool {
        let discords = url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| HOSTS.contains(&host));
        discords || self.api.as_ref().is_some_and(|api| api.origin() == url.origin())
    }

    async fn fetch(&self, url: Url) -> Option<Vec<u8>> {
        for tried in 0..TRIES {
            match tokio::time::timeout(LONGEST, self.attempt(url.clone())).await {
                Ok(Ok(content)) => return content,
                Ok(Err(error)) => tracing::debug!("a file could not be fetched: {}", error.without_url()),
                Err(_) => tracing::debug!("a file came too slowly"),
            }
            tokio::time::sleep(self.pause * (tried + 1)).await;
        }
        None
    }

    /// `Ok(None)`: not to be had; an error may pass.
    async fn attempt(&self, url: Url) -> reqwest::Result<Option<Vec<u8>>> {
        let answer = self.http.get(url).send().await?;
        if answer.status().is_server_error() {
            return answer.error_for_status().map(|_| None);
        }
        if !answer.status().is_success() || answer.content_length().is_some_and(|length| length > self.limit)
        {
            return Ok(None);
        }
        let mut content = Vec::new();
        let mut stream = answer.bytes_stream();
        while let Some(piece) = stream.next().await {
            content.extend_from_slice(&piece?);
            if content.len() as u64 > self.limit {
                return Ok(None);
            }
        }
        Ok(Some(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_from_discord_only() {
        let mut settings = Settings::new("token".into());
        let trusted =
            |settings: &Settings, url: &str| Files::new(settings).unwrap().trusted(&Url::parse(url).unwrap());
        assert!(trusted(&settings, "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"));
        for url in [
            "http://cdn.discordapp.com/a",
            "https://cdn.discordapp.com.evil.example/a",
            "https://cdn.discordapp.com:8443/a",
            "https://user@169.254.169.254/latest",
            "file:///etc/passwd",
            "https://discord.com/a",
        ] {
            assert!(!trusted(&settings, url), "{url}");
        }
        settings.api_url = Some("http://127.0.0.1:81".into());
        assert!(trusted(&settings, "http://127.0.0.1:81/cdn/a"));
        assert!(!trusted(&settings, "http://127.0.0.1:82/cdn/a"));
    }
}
