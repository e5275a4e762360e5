//! What the stories share: the shipped prompts, a stack against the fake server, times small enough to wait for.

use fakes::model::Server;
use model::layers::budget::BudgetSettings;
use model::layers::journal::{Entry, Sink};
use model::layers::prices::Prices;
use model::layers::retry::RetrySettings;
use model::layers::stack::{Outside, Stack, StackSettings, build};
use model::openai::ServerSettings;
use model::prompt::{Case, Prompts};
use model::{Ask, Step};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, SystemTime};

/// The files of a folder of the repository, path → text.
pub(crate) fn files(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

/// The repository's prompts.
pub(crate) fn prompts() -> Prompts {
    let files = files("prompts");
    Prompts::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())
    })
}

/// A question of a step with its samples, in a conversation of its own.
pub(crate) fn ask(prompts: &Prompts, step: Step, number: usize) -> Ask {
    let prompt = prompts.of(step).unwrap();
    let conversation = format!("c{number}");
    let case = Case { release: "r1", conversation: &conversation, customer: &conversation };
    prompt.ask(case, &prompt.sample(), None).unwrap()
}

/// The journal of a test.
#[derive(Default)]
pub(crate) struct Pages(pub(crate) Mutex<Vec<Entry>>);

impl Sink for Pages {
    fn write(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }
}

/// One server's settings against the fake.
pub(crate) fn server_settings(server: &Server) -> ServerSettings {
    at(&server.url())
}

fn at(url: &str) -> ServerSettings {
    static TLS: Once = Once::new();
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut settings = ServerSettings::new("fake", url, Some("sk-canary".to_owned().into()), "fake");
    settings.models.insert(Step::Embed, "fake-embed".to_owned());
    settings.read_timeout = Duration::from_millis(900);
    settings
}

/// The usual stack with small times and without limits that a test does not ask for.
pub(crate) fn settings(server: &Server) -> StackSettings {
    settings_for(&server.url())
}

/// The same for any address.
pub(crate) fn settings_for(url: &str) -> StackSettings {
    let mut settings = StackSettings::new(vec![at(url)], Prices::free());
    settings.attempt = Duration::from_millis(700);
    settings.retry =
        RetrySettings { attempts: 2, first: Duration::from_millis(5), longest: Duration::from_millis(10) };
    settings.breaker.share = 1.0;
    settings.budget = BudgetSettings::default();
    settings.a_minute = NonZeroU32::new(1_000_000).unwrap();
    settings.cache_entries = 0;
    settings
}

/// Builds it.
pub(crate) fn stack(settings: &StackSettings) -> (Stack, Arc<Pages>) {
    let pages = Arc::new(Pages::default());
    // The tests' own clock: nothing is asserted of it.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let outside = Outside { now: Arc::new(move || now), jitter: Arc::new(|| 0.5), journal: pages.clone() };
    (build(settings, &outside).unwrap(), pages)
}
