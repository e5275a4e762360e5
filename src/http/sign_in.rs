//! Signing in to the console: by password, or once by a link.

use super::Site;
use super::caller::Caller;
use super::extract::Json;
use super::limits::caller_key;
use super::problem::{Problem, Result};
use super::session::{self, Reader};
use crate::domain::ids::UserId;
use crate::domain::person::Role;
use crate::ledger::Ledger;
use crate::ports::storage::{SessionKind, Unavailable, User};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::OnceCell;
use utoipa::ToSchema;

/// The shortest password that is taken, in characters.
pub const MIN_PASSWORD: usize = 12;
/// The longest, in bytes: hashing more only burns time.
const MAX_PASSWORD: usize = 512;

/// Why a password was not hashed; the sentence is for whoever chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD} bytes")]
    Length,
    /// The hash could not be computed.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// Argon2id (19 MiB, 2 passes, as OWASP advises) in PHC form, computed where it holds nobody up.
pub async fn hash_password(password: String) -> std::result::Result<String, PasswordError> {
    if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
        return Err(PasswordError::Length);
    }
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(PasswordError::Failed(error.to_string())),
        Err(error) => Err(PasswordError::Failed(error.to_string())),
    }
}

/// Makes a code that signs a user in once, within `life`. It belongs behind `/console#link=`: a fragment is never
/// sent to a server and so stands in no log.
pub async fn issue_link(
    ledger: &Ledger,
    user: UserId,
    life: TimeDelta,
) -> std::result::Result<String, Unavailable> {
    session::begin(ledger, SessionKind::Link, user.0, life).await
}

/// Either of the two ways in.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum SignIn {
    /// E-mail and password.
    Password {
        /// The account.
        email: String,
        /// Its password.
        password: String,
    },
    /// The code of a one-time link.
    Link {
        /// The code.
        link: String,
    },
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    user: Me,
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct Me {
    id: String,
    email: String,
    name: String,
    #[schema(inline)]
    role: RoleName,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Admin,
    Agent,
    Analyst,
}

impl From<User> for SignedIn {
    fn from(user: User) -> Self {
        let role = match user.role {
            Role::Admin => RoleName::Admin,
            Role::Agent => RoleName::Agent,
            Role::Analyst => RoleName::Analyst,
        };
        Self { user: Me { id: user.id.to_string(), email: user.email, name: user.name, role } }
    }
}

/// Signs in; the answer carries the session cookie.
#[utoipa::path(post, operation_id = "sign_in", path = "/session", tag = "session", request_body = SignIn, security(()), responses((status = 200, body = SignedIn), Problem))]
pub(super) async fn create(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Json(form): Json<SignIn>,
) -> Result<Response> {
    let address = caller_key(caller.0);
    site.limits.sign_ins_by_address.check(&address)?;
    let user = match form {
        SignIn::Password { email, password } => {
            let email = email.trim().to_lowercase();
            site.limits.sign_ins.check(&(address, key_of(&email)))?;
            by_password(&site, &email, password).await?
        }
        SignIn::Link { link } => by_link(&site.ledger, &link).await?,
    };
    // A session that was there before, whoever planted it, ends here: the one that counts is new.
    let secure = site.settings.secure();
    if let Some(old) = session::cookie(&headers, secure) {
        site.ledger.storage.end_session(&session::hash(old)).await?;
    }
    let token = session::begin_console(&site.ledger, user.id).await?;
    tracing::info!(user = %user.id, "signed in");
    Ok(([(SET_COOKIE, session::set_cookie(&token, secure)?)], Json(SignedIn::from(user))).into_response())
}

/// Who is signed in.
#[utoipa::path(get, operation_id = "who_is_signed_in", path = "/session", tag = "session", responses((status = 200, body = SignedIn), Problem))]
pub(super) async fn show(reader: Reader) -> Json<SignedIn> {
    Json(reader.user.into())
}

/// Signs out.
#[utoipa::path(delete, operation_id = "sign_out", path = "/session", tag = "session", responses((status = 204, description = "Signed out"), Problem))]
pub(super) async fn delete(State(site): State<Site>, reader: Reader) -> Result<Response> {
    site.ledger.storage.end_session(&reader.hash).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session::clear_cookie(site.settings.secure())?)])
        .into_response())
}

/// The same answer, after the same work, whether the account exists or not.
async fn by_password(site: &Site, email: &str, password: String) -> Result<User> {
    let wrong = || Problem::unauthorized("bad-credentials", "E-mail or password is wrong.");
    if password.len() > MAX_PASSWORD {
        return Err(wrong());
    }
    let user = site.ledger.storage.user_by_email(email).await?;
    let known = user.as_ref().and_then(|user| user.password.clone());
    let hash = match &known {
        Some(hash) => hash.clone(),
        None => decoy().await?,
    };
    // Each hash takes 19 MiB: a crowd at the door waits in line instead of taking the memory.
    let _permit = site.hashing.acquire().await.map_err(Problem::internal)?;
    let matches =
        tokio::task::spawn_blocking(move || verify(&password, &hash)).await.map_err(Problem::internal)?;
    user.filter(|_| matches && known.is_some()).ok_or_else(wrong)
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash that no password fits, to check against where there is no account.
async fn decoy() -> Result<String> {
    static DECOY: OnceCell<String> = OnceCell::const_new();
    let made = DECOY.get_or_try_init(|| hash_password("no account has this password".to_owned())).await;
    made.cloned().map_err(Problem::internal)
}

/// Ending the link is using it: of two at once, one wins.
async fn by_link(ledger: &Ledger, code: &str) -> Result<User> {
    let used = || {
        let detail = "This link was used already or is too old. Ask for a new one.";
        Problem::unauthorized("bad-credentials", detail)
    };
    let hash = session::hash(code);
    let found = ledger.storage.session(&hash, SessionKind::Link, ledger.now()).await?.ok_or_else(used)?;
    if !ledger.storage.end_session(&hash).await? {
        return Err(used());
    }
    ledger.storage.user(UserId(found.subject)).await?.ok_or_else(used)
}

fn key_of(email: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    email.hash(&mut hasher);
    hasher.finish()
}
