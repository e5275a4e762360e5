//! Web and e-mail addresses.

use linkify::{LinkFinder, LinkKind};

use super::Claims;
use crate::signals::EntityKind;

/// The longest web address that is kept, in bytes.
const LONGEST_URL: usize = 2048;

pub(super) fn find(claims: &mut Claims<'_>) {
    let text = claims.text;
    if !text.contains('@') && !text.contains("://") && !text.contains("www.") {
        return;
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url, LinkKind::Email]).url_must_have_scheme(false);
    for link in finder.links(text) {
        let (start, end, written) = (link.start(), link.end(), link.as_str());
        match link.kind() {
            LinkKind::Email => {
                if let Some(address) = valid_email(written) {
                    claims.claim(EntityKind::Email, start, end, address);
                } else {
                    claims.block(start, end);
                }
            }
            LinkKind::Url if written.len() <= LONGEST_URL => {
                let lower = written.get(..8).unwrap_or(written).to_ascii_lowercase();
                if lower.starts_with("http://") || lower.starts_with("https://") {
                    claims.claim(EntityKind::Url, start, end, written.to_owned());
                } else if lower.starts_with("www.") {
                    claims.claim(EntityKind::Url, start, end, format!("https://{written}"));
                }
            }
            _ => {}
        }
    }
}

/// An address that a mail server could deliver to: RFC 5321 lengths, a domain with a letters-only top level.
fn valid_email(written: &str) -> Option<String> {
    let (local, domain) = written.rsplit_once('@')?;
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let local_fits = (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let labels: Vec<&str> = domain.split('.').collect();
    let label_fits = |l: &&str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let top = labels.last()?;
    let top_fits =
        top.chars().count() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    (local_fits && labels.len() >= 2 && domain.len() <= 253 && labels.iter().all(label_fits) && top_fits)
        .then(|| written.to_lowercase())
}
