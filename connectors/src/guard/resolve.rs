//! Names become addresses here, and what is not allowed goes no further: the addresses that are judged are the very
//! ones that are connected to, so a name that changes its mind between check and connection gains nothing.

use super::policy::Policy;
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Who knows the addresses behind names.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of a host.
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The host leads only to addresses that may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Barred {
    pub(crate) host: String,
    pub(crate) why: String,
}

/// Looks names up and lets only allowed addresses through.
#[derive(Clone)]
pub(crate) struct Sieve {
    pub(crate) policy: Arc<Policy>,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl Sieve {
    /// The allowed addresses of a host, or why there is none.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, SieveError> {
        let found = self.lookup.lookup(host).await.map_err(SieveError::Lookup)?;
        if self.policy.allows_host(host) {
            return Ok(found);
        }
        let mut why = None;
        let mut allowed = Vec::with_capacity(found.len());
        for ip in found {
            match self.policy.refuses(ip) {
                None => allowed.push(ip),
                Some(refusal) => {
                    why = Some(format!("its address is {ip}: {refusal}; an operator can allow it"))
                }
            }
        }
        match why {
            Some(why) if allowed.is_empty() => Err(SieveError::Barred(Barred { host: host.to_owned(), why })),
            _ => Ok(allowed),
        }
    }
}

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SieveError {
    #[error(transparent)]
    Barred(Barred),
    #[error("the name can't be looked up: {0}")]
    Lookup(std::io::Error),
}

impl Resolve for Sieve {
    fn resolve(&self, name: Name) -> Resolving {
        let sieve = self.clone();
        Box::pin(async move {
            match sieve.addresses(name.as_str()).await {
                Ok(addresses) => {
                    let sockets: Vec<SocketAddr> =
                        addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
                    Ok(Box::new(sockets.into_iter()) as Addrs)
                }
                Err(SieveError::Barred(barred)) => Err(barred.into()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// The guard's own refusal inside a client's error, however deep.
pub(crate) fn barred<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Barred> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(barred) = error.downcast_ref::<Barred>() {
            return Some(barred);
        }
        next = error.source();
    }
    None
}
