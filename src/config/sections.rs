//! The sections of the settings.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to listen.
    pub addr: SocketAddr,
    /// How browsers reach it; `http://` and the address where absent.
    pub public_url: Option<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`; a file in `data_dir` where absent. May hold a password.
    pub url: Option<SecretString>,
}

/// `[widget]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Widget {
    /// Signs the identity of your signed-in users (HS256).
    pub identity_secret: Option<SecretString>,
    /// The secret before, accepted while you change over.
    pub identity_previous_secret: Option<SecretString>,
    /// The sites that may embed the widget; any where empty.
    pub allowed_origins: Vec<String>,
    /// The largest file a customer may send.
    pub max_upload_bytes: usize,
}

/// `[limits]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Messages of one visitor; half as many at once.
    pub messages_per_minute: u32,
    /// New visitors from one address; twice as many at once.
    pub sessions_per_minute: u32,
    /// Sign-ins to one account from one address; ten at once.
    pub sign_ins_per_minute: u32,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A filter such as `info` or `deskhand=debug,sqlx=warn`.
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// `[actions]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// Hosts and networks that actions may reach although they are private.
    pub allow: Vec<String>,
    /// Programs that actions may run, by their whole paths; none where empty.
    pub commands: Vec<PathBuf>,
    /// What actions name in `auth`.
    pub secrets: BTreeMap<String, SecretString>,
}

/// `[hooks]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// What triggers name in `secret`; several separated by spaces where one is being changed.
    pub secrets: BTreeMap<String, SecretString>,
}

/// `[telegram]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token, from @BotFather; without it Telegram is not connected.
    pub token: Option<SecretString>,
    /// Another Bot API server than Telegram's own.
    pub api_url: Option<String>,
    /// How messages come in.
    pub mode: TelegramMode,
    /// What Telegram must show with every call of the webhook: 16 to 256 of A-Z, a-z, 0-9, _ and -.
    pub webhook_secret: Option<SecretString>,
}

/// How Telegram's messages come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TelegramMode {
    /// We ask; works anywhere.
    Polling,
    /// Telegram calls `/hooks/telegram`; needs a public address.
    Webhook,
}

/// `[discord]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discord {
    /// The bot's token, from the developer portal; without it Discord is not connected.
    pub token: Option<SecretString>,
    /// Another API server than Discord's own.
    pub api_url: Option<String>,
    /// The servers to listen in, by id; all where empty.
    pub guilds: Vec<u64>,
}

/// `[classifier]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classifier {
    /// A folder with `model.safetensors` and `tokenizer.json`: word vectors that help where examples are few.
    pub embeddings: Option<PathBuf>,
}
