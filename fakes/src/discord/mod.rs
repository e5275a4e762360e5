//! Discord as a bot meets it: REST (v10) and gateway on one address, one server, any number of customers.
//!
//! ```no_run
//! # async fn story() {
//! use fakes::discord::{Fake, Options};
//! let fake = Fake::start(Options::default()).await;
//! let ada = fake.customer("Ada");
//! // … start the bot with `fake.url()` and `fake.token()` …
//! ada.says("My export fails");
//! fake.journal().assert_clean();
//! # }
//! ```
//!
//! Every request and every answer is judged by Discord's own OpenAPI document where `../shared/specs` has it. The
//! state is the fake's own: a bot may be killed and started again, its sessions can be resumed and the history read.

mod faults;
mod gateway;
mod guild;
mod interactions;
mod journal;
mod limits;
mod messages;
mod people;
mod rest;
mod routes;
mod spec;
mod world;

pub use faults::{Fault, Trouble};
pub use journal::{Journal, Request, Shown, Visit};
pub use limits::Limits;
pub use people::{Answered, Customer};

use faults::Faults;
use gateway::{Hub, Order};
use limits::Meter;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use world::World;

/// What a fake is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen.
    pub address: SocketAddr,
    /// The bot's token.
    pub token: String,
    /// The interval of heartbeats.
    pub heartbeat: Duration,
    /// How long an interaction waits for its acknowledgement.
    pub deadline: Duration,
    /// Rate limits.
    pub limits: Limits,
    /// How many sessions may be started, and when that begins anew.
    pub starts: u64,
    /// When the number of starts begins anew.
    pub starts_reset: Duration,
    /// For faults with a chance.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            token: "fake-discord-token".into(),
            heartbeat: gateway::HEARTBEAT,
            deadline: Duration::from_secs(3),
            limits: Limits::default(),
            starts: 1_000,
            starts_reset: Duration::from_secs(14_400),
            seed: 1,
        }
    }
}

/// A running fake; it ends when it is dropped.
pub struct Fake {
    inner: Arc<Inner>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

pub(crate) struct Inner {
    options: Options,
    address: SocketAddr,
    born: Instant,
    world: Mutex<World>,
    hub: Mutex<Hub>,
    meter: Mutex<Meter>,
    faults: Mutex<Faults>,
    journal: Mutex<Journal>,
    revoked: Mutex<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// Whoever needs the hub and the world takes the hub first.
impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        lock(&self.hub)
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        lock(&self.meter)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    fn note(&self, visit: Visit) {
        self.journal().gateway.push(visit);
    }

    fn violation(&self, what: String) {
        self.journal().violations.push(what);
    }

    fn gateway_url(&self) -> String {
        format!("ws://{}/gateway", self.address)
    }
}

impl Fake {
    /// Starts a fake.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind(options.address).await.expect("an address to listen on");
        let address = listener.local_addr().expect("a bound socket");
        let hub = Hub::new(options.starts);
        let inner = Arc::new(Inner {
            address,
            born: Instant::now(),
            world: Mutex::new(World::new(format!("http://{address}"))),
            hub: Mutex::new(hub),
            meter: Mutex::new(Meter::new(options.limits.clone())),
            faults: Mutex::new(Faults::new(options.seed)),
            journal: Mutex::default(),
            revoked: Mutex::new(false),
            options,
        });
        let app = axum::Router::new().fallback(rest::handle).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("the fake serves");
        });
        Self { inner, address, server }
    }

    /// The base address, for `discord.api_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.inner.options.token
    }

    /// The bot's user id.
    #[must_use]
    pub fn bot(&self) -> u64 {
        self.inner.world().bot
    }

    /// The role that came with the bot.
    #[must_use]
    pub fn role(&self) -> u64 {
        self.inner.world().role
    }

    /// A customer of that name.
    #[must_use]
    pub fn customer(&self, name: &str) -> Customer {
        let mut world = self.inner.world();
        let id = world.user(name);
        let direct = world.direct(id);
        Customer { inner: Arc::clone(&self.inner), id, direct }
    }

    /// A text channel of the server; a new one is told to the bot.
    pub fn channel(&self, name: &str) -> u64 {
        let (id, told, new) = {
            let mut world = self.inner.world();
            let before = world.rooms.len();
            let id = world.room(name);
            (id, world.room_json(id), world.rooms.len() > before)
        };
        if new {
            self.inner.hub().dispatch("CHANNEL_CREATE", &told);
        }
        id
    }

    /// The bot may not read or write there any more, or again.
    pub fn close_channel(&self, channel: u64, closed: bool) {
        self.inner.world().rooms.get_mut(&channel).expect("a channel").closed = closed;
    }

    /// The bot may not open threads there: none at all, or no private ones.
    pub fn forbid_threads(&self, channel: u64, only_private: bool) {
        let mut world = self.inner.world();
        let room = world.rooms.get_mut(&channel).expect("a channel");
        (room.no_threads, room.no_private_threads) = (!only_private, true);
    }

    /// Archives a thread, and locks it.
    pub fn archive(&self, thread: u64, locked: bool) {
        let mut world = self.inner.world();
        let room = world.rooms.get_mut(&thread).expect("a thread");
        (room.archived, room.locked) = (true, locked);
    }

    /// Deletes a channel or thread.
    pub fn delete_channel(&self, channel: u64) {
        let (told, thread) = {
            let mut world = self.inner.world();
            let told = world.room_json(channel);
            let room = world.rooms.remove(&channel).expect("a channel");
            (told, room.parent.is_some())
        };
        self.inner.hub().dispatch(if thread { "THREAD_DELETE" } else { "CHANNEL_DELETE" }, &told);
    }

    /// Threads of a channel: id, whether private, name, members.
    #[must_use]
    pub fn threads(&self, channel: u64) -> Vec<(u64, bool, String, Vec<u64>)> {
        let world = self.inner.world();
        let of = world.rooms.values().filter(|room| room.parent == Some(channel));
        of.map(|room| (room.id, room.kind == world::PRIVATE_THREAD, room.name.clone(), room.members.clone()))
            .collect()
    }

    /// How often the bot has shown that it types there.
    #[must_use]
    pub fn typed(&self, channel: u64) -> usize {
        self.inner.world().rooms.get(&channel).map_or(0, |room| room.typed)
    }

    /// The commands that the bot offers.
    #[must_use]
    pub fn commands(&self) -> Vec<Value> {
        self.inner.world().commands.clone()
    }

    /// What happened so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.inner.journal().clone()
    }

    /// Orders a fault of the REST side.
    pub fn order(&self, fault: Fault) {
        self.inner.faults().order(fault);
    }

    /// Ends all faults of the REST side.
    pub fn heal(&self) {
        self.inner.faults().clear();
    }

    /// Sets the limits anew.
    pub fn limit(&self, limits: Limits) {
        self.inner.meter().set(limits);
    }

    /// Refused requests of the last 10 minutes, as Discord counts them for a ban.
    #[must_use]
    pub fn refused_requests(&self) -> usize {
        self.inner.meter().count_refused()
    }

    /// The token is good no more, or again; connections stay.
    pub fn revoke(&self, revoked: bool) {
        *lock(&self.inner.revoked) = revoked;
    }

    /// Whether the Message Content intent is switched on in the portal.
    pub fn allow_message_content(&self, allowed: bool) {
        self.inner.world().message_content = allowed;
    }

    /// How many bots are connected to the gateway.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.inner.hub().connected()
    }

    /// Cuts all connections without a word; how many there were.
    pub fn cut(&self) -> usize {
        self.inner.hub().order(|| Order::Cut)
    }

    /// Goes silent on all connections, which stay open.
    pub fn go_silent(&self) -> usize {
        self.inner.hub().order(|| Order::Silence)
    }

    /// Closes all connections with a code.
    pub fn close(&self, code: u16) -> usize {
        self.inner.hub().order(|| Order::Close(code))
    }

    /// Asks all bots to connect again (op 7).
    pub fn ask_to_reconnect(&self) -> usize {
        self.inner.hub().order(|| Order::Say(r#"{"op":7,"d":null}"#.into()))
    }

    /// Tells all bots that their session is invalid (op 9); one that is not resumable is forgotten.
    pub fn invalidate(&self, resumable: bool) -> usize {
        let mut hub = self.inner.hub();
        let told = hub.order(|| Order::Say(format!(r#"{{"op":9,"d":{resumable}}}"#)));
        if !resumable {
            hub.forget_sessions();
        }
        told
    }

    /// Asks all bots for a heartbeat (op 1).
    pub fn ask_for_heartbeat(&self) -> usize {
        self.inner.hub().order(|| Order::Say(r#"{"op":1,"d":null}"#.into()))
    }

    /// No session can be resumed any more.
    pub fn forget_sessions(&self) {
        self.inner.hub().forget_sessions();
    }

    /// Whoever identifies is closed with that code; `None`: let in.
    pub fn turn_away(&self, code: Option<u16>) {
        self.inner.hub().close_next = code;
    }

    /// The gateway lets nobody in, and throws out who is; or opens again.
    pub fn gateway_down(&self, down: bool) {
        let mut hub = self.inner.hub();
        hub.down = down;
        if down {
            hub.order(|| Order::Cut);
        }
    }

    /// How many more sessions may be started.
    pub fn set_starts(&self, left: u64) {
        self.inner.hub().starts_left = left;
    }

    /// After every resume that many events that the bot had seen are repeated.
    pub fn repeat_after_resume(&self, events: u64) {
        self.inner.hub().repeats = events;
    }

    /// Tells all sessions an event of the story's own making.
    pub fn tell(&self, kind: &str, data: &Value) {
        self.inner.hub().dispatch(kind, data);
    }

    /// A message as the gateway tells it, to be told again.
    #[must_use]
    pub fn told(&self, channel: u64, message: u64) -> Value {
        let world = self.inner.world();
        world.told_json(&world.rooms[&channel].messages[&message])
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.cut();
        self.server.abort();
    }
}
