//! Puts everything together: the only place that names adapters.

mod connect;
mod language_model;
mod lookups;
mod needs;
mod outside;

pub use language_model::price_of;
pub use lookups::{databases, directory, examine_databases, systems};
pub use needs::{Lacking, lacking};
pub use outside::{examine_outside, mailer};

use crate::config::{Config, Limits};
use crate::demo;
use crate::domain::Time;
use crate::domain::release::Content;
use crate::engines::Desk;
use crate::http;
use crate::hub::Hub;
use crate::integrations::notifier::TeamNotifier;
use crate::integrations::tickets::BuiltIn;
use crate::ledger::Ledger;
use crate::library::{self, Library, ModelCache};
use crate::outbox::World;
use crate::ports::storage::Storage;
use crate::ports::{Actions, Clock, Ids};
use crate::reception::Reception;
use crate::store;
use anyhow::{Context as _, anyhow};
use channels::Intake;
use nlu::embedding::{Embedder, Folder};
use rand::TryRngCore as _;
use secrecy::ExposeSecret as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a clean stop may take before what is left is dropped; all of it is on disk anyway.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that reads the clock
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// The machine's randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[allow(clippy::disallowed_methods)] // the one place that makes ids
    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }

    fn secret(&self) -> String {
        let mut bytes = [0_u8; 32];
        #[allow(clippy::expect_used)] // no randomness, no secrets: nothing may go on
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).expect("the operating system gives no randomness");
        hex::encode(bytes)
    }
}

/// The one TLS provider, for everything that connects; whoever comes second finds it there.
pub fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Where the editable content lies; `None` is the starter desk inside the binary.
#[must_use]
pub fn content_folder(set: Option<PathBuf>) -> Option<PathBuf> {
    set.or_else(|| PathBuf::from("policies").is_dir().then(|| PathBuf::from(".")))
}

/// Opens the database and brings it to this version.
pub async fn open_storage(config: &Config) -> anyhow::Result<Arc<dyn Storage>> {
    Ok(store::open(config.database_url().expose_secret()).await?)
}

/// Opens the database for a command, also beside a desk that is running.
pub async fn open_beside(config: &Config) -> anyhow::Result<Arc<dyn Storage>> {
    Ok(store::open_beside(config.database_url().expose_secret()).await?)
}

/// Connects each platform once; what each says, or the true cause of its trouble.
pub async fn examine(config: &Config) -> anyhow::Result<Vec<(&'static str, Result<String, String>)>> {
    let intake: Arc<dyn Intake> = Arc::new(connect::Nowhere);
    let mut found = Vec::new();
    for platform in connect::platforms(config, &intake)?.into_inner() {
        found.push((platform.channel().name(), platform.examine().await));
    }
    Ok(found)
}

/// Asks each server of language models once.
pub async fn examine_model(config: &Config) -> anyhow::Result<Result<(), String>> {
    language_model::examine(&config.llm, Arc::new(SystemClock)).await
}

/// The models that have been trained, with the vectors of the settings.
pub fn models(config: &Config) -> anyhow::Result<ModelCache> {
    let folder = config.classifier.embeddings.as_deref();
    let embedder = folder.map(Folder::open).transpose().context("classifier.embeddings")?;
    let embedder = embedder.map(|folder| Arc::new(folder) as Arc<dyn Embedder>);
    Ok(ModelCache::new(Some(config.data_dir.join("models"))).with_embedder(embedder))
}

/// Checks the content and trains the classifier, off the async threads.
async fn open_library(config: &Config) -> anyhow::Result<(Library, Content)> {
    let folder = content_folder(config.content_dir.clone());
    let models = models(config)?;
    // The readers of signals learn their wording once; better now than with the first message.
    let warmed = tokio::task::spawn_blocking(nlu::signals::warm_up);
    let opened = tokio::task::spawn_blocking(move || {
        let content = match &folder {
            Some(folder) => library::load(folder)?,
            None => library::starter(),
        };
        match Library::open(&content, &models) {
            Ok(library) => Ok((library, content)),
            Err(faults) => {
                let list: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
                Err(anyhow!("the policies cannot go into force:{}", list.concat()))
            }
        }
    });
    warmed.await.context("the readers of signals could not learn")?;
    opened.await.context("the policies could not be read")?
}

/// `deskhand serve`
pub async fn serve(mut config: Config, demo: bool) -> anyhow::Result<()> {
    let metrics =
        metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().context("metrics")?;
    install_tls();
    // The address first: a second start says so before it touches the database.
    let listener = TcpListener::bind(config.http.addr)
        .await
        .with_context(|| format!("http.addr: cannot listen on {}", config.http.addr))?;
    // Port 0 means any: only now is it known which.
    config.http.addr = listener.local_addr().context("http.addr")?;
    let (storage, opened) = tokio::join!(open_storage(&config), open_library(&config));
    let (storage, (library, content)) = (storage?, opened?);
    let ledger = Ledger {
        storage,
        hub: Arc::new(Hub::default()),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    let library = Arc::new(library);
    let lacking = lacking(&library.current(), &config);
    if !lacking.unknown.is_empty() {
        let list: Vec<String> = lacking.unknown.iter().map(|missing| format!("\n  {missing}")).collect();
        return Err(anyhow!("the settings lack what the policies name:{}", list.concat()));
    }
    // The starter desk's secrets are those of a company that there is not.
    for missing in lacking.secrets.iter().filter(|_| content != library::starter()) {
        tracing::warn!("{missing}");
    }
    ledger.storage.put_release(&library.current().release, &content, ledger.now()).await?;

    let channels = outside::channels(&config)?;
    let tracker = outside::tracker(&config)?;
    let intake: Arc<dyn Intake> = Arc::new(Reception::new(ledger.clone(), library.clone()));
    let platforms = connect::platforms(&config, &intake)?;
    let systems = systems(&config)?;
    let databases = systems.databases.clone();
    let other_systems: Arc<dyn Actions> = Arc::new(systems);
    let world = World {
        couriers: platforms.couriers(),
        tickets: Arc::new(BuiltIn::new(ledger.storage.clone())),
        tracker: tracker.clone(),
        notifier: Arc::new(TeamNotifier::new(
            ledger.hub.clone(),
            ledger.clock.clone(),
            channels,
            &config.public_url(),
        )),
        actions: other_systems.clone(),
        mailer: mailer(&config, ledger.clock.clone())?,
        directory: directory(&config, demo)?,
    };
    let asking = language_model::open(&config, &ledger, &library.current()).await?;
    let desk =
        Desk::assemble_with_model(ledger.clone(), library.clone(), world, platforms.clone(), asking.clone());
    let every = chrono::TimeDelta::minutes(i64::from(config.tickets.poll_minutes));
    let desk = desk.asking_every(every).reading(databases);
    let (stopper, stop) = watch::channel(false);
    let mut engines = desk.start(&stop);
    let (articles, of) = (asking.clone(), library.current());
    // In a task of its own, and nobody waits for it: articles are found by their words meanwhile.
    tokio::spawn(async move { articles.prepare(&of).await });
    let mut server = http::Server::new(
        ledger.clone(),
        library,
        desk.inbox.clone(),
        desk.hand.clone(),
        desk.triggers.clone(),
        settings(&config, demo),
        metrics,
        stop.clone(),
    );
    server.rates = rates(&config.limits);
    server.platforms = platforms;
    server.actions = Some(other_systems);
    server.ticketing = desk.ticketing.clone();
    server.asking = asking;
    let web = tokio::spawn(http::serve(listener, server, stop.clone()));
    announce(&config, &ledger, demo).await?;
    if demo {
        engines.spawn(demo::visit(desk.inbox.clone(), ledger.clone(), stop.clone()));
    }
    wait_for_stop().await;
    tracing::info!("stopping: what is under way is finished, the rest is on disk");
    stopper.send_replace(true);
    let ended = tokio::time::timeout(STOP_LIMIT, async {
        while engines.join_next().await.is_some() {}
        web.await
    });
    match ended.await {
        Ok(Ok(served)) => served.context("the web server"),
        Ok(Err(error)) => Err(error).context("the web server"),
        // Long polls and sockets that do not let go are cut; their clients come back.
        Err(_) => Ok(()),
    }
}

fn settings(config: &Config, demo: bool) -> http::Settings {
    http::Settings {
        public_url: config.public_url(),
        identity_secret: config.widget.identity_secret.clone(),
        identity_previous_secret: config.widget.identity_previous_secret.clone(),
        allowed_origins: config.widget.allowed_origins.clone(),
        max_upload_bytes: config.widget.max_upload_bytes,
        hook_secrets: config.hooks.secrets.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        demo,
    }
}

fn rates(limits: &Limits) -> http::Rates {
    let Limits { messages_per_minute, sessions_per_minute, sign_ins_per_minute } = *limits;
    http::Rates {
        messages: http::Rate { burst: messages_per_minute.div_ceil(2), per_minute: messages_per_minute },
        sessions: http::Rate {
            burst: sessions_per_minute.saturating_mul(2),
            per_minute: sessions_per_minute,
        },
        sign_ins: http::Rate { burst: 10.max(sign_ins_per_minute), per_minute: sign_ins_per_minute },
        ..http::Rates::default()
    }
}

/// Where to look, for whoever started it.
async fn announce(config: &Config, ledger: &Ledger, demo: bool) -> anyhow::Result<()> {
    let url = config.public_url();
    let mut words = format!("\nDeskhand is running.\n  console    {url}/console\n");
    if demo {
        let link = demo::agent_link(ledger).await?;
        words.push_str(&format!("  sample     {url}/   (a customer's page with the chat widget)\n"));
        words.push_str(&format!(
            "  sign in    {url}/console#link={link}   (once; anyone with this link is an admin)\n"
        ));
        words.push_str("\nWrite to the widget as a customer, and answer in the console as Robin. Simulated customers are arriving.\n");
    } else if ledger.storage.users().await?.is_empty() {
        words.push_str("\nNobody can sign in yet: deskhand user add --email you@example.com --role admin --password-stdin\n");
    }
    // Where standard output is closed, nobody waits for the words.
    drop(writeln!(std::io::stdout(), "{words}"));
    Ok(())
}

async fn wait_for_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                heard = interrupt => drop(heard),
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}
