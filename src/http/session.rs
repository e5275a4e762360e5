//! Sessions: 256 random bits, of which only the SHA-256 is kept. The console's travel in a cookie that no script can
//! read, the widget's in a header.

use super::Site;
use super::problem::{Problem, Result};
use crate::domain::Time;
use crate::domain::ids::UserId;
use crate::domain::person::{PersonRef, Role};
use crate::ledger::Ledger;
use crate::ports::storage::{Session, SessionKind, Unavailable, User};
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use chrono::TimeDelta;
use uuid::Uuid;

/// A console that is not used for this long is signed out.
const CONSOLE_IDLE: TimeDelta = TimeDelta::hours(12);
/// A console is signed out after this long, used or not.
const CONSOLE_LIFE: TimeDelta = TimeDelta::days(7);
/// How exactly the last use is kept.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What is kept of a token.
pub(crate) fn hash(token: &str) -> String {
    Session::hash_of(token)
}

/// Begins a session and returns its token.
pub(crate) async fn begin(
    ledger: &Ledger,
    kind: SessionKind,
    subject: Uuid,
    life: TimeDelta,
) -> std::result::Result<String, Unavailable> {
    let token = ledger.ids.secret();
    let now = ledger.now();
    let session = Session { hash: hash(&token), kind, subject, expires_at: now + life, used_at: now };
    ledger.storage.put_session(session).await?;
    Ok(token)
}

/// Begins a console session.
pub(crate) async fn begin_console(ledger: &Ledger, user: UserId) -> std::result::Result<String, Unavailable> {
    begin(ledger, SessionKind::Console, user.0, CONSOLE_LIFE).await
}

/// The token in `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

/// The cookie's name; the prefix makes browsers insist on TLS, this host and no domain.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-deskhand" } else { "deskhand" }
}

/// The token in the cookie.
pub(crate) fn cookie(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let wanted = cookie_name(secure);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, token)| (name == wanted && !token.is_empty()).then_some(token))
}

/// The header that gives a browser its cookie.
pub(crate) fn set_cookie(token: &str, secure: bool) -> Result<HeaderValue> {
    bake(token, CONSOLE_LIFE.num_seconds(), secure)
}

/// The header that takes it away.
pub(crate) fn clear_cookie(secure: bool) -> Result<HeaderValue> {
    bake("", 0, secure)
}

fn bake(token: &str, max_age: i64, secure: bool) -> Result<HeaderValue> {
    let name = cookie_name(secure);
    let only_tls = if secure { "; Secure" } else { "" };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{only_tls}");
    HeaderValue::from_str(&cookie).map_err(Problem::internal)
}

/// Somebody who is signed in to the console, whatever their role.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    /// Who.
    pub(crate) user: User,
    /// Of their token.
    pub(crate) hash: String,
}

/// Somebody who is signed in and may talk to customers.
#[derive(Debug, Clone)]
pub(crate) struct Answerer(pub(crate) User);

impl Answerer {
    /// As the log names them.
    pub(crate) fn person(&self) -> PersonRef {
        PersonRef { id: self.0.id, name: self.0.name.clone() }
    }
}

impl FromRequestParts<Site> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        let signed_out =
            || Problem::unauthorized("signed-out", "Your session has ended. Please sign in again.");
        let token = cookie(&parts.headers, site.settings.secure()).ok_or_else(signed_out)?;
        let hash = hash(token);
        let session = console_session(&site.ledger, &hash).await?.ok_or_else(signed_out)?;
        touch(&site.ledger, &session, site.ledger.now()).await?;
        let user = site.ledger.storage.user(UserId(session.subject)).await?.ok_or_else(signed_out)?;
        Ok(Self { user, hash })
    }
}

impl FromRequestParts<Site> for Answerer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        let Reader { user, .. } = Reader::from_request_parts(parts, site).await?;
        if user.role.may_answer() {
            Ok(Self(user))
        } else {
            let detail = "Your role may read, but not answer customers. Ask an admin for the role \"agent\".";
            Err(Problem::forbidden("role", detail))
        }
    }
}

/// Somebody who is signed in and may change how the desk works.
#[derive(Debug, Clone)]
pub(crate) struct Admin(pub(crate) User);

impl FromRequestParts<Site> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        let Reader { user, .. } = Reader::from_request_parts(parts, site).await?;
        if user.role == Role::Admin {
            Ok(Self(user))
        } else {
            let detail = "Only an admin may change this. Ask somebody with the role \"admin\".";
            Err(Problem::forbidden("role", detail))
        }
    }
}

/// A console session, unless it has ended or was idle for too long.
pub(crate) async fn console_session(
    ledger: &Ledger,
    hash: &str,
) -> std::result::Result<Option<Session>, Unavailable> {
    let now = ledger.now();
    let Some(session) = ledger.storage.session(hash, SessionKind::Console, now).await? else {
        return Ok(None);
    };
    if now - session.used_at > CONSOLE_IDLE {
        ledger.storage.end_session(hash).await?;
        return Ok(None);
    }
    Ok(Some(session))
}

/// Notes that a session is used, at most once a minute.
pub(crate) async fn touch(
    ledger: &Ledger,
    session: &Session,
    now: Time,
) -> std::result::Result<(), Unavailable> {
    if now - session.used_at >= TOUCH_EVERY {
        ledger.storage.touch_session(&session.hash, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_only_under_its_exact_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; deskhand=plain; xdeskhand=no"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-deskhand=bound"));
        assert_eq!(cookie(&headers, false), Some("plain"));
        assert_eq!(cookie(&headers, true), Some("bound"));
        assert_eq!(cookie(&HeaderMap::new(), true), None);
    }

    #[test]
    fn cookies_are_out_of_reach_for_scripts_and_other_sites() {
        let secure = set_cookie("t", true).unwrap();
        let secure = secure.to_str().unwrap();
        assert_eq!(secure, "__Host-deskhand=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure");
        assert!(!set_cookie("t", false).unwrap().to_str().unwrap().contains("Secure"));
    }
}
