//! A language model for stories: the fake server behind the real layers.

use super::world::World;
use deskhand::asking::{Asking, Terms};
use deskhand::ledger::Ledger;
use deskhand::library::Library;
use fakes::model::Server;
use model::Step;
use model::layers::breaker::BreakerSettings;
use model::layers::journal::{Entry, Sink};
use model::layers::prices::{Price, Prices};
use model::layers::retry::RetrySettings;
use model::layers::stack::{self, Outside, StackSettings};
use model::openai::ServerSettings;
use model::redact::{RedactionSettings, Redactor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// What was written down.
#[derive(Default)]
pub(crate) struct Pages(pub(crate) Mutex<Vec<Entry>>);

impl Sink for Pages {
    fn write(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }
}

/// A dollar for a million tokens: a token is a millionth.
pub(crate) fn prices() -> Prices {
    Prices { models: BTreeMap::new(), otherwise: Price { input_usd: 1.0, output_usd: 1.0 } }
}

/// Asks a server; `change` sets what is not as usual.
pub(crate) fn asking(
    ledger: &Ledger,
    url: &str,
    pages: &Arc<Pages>,
    change: impl FnOnce(&mut StackSettings),
) -> Arc<Asking> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let server = ServerSettings::new("fake", url, Some("sk-canary".into()), "fake");
    let mut settings = StackSettings::new(vec![server], prices());
    settings.attempt = Duration::from_secs(2);
    settings.retry = RetrySettings { attempts: 1, ..RetrySettings::default() };
    // Stories are not about the breaker unless they say so.
    settings.breaker = BreakerSettings { fewest: 1000, window: 1000, ..BreakerSettings::default() };
    settings.a_minute = std::num::NonZeroU32::new(10_000).unwrap();
    settings.cache_entries = 0;
    change(&mut settings);
    let outside = Outside {
        now: Arc::new(std::time::SystemTime::now),
        jitter: Arc::new(|| 0.0),
        journal: pages.clone(),
    };
    let terms = Terms {
        patience: Duration::from_millis(1200),
        at_once: settings.at_once,
        prices: prices(),
        embedding_model: settings.servers[0].models.get(&Step::Embed).cloned(),
        redactor: Redactor::new(RedactionSettings::default()).unwrap(),
    };
    Asking::new(ledger.clone(), stack::build(&settings, &outside).unwrap(), terms)
}

/// A desk with a language model.
pub(crate) struct ModelWorld {
    pub(crate) world: World,
    pub(crate) server: Server,
    pub(crate) pages: Arc<Pages>,
}

impl ModelWorld {
    /// The shipped desk.
    pub(crate) async fn new() -> Self {
        Self::with(super::world::shipped(), |_| {}).await
    }

    /// Another library, and what is not as usual about the layers.
    pub(crate) async fn with(library: Arc<Library>, change: impl FnOnce(&mut StackSettings)) -> Self {
        let server = Server::start().await.expect("a fake model server");
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        let storage = deskhand::store::open(&url).await.expect("a SQLite file");
        let pages = Arc::new(Pages::default());
        let ask = |ledger: &Ledger| asking(ledger, &server.url(), &pages, change);
        let world = World::asking(storage, Some(folder), library, true, ask).await;
        Self { world, server, pages }
    }

    /// The next answer to a classification.
    pub(crate) fn thinks(&self, intent: Option<&str>, certainty: &str) {
        self.server.world.says(&opinion(intent, certainty, "low").to_string());
    }

    /// The next answers: a reply from these articles, and that its check found nothing.
    pub(crate) fn writes(&self, reply: &str, articles: &[&str]) {
        let answer = json!({"answerable": true, "reply": reply, "citations": articles});
        self.server.world.says(&answer.to_string());
        self.server.world.says(r#"{"problems":[],"verdict":"pass"}"#);
    }

    /// Holds that every request met the vendor's specification.
    pub(crate) fn is_understood(&self) {
        assert!(
            self.server.world.has_spec() || std::env::var_os("CI").is_none(),
            "the specification is absent"
        );
        if !self.server.world.has_spec() {
            eprintln!("SKIPPED: requests are not checked, the specification is absent");
        }
        assert_eq!(self.server.world.faults(), Vec::<String>::new());
    }

    /// The jobs that the model was asked to do so far, by their prompts' first words.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        let prompts = [
            ("You sort messages", "classify"),
            ("are the automatic assistant", "reply"),
            ("You check a draft", "screen"),
            ("You brief", "summarise"),
            ("You copy facts", "extract"),
            ("You find something out", "use"),
        ];
        let journal = self.server.world.journal();
        let step = |body: &Value| {
            let system = body["messages"][0]["content"].as_str().unwrap_or_default();
            prompts.iter().find(|(words, _)| system.contains(words)).map_or("?", |(_, step)| *step)
        };
        journal.iter().map(|request| step(&request.body)).collect()
    }
}

/// What the model says about the intent of a message.
pub(crate) fn opinion(intent: Option<&str>, certainty: &str, urgency: &str) -> Value {
    json!({"intent": intent, "certainty": certainty, "urgency": urgency, "sentiment": "neutral",
        "language": "en", "because": "it says so"})
}
