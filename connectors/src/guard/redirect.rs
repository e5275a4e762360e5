//! Where an answer sends us: followed within one host as it is, to other hosts only when nothing can come of it. Pure.

use super::{Answer, Outgoing, place};
use crate::trouble::Trouble;
use reqwest::header::{ACCEPT, LOCATION, USER_AGENT};

/// Where an answer sends us, or nothing where it is the answer. Nothing that changes something is carried to another
/// host, and no secret ever is.
pub(super) fn redirect(request: &Outgoing, answer: &Answer) -> Result<Option<Outgoing>, Trouble> {
    let status = answer.status.as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers.get(LOCATION) else { return Ok(None) };
    let refused = |body: &str| Trouble::Refused { status, body: body.to_owned() };
    let url = location
        .to_str()
        .ok()
        .and_then(|location| request.url.join(location).ok())
        .ok_or_else(|| refused("it redirects to no address"))?;
    if request.url.scheme() == "https" && url.scheme() == "http" {
        return Err(refused("it redirects from https to plain http"));
    }
    let same_host = url.origin() == request.url.origin();
    let mut next = request.clone();
    if !request.method.is_safe() {
        // "See other" is how something that was done is answered; the rest are moved endpoints, the admin's to correct.
        if status == 303 {
            return Err(Trouble::InDoubt {
                why: format!("it was answered with a redirect to {}", place(&url)),
            });
        }
        if !(same_host && matches!(status, 307 | 308)) {
            return Err(refused(&format!("it redirects to {}; correct the address", place(&url))));
        }
    }
    if !same_host {
        let kept = [ACCEPT, USER_AGENT];
        next.headers =
            kept.iter().filter_map(|name| Some((name.clone(), request.headers.get(name)?.clone()))).collect();
        next.body = bytes::Bytes::new();
    }
    next.url = url;
    Ok(Some(next))
}
