//! A model server that speaks OpenAI's chat completions (whole and streamed), embeddings and models, checks every
//! request against the vendor's specification, keeps a journal, and goes wrong in every way of [`Kind`] when told to.

mod answer;
mod kind;
mod sample;
mod serve;
mod spec;

pub use kind::{Fate, Kind};
pub use spec::{Spec, shared};

use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How the model answers when nothing else is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// What the schema wants, with this text in every string.
    Right(String),
    /// Whatever the attack wants: every string repeats the user's text and gives away the system prompt.
    Obey,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path.
    pub path: String,
    /// The body.
    pub body: Value,
    /// Whether a key came along, and which.
    pub authorization: Option<String>,
    /// What the specification says against it.
    pub faults: Vec<String>,
    /// The fault it was answered with.
    pub kind: Option<Kind>,
}

struct Inner {
    faults: VecDeque<Option<Kind>>,
    always: Option<Kind>,
    says: VecDeque<String>,
    manner: Manner,
    latency: Duration,
    pace: Duration,
    late: Duration,
    journal: Vec<Request>,
    flying: usize,
    most: usize,
}

/// A request that is being answered.
struct Flying(World);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.lock().flying -= 1;
    }
}

/// What the story orders, and what the server saw. Cheap to clone.
#[derive(Clone)]
pub struct World {
    inner: Arc<Mutex<Inner>>,
    spec: Arc<Option<Spec>>,
}

impl World {
    /// A model in its best hour.
    pub fn new() -> Result<Self, String> {
        let inner = Inner {
            faults: VecDeque::new(),
            always: None,
            says: VecDeque::new(),
            manner: Manner::Right("All is well.".to_owned()),
            latency: Duration::ZERO,
            pace: Duration::ZERO,
            late: Duration::from_secs(60),
            journal: Vec::new(),
            flying: 0,
            most: 0,
        };
        Ok(Self { inner: Arc::new(Mutex::new(inner)), spec: Arc::new(Spec::load()?) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether requests are checked; not where the specification is absent.
    pub fn has_spec(&self) -> bool {
        self.spec.is_some()
    }

    /// The next requests meet these faults, one each.
    pub fn then(&self, faults: impl IntoIterator<Item = Option<Kind>>) {
        self.lock().faults.extend(faults);
    }

    /// Every request that meets no other fault meets this one.
    pub fn always(&self, kind: Option<Kind>) {
        self.lock().always = kind;
    }

    /// The next answers say this, word for word.
    pub fn says(&self, text: &str) {
        self.lock().says.push_back(text.to_owned());
    }

    /// How it answers otherwise.
    pub fn manner(&self, manner: Manner) {
        self.lock().manner = manner;
    }

    /// How long each answer takes.
    pub fn latency(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    /// How long it takes between two pieces of a stream.
    pub fn pace(&self, pace: Duration) {
        self.lock().pace = pace;
    }

    /// How late the first byte of [`Kind::LateFirstByte`] is; a minute by default.
    pub fn late(&self, late: Duration) {
        self.lock().late = late;
    }

    /// Every request so far.
    pub fn journal(&self) -> Vec<Request> {
        self.lock().journal.clone()
    }

    /// What the specification said against any request so far.
    pub fn faults(&self) -> Vec<String> {
        self.lock().journal.iter().flat_map(|request| request.faults.clone()).collect()
    }

    fn fly(&self) -> Flying {
        let mut inner = self.lock();
        inner.flying += 1;
        inner.most = inner.most.max(inner.flying);
        Flying(self.clone())
    }

    /// How many requests were answered at once at most.
    pub fn most_at_once(&self) -> usize {
        self.lock().most
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.lock().journal.len()
    }

    /// Forgets the orders and the journal.
    pub fn reset(&self) {
        let mut inner = self.lock();
        inner.faults.clear();
        inner.always = None;
        inner.says.clear();
        inner.journal.clear();
    }
}

/// A running server; it stops when this is dropped.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its orders and its journal.
    pub world: World,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start() -> Result<Self, String> {
        Self::listen(World::new()?, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens where it is told to.
    pub async fn listen(world: World, addr: SocketAddr) -> Result<Self, String> {
        let listener = tokio::net::TcpListener::bind(addr).await.map_err(|error| error.to_string())?;
        let addr = listener.local_addr().map_err(|error| error.to_string())?;
        let router = serve::router(world.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the fake model server stopped: {error}");
            }
        });
        Ok(Self { addr, world, task })
    }

    /// The base address for clients.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
