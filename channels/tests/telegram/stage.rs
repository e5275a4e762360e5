//! A fake Telegram, a desk, and the adapter between them.

use super::desk::Desk;
use channels::{
    Channel, Choice, Courier as _, DeliveryError, Health, Outbound, Receipt,
    telegram::{Mode, Settings, Telegram, Webhook},
};
use fakes::telegram::{Fake, Options};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

pub(crate) const SECRET: &str = "a-secret-of-32-characters-at-all";

pub(crate) struct Stage {
    pub(crate) fake: Fake,
    pub(crate) desk: Arc<Desk>,
    pub(crate) telegram: Arc<Telegram>,
    running: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

pub(crate) fn settings(fake: &Fake, options: &Options) -> Settings {
    let mut settings = Settings::new(fake.token().into());
    settings.api_url = Some(fake.url());
    settings.poll_seconds = 20;
    settings.back_off = Duration::from_millis(5);
    settings.second = options.second;
    settings.look_every = Duration::from_millis(20);
    settings.call_timeout = Duration::from_secs(2);
    settings
}

impl Stage {
    /// Polling, and running.
    pub(crate) async fn new() -> Self {
        let mut stage = Self::set(Options::default(), |_| ()).await;
        stage.run();
        stage
    }

    /// With other options, and not running yet.
    pub(crate) async fn set(options: Options, change: impl FnOnce(&mut Settings)) -> Self {
        let fake = Fake::start(options.clone()).await.unwrap();
        let mut settings = settings(&fake, &options);
        change(&mut settings);
        let desk = Arc::new(Desk::default());
        let telegram = Telegram::new(settings, desk.clone()).unwrap();
        Self { fake, desk, telegram, running: None }
    }

    pub(crate) fn run(&mut self) {
        let (stop, stopped) = watch::channel(false);
        self.running = Some((stop, tokio::spawn(self.telegram.clone().run(stopped))));
    }

    /// Stops as the lease's holder would.
    pub(crate) async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.send_replace(true);
            task.await.unwrap();
        }
    }

    /// Dies in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        if let Some((_, task)) = self.running.take() {
            task.abort();
        }
    }

    /// A new process with the same database.
    pub(crate) fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        self.kill();
        let mut settings = settings(&self.fake, &Options::default());
        change(&mut settings);
        self.telegram = Telegram::new(settings, self.desk.clone()).unwrap();
        self.run();
    }

    pub(crate) fn health(&self) -> Health {
        self.telegram.health().borrow().clone()
    }

    /// Waits for a cause or detail that says so.
    pub(crate) async fn feels(&self, words: &str) {
        let mut health = self.telegram.health();
        let said = health.wait_for(|health| match health {
            Health::Connected { detail: said }
            | Health::Degraded { cause: said }
            | Health::Stopped { cause: said } => said.contains(words),
            Health::Standby => false,
        });
        let found = tokio::time::timeout(Duration::from_secs(20), said).await.is_ok();
        assert!(found, "never felt {words:?}, but {:?}", self.health());
    }

    pub(crate) async fn says(&self, address: &str, text: &str) -> Result<Receipt, DeliveryError> {
        self.telegram.deliver(&message(address, text), 0).await
    }

    /// Sends as the outbox does, all parts, waiting and trying again as it is told; the number of tries.
    pub(crate) async fn insists(&self, message: &Outbound) -> Result<usize, DeliveryError> {
        insist(&self.telegram, message).await
    }

    pub(crate) async fn hooked(options: Options) -> (Self, Hooks) {
        let hooks = Hooks::bind().await;
        let url = hooks.url.clone();
        let mut stage = Self::set(options, |settings| {
            settings.mode = Mode::Webhook { url, secret: SECRET.to_owned().into() };
        })
        .await;
        hooks.serve(stage.telegram.clone());
        stage.run();
        (stage, hooks)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) async fn insist(telegram: &Telegram, message: &Outbound) -> Result<usize, DeliveryError> {
    let (mut part, mut tries) = (0, 0);
    loop {
        tries += 1;
        match telegram.deliver(message, part).await {
            Ok(Receipt { more: false, .. }) => return Ok(tries),
            Ok(_) => part += 1,
            Err(DeliveryError::Later { after, .. }) => tokio::time::sleep(after).await,
            Err(DeliveryError::Retry { .. }) => tokio::time::sleep(Duration::from_millis(2)).await,
            Err(error) => return Err(error),
        }
    }
}

pub(crate) fn message(address: &str, text: &str) -> Outbound {
    Outbound {
        key: format!("{address}/{text:.20}"),
        channel: Channel::Telegram,
        address: address.to_owned(),
        author: String::new(),
        text: text.to_owned(),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
    }
}

pub(crate) fn choice(id: &str, label: &str) -> Choice {
    Choice { id: id.to_owned(), label: label.to_owned() }
}

/// Waits until something is so; a story that waits for ever fails.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    // The long runs for the figures need more patience.
    let long = ["MESSAGES", "CALLS"].into_iter().any(|name| std::env::var_os(name).is_some());
    for _ in 0..if long { 400_000 } else { 15_000 } {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("never: {what}");
}

/// The desk's HTTP server as far as Telegram calls it.
pub(crate) struct Hooks {
    pub(crate) url: String,
    listener: std::sync::Mutex<Option<tokio::net::TcpListener>>,
    telegram: Arc<std::sync::Mutex<Option<Arc<Telegram>>>>,
}

impl Hooks {
    async fn bind() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/telegram", listener.local_addr().unwrap());
        Self { url, listener: Some(listener).into(), telegram: Arc::default() }
    }

    /// Calls go to this adapter from now on.
    pub(crate) fn serve(&self, telegram: Arc<Telegram>) {
        *self.telegram.lock().unwrap() = Some(telegram);
        let Some(listener) = self.listener.lock().unwrap().take() else { return };
        let to = self.telegram.clone();
        let route = axum::routing::post(move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
            let telegram = to.lock().unwrap().clone().unwrap();
            async move {
                let secret = headers.get("X-Telegram-Bot-Api-Secret-Token").map(|value| value.as_bytes());
                match telegram.webhook(secret, &body).await {
                    Webhook::Taken => axum::http::StatusCode::OK,
                    Webhook::Forged => axum::http::StatusCode::UNAUTHORIZED,
                    Webhook::TryAgain => axum::http::StatusCode::SERVICE_UNAVAILABLE,
                    Webhook::Malformed => axum::http::StatusCode::BAD_REQUEST,
                }
            }
        });
        let app = axum::Router::new().route("/hooks/telegram", route);
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
}
