//! The one way out. Every call to an address that an admin configured goes through a [`Guard`]: it judges the address
//! before and at the connection, follows few redirects and judges those too, gives up in time, reads no more than it
//! should, and leaves alone for a while what is down.

mod address;
mod answer;
mod breaker;
mod policy;
mod redirect;
mod resolve;

pub use answer::{Answer, LONGEST_WAIT};
pub use breaker::{State, View, WINDOW};

use breaker::Breakers;
pub use policy::{BadEntry, Policy};
pub use resolve::{Lookup, SystemLookup};

pub(crate) use answer::excerpt;

use crate::trouble::Trouble;
use redirect::redirect;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, StatusCode};
use resolve::{Sieve, SieveError, barred};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first look-up to the last byte, over all redirects.
    pub total: Duration,
    /// Name look-up, TCP and TLS, for each connection.
    pub connect: Duration,
    /// Bytes of the answer after decompression.
    pub answer: usize,
    /// Redirects followed; only requests that change nothing are redirected at all by default.
    pub redirects: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(15),
            connect: Duration::from_secs(5),
            answer: 1024 * 1024,
            redirects: 3,
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its method.
    pub method: Method,
    /// Its address.
    pub url: Url,
    /// Its headers; secrets are marked sensitive.
    pub headers: HeaderMap,
    /// Its body; empty for none.
    pub body: bytes::Bytes,
    /// Limits of its own in place of the guard's (the guard's connect limit stays).
    pub limits: Option<Limits>,
}

impl Outgoing {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: bytes::Bytes::new(), limits: None }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = body.to_string().into();
        self
    }

    /// Whether it changes nothing over there, so that repeating it can do no harm.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}

/// The client for everything that admins configure. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    client: Client,
    sieve: Sieve,
    breakers: Breakers,
    limits: Limits,
}

impl Guard {
    /// A guard over the system's resolver. The process's TLS provider must be installed before.
    pub fn new(policy: Policy, limits: Limits, breaker_pause: Duration) -> Result<Self, Trouble> {
        Self::with_lookup(policy, limits, breaker_pause, Arc::new(SystemLookup))
    }

    /// A guard with a resolver of its own.
    pub fn with_lookup(
        policy: Policy,
        limits: Limits,
        breaker_pause: Duration,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, Trouble> {
        let sieve = Sieve { policy: Arc::new(policy), lookup };
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(limits.connect)
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(Arc::new(sieve.clone()))
            .build()
            .map_err(|error| Trouble::unusable(format!("the HTTP client can't be built: {error}")))?;
        Ok(Self { client, sieve, breakers: Breakers::new(breaker_pause), limits })
    }

    /// The limits of requests without limits of their own.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The breakers of all hosts called so far.
    #[must_use]
    pub fn breakers(&self) -> Vec<View> {
        self.breakers.view(Instant::now())
    }

    /// Where a host of another protocol (SMTP) may be connected to: its allowed addresses.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Trouble> {
        let blocked = |why: String| Trouble::Blocked { host: host.to_owned(), why };
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return match self.sieve.policy.refuses(ip) {
                Some(why) => Err(blocked(format!("{why}; an operator can allow it"))),
                None => Ok(vec![ip]),
            };
        }
        match tokio::time::timeout(self.limits.connect, self.sieve.addresses(host)).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(SieveError::Barred(barred))) => Err(blocked(barred.why)),
            Ok(Err(error)) => Err(Trouble::Retry { why: format!("{host}: {error}") }),
            Err(_) => Err(Trouble::Retry { why: format!("{host}: the name look-up took too long") }),
        }
    }

    /// Sends a request and reads its answer, whatever its status. See [`Answer::judged`] for what a status means.
    pub async fn send(&self, request: Outgoing) -> Result<Answer, Trouble> {
        self.sieve.policy.judge(&request.url)?;
        let limits = request.limits.unwrap_or(self.limits);
        let host = place(&request.url);
        let leave = self.breakers.admit(&host, Instant::now()).map_err(|after| Trouble::Later {
            after,
            why: format!("{host} failed too often and is left alone for a while"),
        })?;
        let safe = request.is_safe();
        let outcome = match tokio::time::timeout(limits.total, self.follow(request, limits)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unanswered(safe, format!("{host} did not answer within {:?}", limits.total))),
        };
        let well = match &outcome {
            Ok(answer) => !matches!(answer.status.as_u16(), 500 | 502..=504),
            Err(Trouble::Retry { .. } | Trouble::InDoubt { .. }) => false,
            Err(_) => true,
        };
        leave.tell(well, Instant::now());
        outcome
    }

    async fn follow(&self, mut request: Outgoing, limits: Limits) -> Result<Answer, Trouble> {
        let mut hops = 0;
        loop {
            let answer = self.once(&request, limits).await?;
            let Some(next) = redirect(&request, &answer)? else { return Ok(answer) };
            self.sieve.policy.judge(&next.url)?;
            if hops == limits.redirects {
                return Err(Trouble::Refused {
                    status: answer.status.as_u16(),
                    body: format!("more than {} redirects", limits.redirects),
                });
            }
            hops += 1;
            request = next;
        }
    }

    async fn once(&self, request: &Outgoing, limits: Limits) -> Result<Answer, Trouble> {
        let safe = request.is_safe();
        let host = place(&request.url);
        let mut headers = request.headers.clone();
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("Deskhand/", env!("CARGO_PKG_VERSION"))));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json, */*;q=0.5"));
        let sent = self
            .client
            .request(request.method.clone(), request.url.clone())
            .headers(headers)
            .body(request.body.clone())
            .send()
            .await;
        let mut response = sent.map_err(|error| unsent(&host, safe, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // A refusal is worth an excerpt, not a download.
        let too_large = |status: StatusCode| match status.is_success() {
            true => Err(Trouble::TooLarge { limit: limits.answer }),
            false => Ok(()),
        };
        if response.content_length().is_some_and(|length| length > limits.answer as u64) {
            too_large(status)?;
        }
        let mut body = bytes::BytesMut::new();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                // What refuses need not refuse completely.
                Err(_) if !status.is_success() => break,
                Err(error) => {
                    let why = causes(&error.without_url());
                    return Err(unanswered(safe, format!("{host}: the answer broke off: {why}")));
                }
            };
            let room = limits.answer - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                too_large(status)?;
                break;
            }
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }
}

/// Host and port, for people and breakers; never path or query, which may hold secrets.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn unanswered(safe: bool, why: String) -> Trouble {
    if safe { Trouble::Retry { why } } else { Trouble::InDoubt { why } }
}

/// The request did not come through, or its answer did not begin.
fn unsent(host: &str, safe: bool, error: reqwest::Error) -> Trouble {
    if let Some(barred) = barred(&error) {
        return Trouble::Blocked { host: barred.host.clone(), why: barred.why.clone() };
    }
    let connecting = error.is_connect();
    let why = format!("{host}: {}", causes(&error.without_url()));
    if connecting { Trouble::Retry { why } } else { unanswered(safe, why) }
}

/// An error and what lies below it, in one line.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        let text = cause.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        below = cause.source();
    }
    line
}
