//! E-mail over SMTP: plain text, one message for each recipient list, headers that no text can break out of.

use super::text::{one_line, printable};
use super::{Message, Notify};
use crate::guard::{Guard, causes, excerpt};
use crate::trouble::Trouble;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::net::SocketAddr;
use std::time::SystemTime;

/// Characters of a subject.
const SUBJECT: usize = 200;

/// How the link to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (port 465).
    Implicit,
    /// By STARTTLS, or not at all (port 587).
    StartTls,
    /// Not: for a relay on this machine or in its private network.
    None,
}

/// Who we are to the mail server.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Its name, as its certificate has it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the link is kept private.
    pub tls: Tls,
    /// Who we are to it; a login without TLS is refused.
    pub login: Option<Login>,
}

/// People who read mail.
pub struct Email {
    guard: Guard,
    smtp: Smtp,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// RFC 3834: so that vacation programs stay silent.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Email {
    /// From one address (`Deskhand <desk@example.com>`) to others.
    pub fn new<S: AsRef<str>>(
        guard: Guard,
        smtp: Smtp,
        from: &str,
        to: impl IntoIterator<Item = S>,
    ) -> Result<Self, Trouble> {
        let mailbox = |text: &str| {
            text.parse::<Mailbox>().map_err(|error| {
                Trouble::unusable(format!("`{}` is no e-mail address: {error}", excerpt(text)))
            })
        };
        let to = to.into_iter().map(|one| mailbox(one.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(Trouble::unusable("no recipient is named"));
        }
        if smtp.login.is_some() && smtp.tls == Tls::None {
            return Err(Trouble::unusable("a mail server's password is not sent without TLS"));
        }
        Ok(Self { guard, smtp, from: mailbox(from)?, to })
    }

    fn letter(&self, message: &Message, now: DateTime<Utc>) -> Result<lettre::Message, Trouble> {
        let subject: String = one_line(&message.title).chars().take(SUBJECT).collect();
        let link = message.link.as_ref().map(|link| format!("\n\n{link}")).unwrap_or_default();
        // The same id at every try: mail servers and readers drop the second one.
        let key: String = message
            .key
            .chars()
            .filter(|sign| sign.is_ascii_alphanumeric() || ".-_".contains(*sign))
            .collect();
        let id = format!("<{key}.deskhand@{}>", self.from.email.domain());
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .date(SystemTime::from(now))
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            letter = letter.to(to.clone());
        }
        letter
            .body(format!("{}{link}\n", printable(&message.text)))
            .map_err(|error| Trouble::unusable(error.to_string()))
    }

    async fn connect(&self, address: SocketAddr) -> Result<AsyncSmtpConnection, Trouble> {
        let host = &self.smtp.host;
        let failed = |error: lettre::transport::smtp::Error| self.trouble(error, false);
        let tls =
            || TlsParameters::new_rustls(host.clone()).map_err(|error| Trouble::unusable(causes(&error)));
        let hello = ClientId::Domain(self.from.email.domain().to_owned());
        let limit = Some(self.guard.limits().connect);
        let implicit = if self.smtp.tls == Tls::Implicit { Some(tls()?) } else { None };
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, limit, &hello, implicit, None)
            .await
            .map_err(failed)?;
        if self.smtp.tls == Tls::StartTls {
            if !connection.can_starttls() {
                return Err(Trouble::unusable(format!(
                    "{host} offers no STARTTLS, and mail is not sent in the clear"
                )));
            }
            connection.starttls(tls()?, &hello).await.map_err(failed)?;
        }
        if let Some(login) = &self.smtp.login {
            let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(failed)?;
        }
        Ok(connection)
    }

    /// A link to the mail server, ready for a letter.
    async fn greeted(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let addresses = self.guard.addresses(&self.smtp.host).await?;
        let Some(ip) = addresses.first() else {
            return Err(Trouble::Retry { why: format!("{} has no address", self.smtp.host) });
        };
        let limit = self.guard.limits().total;
        let connecting = self.connect(SocketAddr::new(*ip, self.smtp.port));
        tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| {
            Err(Trouble::Retry { why: format!("{} did not greet within {limit:?}", self.smtp.host) })
        })
    }

    /// `written`: the letter itself may have been handed over.
    fn trouble(&self, error: lettre::transport::smtp::Error, written: bool) -> Trouble {
        let why = format!("{}: {}", self.smtp.host, excerpt(&causes(&error)));
        match error.status() {
            Some(code) if error.is_permanent() => Trouble::Refused { status: u16::from(code), body: why },
            Some(_) => Trouble::Retry { why },
            None if written => Trouble::InDoubt { why },
            None => Trouble::Retry { why },
        }
    }
}

#[async_trait]
impl Notify for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    async fn notify(&self, message: &Message, now: DateTime<Utc>) -> Result<(), Trouble> {
        let letter = self.letter(message, now)?;
        let limit = self.guard.limits().total;
        let mut connection = self.greeted().await?;
        let formatted = letter.formatted();
        match tokio::time::timeout(limit, connection.send(letter.envelope(), &formatted)).await {
            Ok(Ok(_)) => {
                // It has been accepted: however the farewell goes.
                connection.abort().await;
                Ok(())
            }
            Ok(Err(error)) => Err(self.trouble(error, true)),
            Err(_) => Err(Trouble::InDoubt {
                why: format!("{} did not take the letter within {limit:?}", self.smtp.host),
            }),
        }
    }

    /// Greets the mail server and signs in, without handing over a letter.
    async fn examine(&self) -> Result<(), Trouble> {
        let mut connection = self.greeted().await?;
        // It has greeted us: however the farewell goes.
        connection.abort().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Limits, Policy};
    use crate::notify::tests_support::hostile;
    use std::time::Duration;

    fn email(to: &str) -> Result<Email, Trouble> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let guard = Guard::new(Policy::strict(), Limits::default(), Duration::from_secs(30))?;
        let smtp = Smtp { host: "mail.example".to_owned(), port: 25, tls: Tls::None, login: None };
        Email::new(guard, smtp, "Desk <desk@example.com>", [to])
    }

    #[test]
    fn no_text_becomes_a_header() {
        let mut message = hostile();
        message.title = "Refund\r\nBcc: all@evil.example\r\n\r\n<html>".to_owned();
        message.text = "Hello\r\n.\r\nMAIL FROM:<x@evil.example>".to_owned();
        message.key = "c1:7\r\nX: y".to_owned();
        let letter = email("Ada <ada@example.com>").unwrap().letter(&message, message.at).unwrap();
        let text = String::from_utf8(letter.formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
        assert_eq!(
            names,
            [
                "From",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "Content-Type",
                "To",
                "Content-Transfer-Encoding"
            ],
            "{head}"
        );
        assert!(head.contains("Message-ID: <c17Xy.deskhand@example.com>"));
        assert_eq!(letter.envelope().to().len(), 1);
    }

    #[test]
    fn an_address_that_is_two_is_refused() {
        for to in
            ["", "ada", "ada@example.com\r\nBcc: b@evil.example", "a@b.example, c@d.example", "<a@b.c> x"]
        {
            assert!(email(to).is_err(), "{to}");
        }
    }
}
