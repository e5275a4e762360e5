//! One-time codes: makes them, and takes them out of what customers write before anything is recorded. So the code is
//! never in the log, and whatever is made of the log (the console, exports, prompts) cannot hold it either.

use crate::domain::code::{self, Claim, LIFE_MINUTES, TRIES, Tried};
use crate::domain::conversation::Conversation;
use crate::domain::customer::Account;
use crate::domain::event::Event;
use crate::domain::ids::{CustomerId, Place, Seq};
use crate::ledger::Ledger;
use crate::ports::storage::{CodeTry, IssuedCode, Unavailable};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use channels::{Channel, Inbound};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Codes that one customer may ask for, and that may be asked for one account, within the time of [`COUNTED`].
const CLAIMS: (i64, i64) = (3, 5);
/// How long a code that was asked for counts.
const COUNTED: TimeDelta = TimeDelta::hours(1);
/// More than so many things that look like codes in one message are not compared one by one, but all hidden.
const COMPARED: usize = 4;

/// The engine of codes.
#[derive(Clone)]
pub struct Codes {
    ledger: Ledger,
}

/// Whose account a code opens.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Opens {
    id: String,
    email: String,
    name: String,
}

impl Codes {
    /// An engine.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// Whether one more code may be asked for; it counts from then on, whether or not there is such an account.
    pub async fn admits(
        &self,
        place: Place,
        customer: CustomerId,
        claim: &Claim,
    ) -> Result<bool, Unavailable> {
        let (storage, now, key) = (&self.ledger.storage, self.ledger.now(), claim.key());
        let since = now - COUNTED;
        // First noted, then counted: of many at once each sees all that were before it, so that too few may pass, never
        // too many.
        storage.note_claim(place, customer, &key, now, since).await?;
        let claims = storage.claims(customer, &key, since).await?;
        let admitted = claims.by_customer <= CLAIMS.0 && claims.for_account <= CLAIMS.1;
        if !admitted {
            storage.withdraw_claim(place).await?;
        }
        Ok(admitted)
    }

    /// A code for whoever the account belongs to, in place of the customer's earlier one. Without an account there is
    /// one all the same, which nobody is told: trying it takes as long and says as little.
    pub async fn issue(
        &self,
        place: Place,
        customer: CustomerId,
        account: Option<&Account>,
    ) -> Result<String, Unavailable> {
        let code = code_of(&self.ledger.ids.secret())?;
        let kept = if account.is_some() { code.clone() } else { self.ledger.ids.secret() };
        let opens = account.map_or_else(Opens::default, |account| Opens {
            id: account.id.clone(),
            email: account.email.clone(),
            name: account.name.clone(),
        });
        let issued = IssuedCode {
            customer,
            place,
            hash: hash(kept).await?,
            account: serde_json::to_string(&opens).map_err(|error| Unavailable(error.to_string()))?,
            expires_at: self.ledger.now() + TimeDelta::minutes(LIFE_MINUTES),
        };
        self.ledger.storage.put_code(issued).await?;
        Ok(code)
    }

    /// Takes codes out of a message that is about to be recorded under the key `once`, and says what came of them. The
    /// same message again gives the same.
    pub async fn take(
        &self,
        inbound: &mut Inbound,
        customer: CustomerId,
        talk: Option<&Conversation>,
        once: &str,
    ) -> Result<Vec<Event>, Unavailable> {
        let written = code::candidates(&inbound.text);
        let quoted = inbound.quoted.as_deref().map(code::candidates).unwrap_or_default();
        if written.is_empty() && quoted.is_empty() || self.ledger.storage.seen(once).await?.is_some() {
            return Ok(Vec::new());
        }
        let issued = self.ledger.storage.code(customer, self.ledger.now()).await?;
        let awaited = talk.and_then(|talk| talk.awaits_code().map(|effect| (talk, effect)));
        let (mut hide, mut hide_quoted) = (written.clone(), quoted);
        if awaited.is_none() {
            // A code that is still good is hidden wherever it is written; other numbers are not.
            let Some(issued) = &issued else { return Ok(Vec::new()) };
            hide = codes_among(hide, issued).await?;
            hide_quoted = codes_among(hide_quoted, issued).await?;
        }
        inbound.text = code::hidden(&inbound.text, hide.iter().map(|(_, place)| place));
        let quoted = inbound.quoted.take();
        inbound.quoted = quoted.map(|text| code::hidden(&text, hide_quoted.iter().map(|(_, place)| place)));
        let (Some((talk, effect)), Some((digits, _))) = (awaited, written.into_iter().next()) else {
            return Ok(Vec::new());
        };
        let issued =
            issued.filter(|issued| issued.place.conversation == talk.id && issued.place.seq == effect);
        let tried = match issued {
            Some(issued) => self.tried(&issued, digits, inbound, once).await?,
            // It has not been sent yet: nothing can be right, and nothing counts.
            None if talk.acts.contains_key(&effect) => Tried::Wrong { left: TRIES },
            None => Tried::Gone,
        };
        Ok(events(talk, effect, tried))
    }

    async fn tried(
        &self,
        issued: &IssuedCode,
        digits: String,
        inbound: &Inbound,
        once: &str,
    ) -> Result<Tried, Unavailable> {
        let storage = &self.ledger.storage;
        let right = fits(digits, issued.hash.clone()).await?;
        let counted = storage.try_code(issued.place, issued.customer, once, right, i64::from(TRIES)).await?;
        let (right, tries) = match counted {
            CodeTry::Counted(tries) => (right, tries),
            CodeTry::Before { taken, tries } => (taken, tries),
            CodeTry::Gone => return Ok(Tried::Gone),
        };
        metrics::counter!("deskhand_codes_tried_total", "right" => if right { "yes" } else { "no" })
            .increment(1);
        if right {
            return Ok(Tried::Right { customer: self.join(issued, inbound).await? });
        }
        let left = i64::from(TRIES) - tries;
        Ok(Tried::Wrong { left: u32::try_from(left).unwrap_or(0) })
    }

    /// The customer is whose account it is. Somebody known from elsewhere keeps that record, where the channel's own
    /// identity can be bound to it; a widget's is its record.
    async fn join(&self, issued: &IssuedCode, inbound: &Inbound) -> Result<CustomerId, Unavailable> {
        let storage = &self.ledger.storage;
        let opens: Opens =
            serde_json::from_str(&issued.account).map_err(|error| Unavailable(error.to_string()))?;
        if inbound.channel != Channel::Web
            && let Some(known) = storage.customer_by_external(&opens.id).await?
            && known.verified
            && known.id != issued.customer
        {
            storage.rebind(inbound.channel, &inbound.sender, known.id).await?;
            return Ok(known.id);
        }
        let record = storage.customer(issued.customer).await?;
        let mut record = record.ok_or_else(|| Unavailable("the customer's record is missing".to_owned()))?;
        // Whoever has proved to be somebody stays that.
        if !record.verified {
            record.verified = true;
            record.external = Some(opens.id);
            record.email = Some(opens.email);
            record.name = record.name.or(Some(opens.name).filter(|name| !name.is_empty()));
            storage.put_customer(record, self.ledger.now()).await?;
        }
        Ok(issued.customer)
    }
}

/// What the log learns of a try.
fn events(talk: &Conversation, effect: Seq, tried: Tried) -> Vec<Event> {
    let mut events = vec![Event::CodeTried { effect, tried }];
    if let Tried::Right { customer } = tried
        && customer != talk.customer
    {
        events.push(Event::Joined { customer });
    }
    events
}

type Candidates = Vec<(String, std::ops::Range<usize>)>;

/// Those that are the code.
async fn codes_among(found: Candidates, issued: &IssuedCode) -> Result<Candidates, Unavailable> {
    if found.len() > COMPARED {
        return Ok(found);
    }
    let mut codes = Vec::new();
    for (digits, place) in found {
        if fits(digits.clone(), issued.hash.clone()).await? {
            codes.push((digits, place));
        }
    }
    Ok(codes)
}

/// Evenly spread over all codes: 2^64 is far more than there are. A secret that is no hexadecimal text gives no code:
/// one that everybody could guess would be worse.
fn code_of(secret: &str) -> Result<String, Unavailable> {
    let tail =
        secret.get(secret.len().saturating_sub(16)..).and_then(|tail| u64::from_str_radix(tail, 16).ok());
    let number = tail.ok_or_else(|| Unavailable("there is no randomness for a code".to_owned()))?;
    let all = 10_u64.pow(code::DIGITS as u32);
    Ok(format!("{:0width$}", number % all, width = code::DIGITS))
}

/// Slow on purpose, so away from the threads that serve others.
async fn hash(code: String) -> Result<String, Unavailable> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(code.as_bytes()).map(|hash| hash.to_string())
    });
    let hashed = hashed.await.map_err(|error| Unavailable(error.to_string()))?;
    hashed.map_err(|error| Unavailable(format!("a code could not be hashed: {error}")))
}

async fn fits(code: String, hash: String) -> Result<bool, Unavailable> {
    let compared = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(code.as_bytes(), &hash).is_ok())
    });
    compared.await.map_err(|error| Unavailable(error.to_string()))
}
