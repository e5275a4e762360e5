//! Everything that is reached over HTTP: the widget, the console and its API, health, and the pages.

mod caller;
mod chat;
mod connections;
mod console;
mod download;
mod extract;
mod health;
mod hooks;
mod layers;
mod limits;
mod pages;
mod problem;
mod security;
mod session;
mod settings;
pub mod sign_in;

pub use chat::frames;
pub use connections::Connections;
pub use console::openapi;
pub use settings::{Rate, Rates, Settings};

use crate::asking::Asking;
use crate::hand::Hand;
use crate::inbox::Inbox;
use crate::ledger::Ledger;
use crate::library::Library;
use crate::platforms::Platforms;
use crate::ports::Actions;
use crate::ticketing::Ticketing;
use crate::triggers::Triggers;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Router, middleware};
use chat::Visits;
use connections::Sockets;
use limits::Limits;
use metrics_exporter_prometheus::PrometheusHandle;
use problem::Problem;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;

/// Passwords that are hashed at once; each takes 19 MiB.
const HASHED_AT_ONCE: usize = 2;
/// How often measurements are folded together.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

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
    /// How much one caller may have.
    pub rates: Rates,
    /// Renders `/metrics`; without it there is none.
    pub metrics: Option<PrometheusHandle>,
    /// Turns true when the desk goes down: sockets say so and close.
    pub stopping: watch::Receiver<bool>,
    /// What sets the desk off beside messages.
    pub triggers: Triggers,
    /// Tickets after they were opened.
    pub ticketing: Ticketing,
    /// The connected platforms.
    pub platforms: Platforms,
    /// Other systems; of them only how they are is asked here.
    pub actions: Option<Arc<dyn Actions>>,
    /// Asks the language model.
    pub asking: Arc<Asking>,
    /// Counts open sockets and streams.
    pub connections: Connections,
}

impl Server {
    /// A server with the usual rates.
    #[must_use]
    #[allow(clippy::too_many_arguments, reason = "each is a part of the desk")]
    pub fn new(
        ledger: Ledger,
        library: Arc<Library>,
        inbox: Inbox,
        hand: Hand,
        triggers: Triggers,
        settings: Settings,
        metrics: impl Into<Option<PrometheusHandle>>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            ticketing: Ticketing::new(ledger.clone(), hand.clone(), None, chrono::TimeDelta::minutes(5)),
            asking: Asking::off(ledger.clone()),
            ledger,
            library,
            inbox,
            hand,
            settings,
            rates: Rates::default(),
            metrics: metrics.into(),
            stopping,
            triggers,
            platforms: Platforms::default(),
            actions: None,
            connections: Connections::default(),
        }
    }
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
    openapi: String,
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

/// All routes. Serve it with the callers' addresses (`into_make_service_with_connect_info`): limits go by them.
pub fn router(server: Server) -> Router {
    let site = Site(Arc::new(Inner {
        limits: Limits::new(&server.rates),
        sockets: Sockets::default(),
        visits: Visits::default(),
        hashing: Semaphore::new(HASHED_AT_ONCE),
        openapi: console::openapi(),
        server,
    }));
    Router::new()
        .nest("/chat/v1", chat::routes(&site.settings))
        .merge(console::routes(&site))
        .merge(pages::routes())
        .route("/hooks/telegram", post(hooks::telegram).layer(DefaultBodyLimit::max(hooks::MAX_UPDATE)))
        .route(
            "/hooks/{trigger}",
            post(hooks::trigger::take).layer(DefaultBodyLimit::max(hooks::trigger::LARGEST)),
        )
        .route(
            "/hooks/tickets/{system}",
            post(hooks::tickets).layer(DefaultBodyLimit::max(hooks::MAX_UPDATE)),
        )
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(|| async { Problem::no_route() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(middleware::from_fn(layers::time_limit))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn_with_state(site.clone(), security::headers))
        .layer(middleware::from_fn_with_state(site.clone(), layers::trace))
        .with_state(site)
}

/// Serves until the desk goes down, then until the last line has said farewell.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let (connections, metrics) = (server.connections.clone(), server.metrics.clone());
    let app = router(server).into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let stopped = async move {
        // Whoever could say so being gone means the same.
        drop(stopping.wait_for(|stopping| *stopping).await);
    };
    let upkeep = tokio::spawn(keep_up(metrics));
    let served = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
    upkeep.abort();
    served?;
    connections.drained().await;
    Ok(())
}

/// Folds what was measured together; without it, samples that nobody fetches would pile up.
async fn keep_up(metrics: Option<PrometheusHandle>) {
    let Some(metrics) = metrics else { return };
    let mut now_and_then = tokio::time::interval(UPKEEP_EVERY);
    loop {
        now_and_then.tick().await;
        metrics.run_upkeep();
    }
}
