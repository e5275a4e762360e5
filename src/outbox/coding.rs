//! One-time codes by e-mail, to the address that the customer directory has, and to no other.

use super::{Dispatcher, TRY_LIMIT, Try, again, done};
use crate::domain::code::{Claim, LIFE_MINUTES};
use crate::domain::conversation::Conversation;
use crate::domain::customer::Account;
use crate::domain::effect::Outcome;
use crate::ports::storage::{Item, Unavailable};
use crate::ports::{DirectoryError, Mail, MailError};
use serde_json::json;

impl Dispatcher {
    /// Sends a code to whoever the account belongs to. What the customer sees of it never depends on whether there is
    /// such an account: only what fails for everybody counts as failed.
    pub(super) async fn send_code(
        &self,
        item: &Item,
        talk: &Conversation,
        claim: &Claim,
    ) -> Result<Try, Unavailable> {
        let failed = |cause: &str| Ok(done(Outcome::Failed { cause: cause.to_owned() }));
        if talk.awaits_code() != Some(item.place.seq) {
            return Ok(done(Outcome::Dropped));
        }
        let Some(mailer) = &self.world.mailer else {
            return failed("no mail server is set: email.host and email.from are missing");
        };
        if !self.codes.admits(item.place, talk.customer, claim).await? {
            return failed("too many codes were asked for within an hour");
        }
        let asked = async {
            match claim {
                Claim::Email(email) => self.world.directory.by_email(email.trim()).await,
                Claim::Account(id) => self.world.directory.by_id(id.trim()).await,
            }
        };
        let account = match tokio::time::timeout(TRY_LIMIT, asked).await {
            Ok(Ok(account)) => account.filter(|account| is_claimed(account, claim)),
            Ok(Err(DirectoryError(cause))) => return Ok(again(cause)),
            Err(_) => return Ok(again("the customer directory has not answered".to_owned())),
        };
        let code = self.codes.issue(item.place, talk.customer, account.as_ref()).await?;
        let Some(account) = account else {
            return Ok(done(Outcome::CodeUnsent {
                cause: "there is no such account with an address".to_owned(),
            }));
        };
        let book = self.library.current();
        let language = book.spoken(talk.language(&book.desk.default_language)).to_owned();
        let mut facts = crate::triage::facts::of_conversation(talk, &book).json();
        facts.insert("bot".to_owned(), json!({"name": book.desk.bot_name}));
        facts.insert("code".to_owned(), json!({"digits": code, "minutes": LIFE_MINUTES, "left": 0}));
        let subject = book.say("code-subject", &language, &facts);
        let mail = Mail {
            // Every try sends another code, so every letter is another.
            key: format!("{}.{}", item.place, item.attempts),
            to: account.email,
            subject: subject.lines().next().unwrap_or_default().to_owned(),
            text: book.say("code-mail", &language, &facts),
        };
        Ok(match tokio::time::timeout(TRY_LIMIT, mailer.send(&mail)).await {
            Ok(Ok(())) => done(Outcome::CodeSent),
            Ok(Err(error @ MailError::Refused(_))) => done(Outcome::CodeUnsent { cause: error.to_string() }),
            Ok(Err(error)) => again(error.to_string()),
            Err(_) => again("the mail server has not answered".to_owned()),
        })
    }
}

/// A directory that answers with somebody else is not believed.
fn is_claimed(account: &Account, claim: &Claim) -> bool {
    let fits = match claim {
        Claim::Email(email) => account.email.eq_ignore_ascii_case(email.trim()),
        Claim::Account(id) => account.id == id.trim(),
    };
    fits && !account.id.is_empty() && account.email.contains('@')
}
