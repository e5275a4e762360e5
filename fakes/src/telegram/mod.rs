//! Telegram's Bot API for one bot: stateful, held to the vendor's spec, with a journal of what it accepted and faults
//! that a story orders. People and groups act through [`Fake::customer`] and [`Fake::group`].
//!
//! ```no_run
//! # async fn story() -> std::io::Result<()> {
//! let fake = fakes::telegram::Fake::start(fakes::telegram::Options::default()).await?;
//! let ada = fake.customer("Ada");
//! ada.says("My parcel is late");
//! // … a bot at fake.url() with fake.token() answers …
//! assert_eq!(ada.hears(), ["We are looking into it."]);
//! fake.assert_clean();
//! # Ok(()) }
//! ```

mod answer;
mod body;
mod buckets;
mod entities;
mod faults;
mod journal;
mod messages;
mod methods;
mod outgoing;
mod people;
mod polling;
mod server;
mod spec;
mod webhook;
mod world;

pub use faults::{Order, Trouble};
pub use journal::{Early, Journal, Request, Sent};
pub use people::{Customer, Group};
pub use spec::{Spec, locate_spec};

use std::{
    net::SocketAddr,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};
use world::{State, World};

/// What kind of Telegram it is.
#[derive(Debug, Clone)]
pub struct Options {
    /// The bot's token.
    pub token: String,
    /// The bot's name without `@`.
    pub username: String,
    /// Where to listen; port 0 takes any.
    pub addr: SocketAddr,
    /// How long a second lasts by which waits, long polls and limits are counted.
    pub second: Duration,
    /// Whether the published limits hold (1 message a second in a chat, 20 a minute in a group, 30 a second overall).
    pub limits: bool,
    /// Of faults by chance.
    pub seed: u64,
    /// The first pause before a webhook is called again; it doubles up to 32 times that.
    pub webhook_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "4711:fake-telegram-token".to_owned(),
            username: "harbor_bot".to_owned(),
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            second: Duration::from_millis(50),
            limits: false,
            seed: 1,
            webhook_pause: Duration::from_millis(20),
        }
    }
}

/// A running fake; it stops when the last copy is dropped. Bots may come and go: what they did not acknowledge stays.
#[derive(Clone)]
pub struct Fake {
    world: Arc<World>,
    addr: SocketAddr,
    _running: Arc<Running>,
}

struct Running(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Fake {
    /// Starts one.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(options.addr).await?;
        let addr = listener.local_addr()?;
        let world = Arc::new(World::new(options));
        let tasks = vec![
            tokio::spawn(server::serve(listener, Arc::clone(&world))),
            tokio::spawn(webhook::deliver(Arc::clone(&world))),
        ];
        Ok(Self { world, addr, _running: Arc::new(Running(tasks)) })
    }

    /// The Bot API's base address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> String {
        self.world.options.token.clone()
    }

    /// A person of that first name, in their private chat with the bot; made on first mention.
    #[must_use]
    pub fn customer(&self, name: &str) -> Customer {
        Customer::new(Arc::clone(&self.world), name)
    }

    /// A group of that title, made on first mention.
    #[must_use]
    pub fn group(&self, title: &str) -> Group {
        Group::new(Arc::clone(&self.world), title, false)
    }

    /// A supergroup with topics.
    #[must_use]
    pub fn forum(&self, title: &str) -> Group {
        Group::new(Arc::clone(&self.world), title, true)
    }

    /// Orders trouble.
    pub fn order(&self, order: Order) {
        self.state().faults.push(order);
    }

    /// Cancels all trouble that is still ordered.
    pub fn cancel_orders(&self) {
        self.state().faults.clear();
    }

    /// Another program polls with the same token, or no longer does.
    pub fn rival_polls(&self, polls: bool) {
        self.state().rival = polls;
        self.world.touch();
    }

    /// Somebody sets the webhook by hand (to nothing: removes it).
    pub fn somebody_sets_webhook(&self, url: &str) {
        self.state().set_webhook(url, None, None);
        self.world.touch();
    }

    /// From now on the token is refused, or taken again.
    pub fn revoke_token(&self, revoked: bool) {
        self.state().revoked = revoked;
    }

    /// Offers once more all updates of the past, `times` each, acknowledged or not.
    pub fn offer_again(&self, times: usize) {
        let mut state = self.state();
        let again: Vec<_> =
            state.past.iter().flat_map(|update| std::iter::repeat_n(update.clone(), times)).collect();
        state.again.extend(again);
        drop(state);
        self.world.touch();
    }

    /// Files sent from now on do not tell their sizes.
    pub fn hides_file_sizes(&self, hides: bool) {
        self.state().sizes_hidden = hides;
    }

    /// Calls the webhook so many times at once for each update.
    pub fn webhook_repeats(&self, times: usize) {
        self.state().webhook_repeats = times.max(1);
    }

    /// An update exactly as given, under the next id; whether it follows the spec is not checked.
    pub fn raw_update(&self, update: serde_json::Value) -> i64 {
        let id = self.state().push(update);
        self.world.touch();
        id
    }

    /// Updates that the bot has not acknowledged.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let state = self.state();
        state.updates.len() + state.again.len()
    }

    /// Commands registered for a language (`None`: for everybody).
    #[must_use]
    pub fn commands(&self, language: Option<&str>) -> serde_json::Value {
        let language = language.unwrap_or_default();
        self.state().commands.get(language).cloned().unwrap_or_else(|| serde_json::json!([]))
    }

    /// The address of the webhook, or nothing.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        self.state().webhook.as_ref().map(|hook| hook.url.clone()).unwrap_or_default()
    }

    /// What happened so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.state().journal.clone()
    }

    /// How many calls came so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state().journal.requests.len()
    }

    /// Every test's last word.
    ///
    /// # Panics
    /// When a request or an answer broke the spec.
    pub fn assert_clean(&self) {
        let violations = self.journal().violations;
        assert!(violations.is_empty(), "requests or answers that break Telegram's spec: {violations:#?}");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.world.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
