//! Everything that is reached over HTTP: the widget, the console and its API, health, and the pages.

mod caller;
mod chat;
mod connections;
mod download;
mod extract;
mod limits;
mod problem;
mod security;
mod session;
mod settings;
pub mod sign_in;

pub use connections::Connections;
pub use settings::{LimitSettings, Rate, Settings};

use crate::hand::Hand;
use crate::inbox::Inbox;
use crate::ledger::Ledger;
use crate::library::Library;
use axum::Router;
use chat::Visits;
use connections::Sockets;
use limits::Limits;
use metrics_exporter_prometheus::PrometheusHandle;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Passwords that are hashed at once; each takes 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// What the server needs.
pub struct Server {
    /// The log, the clock, and those who listen.
    pub ledger: Ledger,
    /// The release in force.
    pub library: Arc<Library>,
    /// Records messages.
    pub inbox: Inbox,
    /// Does what people command.
    pub hand: Hand,
    /// What the operator decided.
    pub settings: Settings,
    /// Renders `/metrics`; without it there is none.
    pub metrics: Option<PrometheusHandle>,
    /// Turns true when the desk goes down: sockets say so and close.
    pub stopping: watch::Receiver<bool>,
    /// Counts open sockets and streams; after `stopping`, wait for [`Connections::drained`].
    pub connections: Connections,
}

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

pub(crate) struct Inner {
    server: Server,
    limits: Limits,
    sockets: Sockets,
    visits: Visits,
    hashing: Semaphore,
}

impl Deref for Site {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// All routes.
pub fn router(server: Server) -> Router {
    let limits = Limits::new(&server.settings.limits);
    let site = Site(Arc::new(Inner {
        limits,
        sockets: Sockets::default(),
        visits: Visits::default(),
        hashing: Semaphore::new(HASHED_AT_ONCE),
        server,
    }));
    Router::new().nest("/chat/v1", chat::routes(&site.settings)).with_state(site)
}
