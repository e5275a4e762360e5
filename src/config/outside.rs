//! The sections about the systems that the desk tells and asks: e-mail, tickets, notices.

use super::ConfigError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

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
