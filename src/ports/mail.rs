//! Letters to people, by e-mail.

use async_trait::async_trait;

/// A letter to one person: plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Stable over tries, different for every other letter: it becomes the Message-ID, by which readers drop doubles.
    /// Letters, digits, `:`, `.`, `_` and `-`.
    pub key: String,
    /// One address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The rest.
    pub text: String,
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one; it has been accepted by the mail server when this returns.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Why a letter was not sent, by what the caller can do. What the server said is for admins only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Surely not sent; the same again may succeed.
    #[error("the mail server did not take the letter: {0}")]
    Retry(String),
    /// Surely not sent, and the same again would fail the same.
    #[error("the letter was refused: {0}")]
    Refused(String),
    /// Nobody can know whether it was sent.
    #[error("the letter may or may not have been sent: {0}")]
    InDoubt(String),
}
