//! The sections about the systems that the desk tells and asks: e-mail, tickets, notices.

use super::ConfigError;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

/// `[email]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server, as its certificate names it; without it no e-mail is sent. It may be private.
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the link is kept private.
    pub tls: TlsMode,
    /// Who the desk is to it.
    pub user: Option<String>,
    /// And its password.
    pub password: Option<SecretString>,
    /// From whom letters come, like `Desk <desk@example.com>`.
    pub from: Option<String>,
}

/// How the link to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// From the first byte (port 465).
    Implicit,
    /// By STARTTLS, or not at all (port 587).
    Starttls,
    /// Not: for a relay on this machine or in its private network.
    None,
}

/// A text that may look like a number, as everything does in the environment.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(i64),
    }
    let word = Option::<Word>::deserialize(from)?;
    Ok(word.map(|word| match word {
        Word::Text(text) => text,
        Word::Number(number) => number.to_string(),
    }))
}

/// `[notify]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Where notices to teams are posted beside the console.
    pub webhook_url: Option<String>,
    /// Signs them, by the rules of Standard Webhooks.
    pub webhook_secret: Option<SecretString>,
    /// An incoming webhook of a Slack channel; the address is the secret.
    pub slack_url: Option<SecretString>,
    /// A webhook of a Discord channel; the address is the secret.
    pub discord_url: Option<SecretString>,
    /// A Telegram chat that the bot of `telegram.token` writes to: its number, or `@name` of a channel.
    #[serde(default, deserialize_with = "text")]
    pub telegram_chat: Option<String>,
    /// Who gets notices by e-mail.
    pub email: Vec<String>,
}

/// `[tickets]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tickets {
    /// Where tickets stand beside our own.
    pub system: TicketSystemName,
    /// The system's address. It may be private.
    pub base_url: Option<String>,
    /// Zendesk, Jira: the account's e-mail address. Zammad, Freshdesk: that of customers who are not known.
    pub account: Option<String>,
    /// The key or token of the API.
    pub token: Option<SecretString>,
    /// Jira: the project's key. GitHub: `owner/name`. Linear: the team's UUID. Zammad: the group. Redmine: the project.
    #[serde(default, deserialize_with = "text")]
    pub project: Option<String>,
    /// Jira: the kind of issue.
    pub issue_type: String,
    /// Jira: names, Redmine: numbers of our four priorities, the lowest first.
    pub priorities: Option<Vec<String>>,
    /// Redmine: the names of the statuses for what is open, pending and solved; by their meaning where nothing is said.
    pub statuses: Option<Vec<String>>,
    /// The largest file of a customer that is carried over to the other system, in bytes; of larger ones, and with 0 of
    /// all, the ticket there says that they are in the desk.
    pub max_file_bytes: usize,
    /// Redmine: the number, Freshdesk: the name of a custom field that carries our key.
    #[serde(default, deserialize_with = "text")]
    pub key_field: Option<String>,
    /// The file that describes a generic system.
    pub generic: Option<std::path::PathBuf>,
    /// Proves events of the system, which it posts to `/hooks/tickets/{system}`.
    pub webhook_secret: Option<SecretString>,
    /// How often an open ticket is asked about where the system sends no events.
    pub poll_minutes: u32,
    /// How long after its beginning a lost request may still come to light; the vendor's own where nothing is said.
    pub settle_seconds: Option<u64>,
}

/// A ticket system that there is an adapter for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum TicketSystemName {
    /// Ours alone.
    Builtin,
    Zendesk,
    Jira,
    Github,
    Linear,
    Zammad,
    Freshdesk,
    Redmine,
    /// Any HTTP API, as a file describes it.
    Generic,
}

impl TicketSystemName {
    /// The name in the settings, the API and addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Zendesk => "zendesk",
            Self::Jira => "jira",
            Self::Github => "github",
            Self::Linear => "linear",
            Self::Zammad => "zammad",
            Self::Freshdesk => "freshdesk",
            Self::Redmine => "redmine",
            Self::Generic => "generic",
        }
    }
}

impl Tickets {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |message: String| Err(ConfigError(message));
        if self.poll_minutes == 0 {
            return wrong("tickets.poll_minutes: 0 is too often; expected 1 or more".to_owned());
        }
        let whole = self.base_url.is_some() && self.token.is_some();
        if self.system != TicketSystemName::Builtin && !whole {
            let missing = if self.base_url.is_none() { "base_url" } else { "token" };
            return wrong(format!("tickets.{missing} is missing: {} needs it", self.system.name()));
        }
        Ok(())
    }
}

impl Email {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |message: &str| Err(ConfigError(message.to_owned()));
        match (&self.host, &self.from, &self.user, &self.password) {
            (Some(_), None, ..) => wrong("email.from is missing: letters need a sender"),
            (None, Some(_), ..) | (None, _, Some(_), _) | (None, _, _, Some(_)) => {
                wrong("email.host is missing: the other settings of [email] need a mail server")
            }
            (_, _, Some(_), None) => wrong("email.password is missing: email.user needs one"),
            (_, _, None, Some(_)) => wrong("email.user is missing: email.password needs one"),
            (_, _, Some(_), Some(_)) if self.tls == TlsMode::None => {
                wrong("email.tls is \"none\": a password is not sent without TLS")
            }
            _ => Ok(()),
        }
    }
}
