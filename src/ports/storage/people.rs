//! Agents, admins, and everybody's sessions.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::ids::UserId;
use crate::domain::person::{PersonRef, Role};
use async_trait::async_trait;
use sha2::{Digest, Sha256};

/// A person at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Ours.
    pub id: UserId,
    /// Lower case; what they sign in with.
    pub email: String,
    /// Shown to customers and colleagues.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id in PHC form; `None` where they can sign in by link only.
    pub password: Option<String>,
}

impl User {
    /// As the log names them.
    #[must_use]
    pub fn reference(&self) -> PersonRef {
        PersonRef { id: self.id, name: self.name.clone() }
    }
}

/// What a session token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// The widget of one visitor.
    Visitor,
    /// The console of one user.
    Console,
    /// The console, once.
    Link,
    /// Joining a sender on a platform to the customer who was given the code, once.
    Join,
}

impl SessionKind {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Console => "console",
            Self::Link => "link",
            Self::Join => "join",
        }
    }
}

/// A session; only the SHA-256 of its token is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, hexadecimal.
    pub hash: String,
    /// What it opens.
    pub kind: SessionKind,
    /// The visitor's customer id or the user's id.
    pub subject: uuid::Uuid,
    /// Ends then at the latest.
    pub expires_at: Time,
    /// Last used; written at most once a minute.
    pub used_at: Time,
}

impl Session {
    /// What is kept of a token.
    #[must_use]
    pub fn hash_of(token: &str) -> String {
        hex::encode(Sha256::digest(token.as_bytes()))
    }
}

/// People and sessions.
#[async_trait]
pub trait People: Send + Sync {
    /// Adds a user, or changes name, role and password of the one with that address. Returns the id in force.
    async fn put_user(&self, user: User, at: Time) -> Result<UserId, Unavailable>;

    /// By address (lower case).
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Unavailable>;

    /// By id.
    async fn user(&self, id: UserId) -> Result<Option<User>, Unavailable>;

    /// All, by name.
    async fn users(&self) -> Result<Vec<User>, Unavailable>;

    /// Begins a session.
    async fn put_session(&self, session: Session) -> Result<(), Unavailable>;

    /// The session of that hash and kind, unless it has ended.
    async fn session(&self, hash: &str, kind: SessionKind, now: Time)
    -> Result<Option<Session>, Unavailable>;

    /// Notes that a session is in use.
    async fn touch_session(&self, hash: &str, used_at: Time) -> Result<(), Unavailable>;

    /// Ends a session; true if it was there. A one-time link is used by ending it.
    async fn end_session(&self, hash: &str) -> Result<bool, Unavailable>;

    /// Ends all console sessions of a user.
    async fn end_sessions_of(&self, user: UserId) -> Result<(), Unavailable>;

    /// Forgets sessions that have expired.
    async fn sweep_sessions(&self, now: Time) -> Result<(), Unavailable>;
}
