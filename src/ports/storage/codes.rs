//! One-time codes. A customer has one at most; only a slow hash of it is kept.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use async_trait::async_trait;

/// A code that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCode {
    /// Who gives it back.
    pub customer: CustomerId,
    /// The effect that sent it.
    pub place: Place,
    /// Argon2id in PHC form. Where there was nobody to send a code to it is of something that is none.
    pub hash: String,
    /// Whose account it opens, as JSON.
    pub account: String,
    /// Good until then.
    pub expires_at: Time,
}

/// How often codes were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claims {
    /// By this customer.
    pub by_customer: i64,
    /// For this account, by anybody.
    pub for_account: i64,
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTry {
    /// It counted: so many tries there were by now.
    Counted(i64),
    /// The same message again: it had been counted, or taken, before.
    Before {
        /// Whether the code had been taken.
        taken: bool,
        /// Tries by now.
        tries: i64,
    },
    /// There is no such code any more, or it was tried too often.
    Gone,
}

/// Codes.
#[async_trait]
pub trait Codes: Send + Sync {
    /// How often codes were asked for since then.
    async fn claims(&self, customer: CustomerId, claim: &str, since: Time) -> Result<Claims, Unavailable>;

    /// Notes that one is asked for, once for each place; forgets what is older than `forget`.
    async fn note_claim(
        &self,
        place: Place,
        customer: CustomerId,
        claim: &str,
        at: Time,
        forget: Time,
    ) -> Result<(), Unavailable>;

    /// What was noted there does not count: nothing came of it.
    async fn withdraw_claim(&self, place: Place) -> Result<(), Unavailable>;

    /// Keeps a code, in place of the customer's earlier one.
    async fn put_code(&self, code: IssuedCode) -> Result<(), Unavailable>;

    /// The customer's code, unless it has run out.
    async fn code(&self, customer: CustomerId, now: Time) -> Result<Option<IssuedCode>, Unavailable>;

    /// Counts a try by the message `by`, and takes the code where it was right. A message counts once, and of many at
    /// once no more than `most` count.
    async fn try_code(
        &self,
        place: Place,
        customer: CustomerId,
        by: &str,
        right: bool,
        most: i64,
    ) -> Result<CodeTry, Unavailable>;
}
