//! What the operator decides about the outside of the desk.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Settings of everything that is reached over HTTP.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach this desk, e.g. `https://desk.example`; without a slash at its end. With `https` cookies
    /// are `Secure` and bound to the host.
    pub public_url: String,
    /// Signs the identities of customers (HS256); without it every customer is anonymous.
    pub identity_secret: Option<SecretString>,
    /// The secret before, still accepted while sites change over.
    pub identity_previous_secret: Option<SecretString>,
    /// Origins of the sites that may hold the widget, e.g. `https://www.example`; empty means any.
    pub allowed_origins: Vec<String>,
    /// The largest file taken from a customer, in bytes.
    pub max_upload_bytes: usize,
    /// Whether `/` is the sample page.
    pub demo: bool,
    /// What other systems sign their hooks with, by the name that triggers use.
    pub hook_secrets: BTreeMap<String, SecretString>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Rates: so many at once, then so many a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Refilled each minute.
    pub per_minute: u32,
}

/// The rates in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Messages of one visitor.
    pub messages: Rate,
    /// Files of one visitor.
    pub uploads: Rate,
    /// Everything else a visitor tells: typing, feedback.
    pub gestures: Rate,
    /// New visitors from one address.
    pub sessions: Rate,
    /// Forms from one address.
    pub forms: Rate,
    /// Requests to hooks from one address that are not signed as they must be.
    pub forgeries: Rate,
    /// Sign-ins to one account from one address.
    pub sign_ins: Rate,
    /// Sign-ins from one address, whatever the account.
    pub sign_ins_by_address: Rate,
    /// Sockets that one visitor may hold open.
    pub sockets: usize,
    /// A socket that does not read for this long is cut; its client comes back to where it was.
    pub slow_after: Duration,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            messages: Rate { burst: 10, per_minute: 20 },
            uploads: Rate { burst: 5, per_minute: 10 },
            gestures: Rate { burst: 10, per_minute: 60 },
            sessions: Rate { burst: 60, per_minute: 30 },
            forms: Rate { burst: 10, per_minute: 10 },
            forgeries: Rate { burst: 30, per_minute: 30 },
            sign_ins: Rate { burst: 10, per_minute: 2 },
            sign_ins_by_address: Rate { burst: 50, per_minute: 10 },
            sockets: 10,
            slow_after: Duration::from_secs(30),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            identity_secret: None,
            identity_previous_secret: None,
            allowed_origins: Vec::new(),
            max_upload_bytes: 10 * 1024 * 1024,
            demo: false,
            hook_secrets: BTreeMap::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether people reach the desk over TLS.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
