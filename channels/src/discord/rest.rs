//! Requests to the REST API. serenity gives routes, bodies and types; the sending is ours because its own drops
//! what a 429 says (and, with its limiter on, asks the real host whatever address is set).

use super::pacing::{Key, Pacing, seconds};
use super::settings::Settings;
use super::trouble::Trouble;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serenity::http::Route;
use std::time::Duration;
use tokio::sync::watch;

/// A request: method, route, query, body.
pub(super) struct Ask<'a> {
    method: Method,
    route: Route<'a>,
    query: Vec<(&'static str, String)>,
    body: Option<serde_json::Value>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(route: Route<'a>) -> Self {
        Self { method: Method::GET, route, query: Vec::new(), body: None }
    }

    pub(super) fn with(method: Method, route: Route<'a>, body: &impl Serialize) -> Result<Self, Trouble> {
        let body = serde_json::to_value(body)
            .map_err(|error| Trouble::Down(format!("cannot be written: {error}")))?;
        Ok(Self { method, route, query: Vec::new(), body: Some(body) })
    }

    pub(super) fn bare(method: Method, route: Route<'a>) -> Self {
        Self { method, route, query: Vec::new(), body: None }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    fn key(&self) -> Key {
        (self.method.clone(), self.route.ratelimiting_bucket())
    }
}

/// What the whole bot was asked to wait, for those who remember it.
pub(super) type Pause = Duration;

pub(super) struct Rest {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    pub(super) pacing: Pacing,
    turn: Duration,
    /// The last pause of the whole bot.
    pub(super) paused: watch::Sender<Option<Pause>>,
}

impl Rest {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .timeout(settings.timing.answer)
            .connect_timeout(settings.timing.answer.min(Duration::from_secs(5)))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        let base = settings.base();
        reqwest::Url::parse(&base).map_err(|error| format!("discord.api_url is no address: {error}"))?;
        Ok(Self {
            http,
            base,
            token: settings.token.clone(),
            pacing: Pacing::new(settings.most_refused),
            turn: settings.timing.turn,
            paused: watch::Sender::new(None),
        })
    }

    /// Asks in its turn, and reads the answer as `T`.
    pub(super) async fn call<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Trouble> {
        let body = self.send(ask, false).await?;
        serde_json::from_slice(&body)
            .map_err(|error| Trouble::Down(format!("Discord's answer is not understood: {error}")))
    }

    /// Asks in its turn; the answer says nothing.
    pub(super) async fn tell(&self, ask: Ask<'_>) -> Result<(), Trouble> {
        self.send(ask, false).await.map(drop)
    }

    /// Asks at once: interactions have 3 s, and Discord does not count their answers.
    pub(super) async fn tell_now(&self, ask: Ask<'_>) -> Result<(), Trouble> {
        self.send(ask, true).await.map(drop)
    }

    async fn send(&self, ask: Ask<'_>, at_once: bool) -> Result<Vec<u8>, Trouble> {
        let key = ask.key();
        if !at_once {
            self.pacing.turn(&key, self.turn).await?;
        }
        let answer = self.exchange(ask).await;
        if !at_once {
            self.pacing.learn(&key, answer.as_ref().ok().map(|(_, headers, _)| headers));
        }
        let (status, headers, body) = answer?;
        match status {
            _ if status.is_success() => Ok(body),
            StatusCode::TOO_MANY_REQUESTS => Err(self.early(&key, &headers, &body)),
            StatusCode::UNAUTHORIZED if !at_once => {
                self.count();
                Err(Trouble::Revoked)
            }
            StatusCode::FORBIDDEN => {
                self.count();
                Err(Trouble::refused(status.as_u16(), &body))
            }
            _ if status.is_client_error() => Err(Trouble::refused(status.as_u16(), &body)),
            _ => Err(Trouble::Down(format!("Discord answered {status}"))),
        }
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<(StatusCode, HeaderMap, Vec<u8>), Trouble> {
        let path = ask.route.path();
        let path = path.strip_prefix("https://discord.com").unwrap_or(&path);
        let mut request = self
            .http
            .request(ask.method, format!("{}{path}", self.base))
            .header(USER_AGENT, serenity::constants::USER_AGENT)
            .header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret()))
            .query(&ask.query);
        if let Some(body) = ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        // Addresses may hold the token of an interaction: they never reach a log.
        let down = |error: reqwest::Error| {
            Trouble::Down(format!("Discord cannot be reached: {}", root(&error.without_url())))
        };
        let answer = request.send().await.map_err(down)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(down)?;
        metrics::counter!("discord_requests_total", "status" => status.as_u16().to_string()).increment(1);
        Ok((status, headers, body.into()))
    }

    /// A 429: of the route, of the bot as a whole, or (without JSON) of the proxy before Discord, which counts by address.
    fn early(&self, key: &Key, headers: &HeaderMap, body: &[u8]) -> Trouble {
        #[derive(serde::Deserialize)]
        struct Early {
            retry_after: f64,
            #[serde(default)]
            global: bool,
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if text("x-ratelimit-scope") != Some("shared") {
            self.count();
        }
        let header = text("retry-after").and_then(|value| value.parse::<f64>().ok());
        let (after, whole) = match serde_json::from_slice::<Early>(body) {
            Ok(early) => {
                (early.retry_after.max(header.filter(|_| early.global).unwrap_or(0.0)), early.global)
            }
            Err(_) => (header.unwrap_or(60.0).max(1.0), true),
        };
        let after = seconds(after);
        self.pacing.hold((!whole).then_some(key), after);
        if whole {
            self.paused.send_replace(Some(after));
        }
        let whom = if whole { "the bot as a whole" } else { "this channel" };
        Trouble::Wait { cause: format!("Discord asked {whom} to wait (429)"), after }
    }

    fn count(&self) {
        metrics::counter!("discord_refused_requests_total").increment(1);
        self.pacing.refused();
    }
}

/// The innermost cause of an error, which is the one that says something.
pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
