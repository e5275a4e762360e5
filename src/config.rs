//! Settings: `deskhand.toml`, overridden by the environment (`DESKHAND_<SECTION>__<KEY>`; secrets also as `…_FILE`).
//! A wrong or unknown key stops the start with its name and what was expected.

mod llm;
mod lookups;
mod outside;
mod sections;

pub use llm::{Fallback, Llm, Price};
pub use lookups::{Directory, DirectoryHttp, DirectorySql, McpServer, NamedDatabase};
pub use outside::{Email, Notify, TicketSystemName, Tickets, TlsMode};
pub use sections::{
    Actions, Classifier, Database, Discord, Hooks, Http, Limits, Log, LogFormat, Telegram, TelegramMode,
    Widget,
};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The web server.
    pub http: Http,
    /// Where the database file, models and locks lie.
    pub data_dir: PathBuf,
    /// The folder that holds `policies/` and `knowledge/`.
    pub content_dir: Option<PathBuf>,
    /// The database.
    pub database: Database,
    /// The chat widget.
    pub widget: Widget,
    /// Telegram.
    pub telegram: Telegram,
    /// Discord.
    pub discord: Discord,
    /// The customer directory.
    pub directory: Directory,
    /// Databases that are read, by name.
    pub databases: BTreeMap<String, NamedDatabase>,
    /// MCP servers whose tools actions call, by name.
    pub mcp: BTreeMap<String, McpServer>,
    /// How actions reach other systems.
    pub actions: Actions,
    /// What other systems sign their hooks with.
    pub hooks: Hooks,
    /// How teams are told.
    pub notify: Notify,
    /// The mail server.
    pub email: Email,
    /// Where tickets stand beside our own.
    pub tickets: Tickets,
    /// How much one caller may have.
    pub limits: Limits,
    /// The language model.
    pub llm: Llm,
    /// How messages are understood.
    pub classifier: Classifier,
    /// The log.
    pub log: Log,
}

/// What is wrong with the settings, in a sentence that names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Names in the environment that are not settings.
const NOT_SETTINGS: &[&str] = &[
    "CONFIG",
    "SHARED",
    "CRASH_AT",
    "URL",
    "AGENT_EMAIL",
    "AGENT_PASSWORD",
    "AGENT2_EMAIL",
    "AGENT2_PASSWORD",
];

/// Settings that hold secrets: also readable from a file named by `…_FILE`. A `*` stands for any one name.
const SECRETS: &[&str] = &[
    "database.url",
    "databases.*.url",
    "mcp.*.token",
    "directory.http.token",
    "widget.identity_secret",
    "widget.identity_previous_secret",
    "telegram.token",
    "telegram.webhook_secret",
    "discord.token",
    "notify.webhook_secret",
    "notify.slack_url",
    "notify.discord_url",
    "llm.api_key",
    "llm.fallback.api_key",
    "email.password",
    "tickets.token",
    "tickets.webhook_secret",
];

/// Every default.
fn defaults() -> serde_json::Value {
    serde_json::json!({
        "http": {"addr": "127.0.0.1:8080", "trusted_proxies": []},
        "data_dir": "./data",
        "database": {},
        "widget": {"allowed_origins": [], "max_upload_bytes": 10 * 1024 * 1024},
        "telegram": {"mode": "polling"},
        "discord": {"guilds": []},
        "directory": {"fields": lookups::FIELDS, "cache_seconds": 60, "timeout_ms": 2000},
        "databases": {},
        "mcp": {},
        "actions": {"allow": [], "commands": [], "secrets": {}},
        "hooks": {"secrets": {}},
        "notify": {"email": []},
        "tickets": {"system": "builtin", "issue_type": "Task", "poll_minutes": 5, "max_file_bytes": 5 * 1024 * 1024},
        "email": {"port": 587, "tls": "starttls"},
        "limits": {"messages_per_minute": 20, "sessions_per_minute": 30, "sign_ins_per_minute": 2},
        "llm": {
            "key_header": "Authorization", "models": {}, "headers": {}, "query": {}, "prices": {}, "fallback": {},
            "patience_ms": 1200, "attempt_timeout_ms": 15_000, "at_once": 16, "calls_per_minute": 20,
            "redact_names": true, "journal_days": 30,
        },
        "classifier": {},
        "log": {"format": "text", "filter": "info,sqlx=warn"},
    })
}

impl Config {
    /// Reads the settings: defaults, then the file, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(defaults()));
        match file {
            Some(file) if !file.is_file() => {
                return Err(ConfigError(format!("there is no settings file {}", file.display())));
            }
            Some(file) => figment = figment.merge(Toml::file_exact(file)),
            None => figment = figment.merge(Toml::file("deskhand.toml")),
        }
        let environment =
            Env::prefixed("DESKHAND_").ignore(NOT_SETTINGS).filter(|key| !is_secret_file(key.as_str()));
        figment = figment.merge(environment.split("__"));
        for (name, path) in std::env::vars() {
            let Some(key) = name.strip_prefix("DESKHAND_").and_then(secret_of_file) else { continue };
            let secret = std::fs::read_to_string(&path)
                .map_err(|error| ConfigError(format!("{name}: {path} cannot be read: {error}")))?;
            figment = figment.merge(Serialized::default(&key, secret.trim()));
        }
        let config: Self = figment.extract().map_err(|error| ConfigError(sentence(&error)))?;
        config.checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        if let Some(url) = &self.http.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(ConfigError(format!("http.public_url: \"{url}\" is no address; expected https://…")));
        }
        if self.notify.webhook_url.is_some() && self.notify.webhook_secret.is_none() {
            let message = "notify.webhook_secret is missing: notices are only posted signed";
            return Err(ConfigError(message.to_owned()));
        }
        if self.telegram.mode == TelegramMode::Webhook && self.telegram.token.is_some() {
            if self.telegram.webhook_secret.is_none() {
                let message = "telegram.webhook_secret is missing: without it anybody could forge messages";
                return Err(ConfigError(message.to_owned()));
            }
            if !self.public_url().starts_with("https://") && self.telegram.api_url.is_none() {
                let message = "http.public_url must begin with https://: Telegram calls no other webhook. \
                               Or set telegram.mode to \"polling\", which needs no public address";
                return Err(ConfigError(message.to_owned()));
            }
        }
        for (key, url) in
            [("telegram.api_url", &self.telegram.api_url), ("discord.api_url", &self.discord.api_url)]
        {
            if let Some(url) = url.as_ref().filter(|url| !url.starts_with("http")) {
                return Err(ConfigError(format!("{key}: \"{url}\" is no address; expected https://…")));
            }
        }
        lookups::check_commands(&self.actions.commands)?;
        self.directory.check(&self.databases)?;
        lookups::check_mcp(&self.mcp)?;
        self.llm.check().map_err(ConfigError)?;
        self.email.check()?;
        self.tickets.check()?;
        for origin in &self.widget.allowed_origins {
            let plain = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if plain.is_none_or(|host| host.is_empty() || host.contains('/')) {
                let message = format!(
                    "widget.allowed_origins: \"{origin}\" is no origin; expected e.g. https://www.example.com"
                );
                return Err(ConfigError(message));
            }
        }
        Ok(self)
    }

    /// How browsers reach the desk, without a slash at the end.
    #[must_use]
    pub fn public_url(&self) -> String {
        let own = || format!("http://{}", self.http.addr);
        self.http.public_url.clone().unwrap_or_else(own).trim_end_matches('/').to_owned()
    }

    /// The database's address.
    #[must_use]
    pub fn database_url(&self) -> SecretString {
        let file = || SecretString::from(format!("sqlite:{}", self.data_dir.join("deskhand.db").display()));
        self.database.url.clone().unwrap_or_else(file)
    }
}

fn is_secret_file(key: &str) -> bool {
    secret_of_file(key).is_some()
}

/// The secret that a name such as `WIDGET__IDENTITY_SECRET_FILE` speaks of.
fn secret_of_file(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let key = name.strip_suffix("_file")?.replace("__", ".");
    is_secret(&key).then_some(key)
}

fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|secret| {
        let (mut wanted, mut found) = (secret.split('.'), key.split('.'));
        wanted.clone().count() == found.clone().count()
            && wanted.by_ref().zip(found.by_ref()).all(|(wanted, found)| wanted == "*" || wanted == found)
    })
}

/// Names the key, what was found and what was expected; never the value of a secret.
fn sentence(error: &figment::Error) -> String {
    let first = error.clone().into_iter().next().unwrap_or_else(|| error.clone());
    let key = first.path.join(".");
    let place = first.metadata.as_ref().map(|from| format!(" (from {})", from.name)).unwrap_or_default();
    let secret = is_secret(&key);
    let what = if secret { "has the wrong form".to_owned() } else { first.kind.to_string() };
    if key.is_empty() { format!("settings: {what}{place}") } else { format!("{key}: {what}{place}") }
}

/// Every key that there is, as `section.key`; the example file is held to it.
#[must_use]
pub fn keys() -> Vec<String> {
    let mut keys: Vec<String> = SECRETS.iter().map(|key| key.replace('*', "NAME")).collect();
    keys.extend(
        [
            "http.public_url",
            "content_dir",
            "telegram.api_url",
            "discord.api_url",
            "classifier.embeddings",
            "directory.file",
            "directory.http.by_email",
            "directory.http.by_id",
            "directory.http.fields",
            "directory.sql.database",
            "directory.sql.by_email",
            "directory.sql.by_id",
            "mcp.NAME.url",
            "mcp.NAME.tools",
            "notify.webhook_url",
            "notify.telegram_chat",
            "tickets.base_url",
            "tickets.account",
            "tickets.project",
            "tickets.priorities",
            "tickets.statuses",
            "tickets.key_field",
            "tickets.generic",
            "tickets.settle_seconds",
            "llm.base_url",
            "llm.model",
            "llm.daily_budget_usd",
            "llm.conversation_budget_usd",
            "llm.customer_budget_usd",
            "llm.daily_tokens",
            "llm.prices.default",
            "llm.fallback.base_url",
            "llm.fallback.model",
            "llm.fallback.key_header",
            "email.host",
            "email.user",
            "email.from",
        ]
        .map(str::to_owned),
    );
    let dict: Result<Dict, _> = Figment::from(Serialized::defaults(defaults())).extract();
    fn walk(prefix: &str, dict: &Dict, into: &mut Vec<String>) {
        for (name, value) in dict {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Dict(_, inner) => walk(&key, inner, into),
                _ => into.push(key),
            }
        }
    }
    walk("", &dict.unwrap_or_default(), &mut keys);
    keys.sort();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(toml: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskhand.toml");
        std::fs::write(&file, toml).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn a_mistake_is_named_with_what_was_expected() {
        let refused = |toml: &str| from(toml).unwrap_err().0;
        assert!(refused("[http]\naddr = 5").starts_with("http.addr: "), "{}", refused("[http]\naddr = 5"));
        assert!(refused("[http]\nadr = '1.2.3.4:5'").contains("adr"));
        assert!(refused("[widget]\nallowed_origins = ['example.com']").contains("widget.allowed_origins"));
        assert!(refused("[notify]\nwebhook_url = 'https://x.y'").contains("notify.webhook_secret"));
        assert!(!refused("[widget]\nidentity_secret = ['hunter2']").contains("hunter2"));
        let webhook = refused("[telegram]\ntoken = '1:a'\nmode = 'webhook'");
        assert!(webhook.starts_with("telegram.webhook_secret is missing"), "{webhook}");
        let webhook =
            refused("[telegram]\ntoken = '1:a'\nmode = 'webhook'\nwebhook_secret = 'sixteen-or-longer'");
        assert!(webhook.starts_with("http.public_url"), "{webhook}");
        assert!(refused("[telegram]\nmode = 'pull'").starts_with("telegram.mode"));
        assert!(refused("[actions]\ncommands = ['stock']").starts_with("actions.commands"));
        assert!(refused("[actions]\ncommands = ['/nowhere/stock']").starts_with("actions.commands"));
        assert!(refused("[databases.shop]\nurll = 'x'").contains("urll"));
        assert!(refused("[mcp.shop]\ntools = ['a']").starts_with("mcp.shop.url"));
        assert!(refused("[mcp.shop]\nurl = 'https://x.y'\ntools = []").starts_with("mcp.shop.tools"));
        assert!(refused("[mcp.shop]\ncommand = ['shop']\ntools = ['a']").starts_with("mcp.shop.command"));
        assert!(refused("[directory]\nfields = ['tire']").starts_with("directory.fields"));
        assert!(refused("[directory]\ntimeout_ms = 9000").starts_with("directory.timeout_ms"));
        let sql = "[directory.sql]\ndatabase = 'shop'\nby_email = 'SELECT 1'";
        assert!(refused(sql).starts_with("directory.sql.database"), "{}", refused(sql));
        assert!(
            refused("[directory.http]\nby_email = 'https://crm.example/x'")
                .starts_with("directory.http.by_email")
        );
        assert!(refused("[directory.http]\nby_id = 'crm/{id}'").starts_with("directory.http.by_id"));
        assert!(refused("[directory.http]\ntoken = 'hunter2'").starts_with("directory.http"));
        assert!(!refused("[databases.shop]\nurl = ['hunter2']").contains("hunter2"));
        assert!(from("").is_ok());
        assert!(refused("[llm]\nbase_url = 'http://x/v1'").starts_with("llm.model is missing"));
        assert!(refused("[llm]\nbase_url = 'x'\nmodel = 'm'").starts_with("llm.base_url"));
        assert!(refused("[llm]\nmodels = { sing = 'm' }").starts_with("llm.models"));
        let unpriced = refused("[llm]\nbase_url = 'http://x/v1'\nmodel = 'm'\ndaily_budget_usd = 5.0");
        assert!(unpriced.starts_with("llm.prices is missing"), "{unpriced}");
        assert!(refused("[llm]\ndaily_budget_usd = -1.0").starts_with("llm.daily_budget_usd"));
        assert!(refused("[llm]\nat_once = 0").starts_with("llm.at_once"));
        assert!(refused("[llm.fallback]\nbase_url = 'http://x/v1'").starts_with("llm.fallback.base_url"));
        assert!(
            refused("[llm.prices]\nm = { input_usd = -1.0, output_usd = 1.0 }").starts_with("llm.prices.m")
        );
    }

    #[test]
    fn the_example_shows_every_setting_with_its_default() {
        let example = include_str!("../deskhand.example.toml");
        // As it stands it gives the defaults; with every comment taken away every key is one that exists.
        let plain = from(example).unwrap();
        assert_eq!(format!("{plain:?}"), format!("{:?}", from("").unwrap()));
        let all: String = example
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        from(&all).unwrap();
        let (mut section, mut shown) = (String::new(), Vec::new());
        for line in all.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = format!("{}.", name.trim_end_matches(']'));
            } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
                shown.push(format!("{section}{key}"));
            }
        }
        shown.sort();
        assert_eq!(shown, keys());
    }
}
