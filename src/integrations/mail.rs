//! E-mail over the mail server of the settings.

use crate::config::{Email, TlsMode};
use crate::ports::{Clock, Mail, MailError, Mailer};
use async_trait::async_trait;
use connectors::guard::{Guard, Limits, Policy};
use connectors::notify::{self, Login, Message, Notify, Smtp, Tls};
use connectors::trouble::{Advice, Trouble};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long a mail server that fails is left alone; SMTP itself is not behind the guard's breakers.
const BREAK: Duration = Duration::from_secs(30);

/// The mail server of the settings: who we are to it, and from whom letters come.
#[derive(Clone)]
pub struct PostOffice {
    guard: Guard,
    smtp: Smtp,
    from: String,
}

impl PostOffice {
    /// The mail server of the settings; nothing where none is set. The error names the setting.
    pub fn of(settings: &Email) -> Result<Option<Self>, String> {
        let (Some(host), Some(from)) = (&settings.host, &settings.from) else { return Ok(None) };
        // The operator names one host; no admin and no customer has a say in it.
        let policy = Policy::allowing([host.as_str()]).map_err(|entry| format!("email.host: {entry}"))?;
        let guard = Guard::new(policy, Limits::default(), BREAK).map_err(|trouble| trouble.to_string())?;
        let login = settings
            .user
            .clone()
            .zip(settings.password.clone())
            .map(|(user, password)| Login { user, password });
        let tls = match settings.tls {
            TlsMode::Implicit => Tls::Implicit,
            TlsMode::Starttls => Tls::StartTls,
            TlsMode::None => Tls::None,
        };
        let smtp = Smtp { host: host.clone(), port: settings.port, tls, login };
        let office = Self { guard, smtp, from: from.clone() };
        // The sender's address is tried out on itself.
        office.to([from]).map_err(|trouble| format!("email.from: {trouble}"))?;
        Ok(Some(office))
    }

    /// Letters to these addresses.
    pub fn to<S: AsRef<str>>(&self, to: impl IntoIterator<Item = S>) -> Result<notify::Email, Trouble> {
        notify::Email::new(self.guard.clone(), self.smtp.clone(), &self.from, to)
    }

    /// Greets the mail server and signs in, without sending anything.
    pub async fn examine(&self) -> Result<(), String> {
        let email = self.to([&self.from]).map_err(|trouble| trouble.to_string())?;
        email.examine().await.map_err(|trouble| trouble.to_string())
    }
}

/// Letters to single people.
pub struct SmtpMailer {
    office: PostOffice,
    clock: Arc<dyn Clock>,
}

impl SmtpMailer {
    /// A mailer.
    #[must_use]
    pub fn new(office: PostOffice, clock: Arc<dyn Clock>) -> Self {
        Self { office, clock }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let now = self.clock.now();
        let message = Message {
            key: mail.key.clone(),
            title: mail.subject.clone(),
            text: mail.text.clone(),
            link: None,
            at: now,
            kind: String::new(),
            data: Value::Null,
        };
        let email = self.office.to([&mail.to]).map_err(|trouble| MailError::Refused(trouble.to_string()))?;
        email.notify(&message, now).await.map_err(|trouble| match trouble.advice() {
            Advice::Again | Advice::AgainAfter(_) => MailError::Retry(trouble.to_string()),
            Advice::LookFirst => MailError::InDoubt(trouble.to_string()),
            Advice::GiveUp => MailError::Refused(trouble.to_string()),
        })
    }
}
