//! Where calls may go: public addresses over TLS, and what an operator allows beside them. Pure.

use super::address;
use crate::trouble::Trouble;
use ipnet::IpNet;
use std::net::IpAddr;
use url::{Host, Url};

/// What an operator allows beyond public addresses over https.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    hosts: Vec<HostRule>,
    nets: Vec<IpNet>,
    plain_http: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostRule {
    Exact(String),
    Below(String),
}

/// An entry of the allow-list that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{entry}` is neither a host (`crm.internal`, `*.internal`), nor an address range (`10.1.0.0/16`), nor an address"
)]
pub struct BadEntry {
    /// As it was written.
    pub entry: String,
}

impl Policy {
    /// Public addresses over https only.
    #[must_use]
    pub fn strict() -> Self {
        Self::default()
    }

    /// Allows hosts by name (`crm.internal`, `*.internal`), addresses and ranges (`10.1.0.0/16`). A host or literal
    /// address that is listed may be reached over plain http too.
    pub fn allowing<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, BadEntry> {
        let mut policy = Self::default();
        for entry in entries {
            policy.allow(entry.as_ref())?;
        }
        Ok(policy)
    }

    /// Allows plain http to every public host.
    #[must_use]
    pub fn with_plain_http(mut self, allowed: bool) -> Self {
        self.plain_http = allowed;
        self
    }

    fn allow(&mut self, entry: &str) -> Result<(), BadEntry> {
        let bad = || BadEntry { entry: entry.to_owned() };
        let text = entry.trim();
        if let Ok(net) = text.parse::<IpNet>() {
            self.nets.push(net.trunc());
            return Ok(());
        }
        if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            self.nets.push(IpNet::from(ip));
            return Ok(());
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        match Host::parse(name) {
            Ok(Host::Domain(name)) if !name.is_empty() && !name.contains(['*', '/']) => {
                let name = plain_name(&name);
                self.hosts.push(if below { HostRule::Below(name) } else { HostRule::Exact(name) });
                Ok(())
            }
            _ => Err(bad()),
        }
    }

    /// Whether the operator trusts whatever this name leads to.
    #[must_use]
    pub fn allows_host(&self, host: &str) -> bool {
        let host = plain_name(host);
        self.hosts.iter().any(|rule| match rule {
            HostRule::Exact(name) => host == *name,
            HostRule::Below(name) => host.strip_suffix(name.as_str()).is_some_and(|head| head.ends_with('.')),
        })
    }

    /// Why this address may not be connected to.
    #[must_use]
    pub fn refuses(&self, ip: IpAddr) -> Option<&'static str> {
        let canonical = ip.to_canonical();
        if self.nets.iter().any(|net| net.contains(&ip) || net.contains(&canonical)) {
            return None;
        }
        address::refusal(ip)
    }

    /// What can be said of an address before anything is looked up: scheme, user information, literal addresses.
    /// The names behind it are judged by the resolver, at connect time.
    pub fn judge(&self, url: &Url) -> Result<(), Trouble> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let blocked = |why: String| Trouble::Blocked { host: host.clone(), why };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(blocked(format!("only https is spoken, not {}", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(blocked(
                "the address carries a user name or password; use the action's `auth`".to_owned(),
            ));
        }
        let listed = match url.host() {
            None => return Err(blocked("the address names no host".to_owned())),
            Some(Host::Domain(name)) if plain_name(name).is_empty() => {
                return Err(blocked("the address names no host".to_owned()));
            }
            Some(Host::Domain(name)) => self.allows_host(name),
            Some(Host::Ipv4(ip)) => self.judge_literal(ip.into(), &blocked)?,
            Some(Host::Ipv6(ip)) => self.judge_literal(ip.into(), &blocked)?,
        };
        if url.scheme() == "http" && !listed && !self.plain_http {
            return Err(blocked(
                "plain http would send secrets in the clear; use https, or let an operator allow the host"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// `Ok(true)` where the operator's list names it.
    fn judge_literal(&self, ip: IpAddr, blocked: &impl Fn(String) -> Trouble) -> Result<bool, Trouble> {
        match self.refuses(ip) {
            Some(why) => Err(blocked(format!("{why}; an operator can allow it"))),
            None => Ok(self.nets.iter().any(|net| net.contains(&ip))),
        }
    }
}

fn plain_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &Policy, url: &str) -> Result<(), Trouble> {
        policy.judge(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_list_names_hosts_addresses_and_ranges() {
        let policy = Policy::allowing([
            "crm.internal",
            "*.corp.example",
            "10.1.0.0/16",
            "192.168.7.7",
            "bücher.example",
        ])
        .unwrap();
        for allowed in ["CRM.internal.", "a.corp.example", "a.b.corp.example", "xn--bcher-kva.example"] {
            assert!(policy.allows_host(allowed), "{allowed}");
        }
        for other in ["evilcrm.internal", "corp.example", "evilcorp.example", "crm.internal.evil.example"] {
            assert!(!policy.allows_host(other), "{other}");
        }
        assert_eq!(policy.refuses("10.1.2.3".parse().unwrap()), None);
        assert_eq!(policy.refuses("::ffff:10.1.2.3".parse().unwrap()), None);
        assert!(policy.refuses("10.2.2.3".parse().unwrap()).is_some());
        assert!(policy.refuses("192.168.7.8".parse().unwrap()).is_some());
    }

    #[test]
    fn a_list_refuses_what_says_nothing() {
        for entry in ["", "*", "*.", "10.0.0.0/33", "a b", "http://x", "*.*.x"] {
            assert!(Policy::allowing([entry]).is_err(), "{entry}");
        }
    }

    #[test]
    fn plain_http_needs_a_word_from_the_operator() {
        let strict = Policy::strict();
        assert!(verdict(&strict, "http://example.com/").is_err());
        assert!(verdict(&strict, "https://example.com/").is_ok());
        assert!(verdict(&strict.with_plain_http(true), "http://example.com/").is_ok());
        let listed = Policy::allowing(["crm.internal", "10.0.0.0/8"]).unwrap();
        assert!(verdict(&listed, "http://crm.internal/").is_ok());
        assert!(verdict(&listed, "http://10.0.0.1/").is_ok());
        assert!(verdict(&listed, "http://other.internal/").is_err());
    }
}
