//! A whole desk in one process: real engines, a real database, the shipped policies; a clock that stands until it
//! is moved, and an outside world that does as it is told.

use super::outside::{FakeActions, FakeCourier, FakeDirectory, FakeMailer, FakeNotifier, FakeTickets};
use channels::{Channel, Inbound};
use chrono::TimeDelta;
use deskhand::asking::Asking;
use deskhand::desk::Command;
use deskhand::domain::Time;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::customer::{Account, Customer};
use deskhand::domain::decision::Decision;
use deskhand::domain::event::{Author, Entry, Event};
use deskhand::domain::ids::{ConversationId, CustomerId, UserId};
use deskhand::domain::person::PersonRef;
use deskhand::engines::Desk;
use deskhand::hand::HandError;
use deskhand::hub::Hub;
use deskhand::inbox::{Arrival, Recorded};
use deskhand::ledger::Ledger;
use deskhand::library::{Library, ModelCache, starter};
use deskhand::outbox::World as Outside;
use deskhand::platforms::Platforms;
use deskhand::ports::storage::Storage;
use deskhand::ports::{Clock, Ids, Tracker};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

/// A clock that stands until it is moved.
pub(crate) struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Time {
        Time::from_timestamp_micros(self.0.load(Ordering::SeqCst)).expect("a time of this century")
    }
}

/// Ids that count up.
pub(crate) struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn id(&self) -> Uuid {
        Uuid::from_u128(
            u128::from(self.0.fetch_add(1, Ordering::SeqCst)) | 0x0199_0000_0000_7000_8000_0000_0000_0000,
        )
    }

    fn secret(&self) -> String {
        format!("{:064x}", self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// The shipped desk, read once for all stories.
pub(crate) fn shipped() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
            Arc::new(Library::open(&starter(), &models).expect("the starter desk to be in order"))
        })
        .clone()
}

/// The shipped desk with some files in place of others or beside them.
pub(crate) fn library_with(files: &[(&str, &str)]) -> Arc<Library> {
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
    let mut content = starter();
    content.extend(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let opened = Library::open(&content, &models);
    Arc::new(opened.unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())
    }))
}

/// A shipped file, changed.
pub(crate) fn shipped_but(path: &str, changes: &[(&str, &str)]) -> String {
    let mut text = starter().remove(path).expect("a shipped file");
    for (from, to) in changes {
        assert!(text.contains(from), "{path} holds no {from}");
        text = text.replacen(from, to, 1);
    }
    text
}

pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) library: Arc<Library>,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) directory: Arc<FakeDirectory>,
    pub(crate) tickets: Arc<FakeTickets>,
    pub(crate) notifier: Arc<FakeNotifier>,
    pub(crate) courier: Arc<FakeCourier>,
    pub(crate) on_discord: Arc<FakeCourier>,
    pub(crate) actions: Arc<FakeActions>,
    pub(crate) mailer: Arc<FakeMailer>,
    pub(crate) desk: Desk,
    stop: watch::Sender<bool>,
    engines: Mutex<JoinSet<()>>,
    _folder: Option<TempDir>,
}

impl World {
    /// Wednesday 4 March 2026, ten in the morning in Berlin: every team is there.
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        let storage = deskhand::store::open(&url).await.expect("a SQLite file");
        Self::on(storage, Some(folder), shipped(), true).await
    }

    /// The same without engines: nothing is decided until somebody runs them.
    pub(crate) async fn asleep() -> Self {
        let storage = deskhand::store::open("sqlite::memory:").await.expect("a SQLite database");
        Self::on(storage, None, shipped(), false).await
    }

    /// The shipped desk with some files in place of others or beside them.
    pub(crate) async fn with(files: &[(&str, &str)]) -> Self {
        Self::of(library_with(files)).await
    }

    /// Another library.
    pub(crate) async fn of(library: Arc<Library>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        let storage = deskhand::store::open(&url).await.expect("a SQLite file");
        Self::on(storage, Some(folder), library, true).await
    }

    pub(crate) async fn on(
        storage: Arc<dyn Storage>,
        folder: Option<TempDir>,
        library: Arc<Library>,
        awake: bool,
    ) -> Self {
        Self::whole(storage, folder, library, awake, None, |ledger| Asking::off(ledger.clone())).await
    }

    /// The same with a ticket system of somebody else's beside it.
    pub(crate) async fn beside(
        storage: Arc<dyn Storage>,
        folder: Option<TempDir>,
        library: Arc<Library>,
        awake: bool,
        tracker: Option<Arc<dyn Tracker>>,
    ) -> Self {
        Self::whole(storage, folder, library, awake, tracker, |ledger| Asking::off(ledger.clone())).await
    }

    /// The same with somebody who asks a language model.
    pub(crate) async fn asking(
        storage: Arc<dyn Storage>,
        folder: Option<TempDir>,
        library: Arc<Library>,
        awake: bool,
        asking: impl FnOnce(&Ledger) -> Arc<Asking>,
    ) -> Self {
        Self::whole(storage, folder, library, awake, None, asking).await
    }

    async fn whole(
        storage: Arc<dyn Storage>,
        folder: Option<TempDir>,
        library: Arc<Library>,
        awake: bool,
        tracker: Option<Arc<dyn Tracker>>,
        asking: impl FnOnce(&Ledger) -> Arc<Asking>,
    ) -> Self {
        let start: Time = "2026-03-04T09:00:00Z".parse().expect("a time");
        let clock = Arc::new(StandingClock(AtomicI64::new(start.timestamp_micros())));
        let ledger = Ledger {
            storage: storage.clone(),
            hub: Arc::new(Hub::default()),
            clock: clock.clone(),
            ids: Arc::new(CountingIds(AtomicU64::new(1))),
        };
        let directory = Arc::new(FakeDirectory::default());
        let tickets = Arc::new(FakeTickets::new(storage));
        let notifier = Arc::new(FakeNotifier::default());
        let courier = Arc::new(FakeCourier::new(Channel::Telegram));
        let on_discord = Arc::new(FakeCourier::new(Channel::Discord));
        let carried: [Arc<dyn channels::Courier>; 2] = [courier.clone(), on_discord.clone()];
        let actions = Arc::new(FakeActions::default());
        let mailer = Arc::new(FakeMailer::default());
        let outside = Outside {
            couriers: carried.into_iter().map(|courier| (courier.channel(), courier)).collect(),
            tickets: tickets.clone(),
            tracker,
            notifier: notifier.clone(),
            actions: actions.clone(),
            mailer: Some(mailer.clone()),
            directory: directory.clone(),
        };
        let desk = Desk::assemble_with_model(
            ledger.clone(),
            library.clone(),
            outside,
            Platforms::default(),
            asking(&ledger),
        );
        let (stop, stopped) = watch::channel(false);
        let engines = Mutex::new(if awake { desk.start(&stopped) } else { JoinSet::new() });
        Self {
            ledger,
            library,
            clock,
            directory,
            tickets,
            notifier,
            courier,
            on_discord,
            actions,
            mailer,
            desk,
            stop,
            engines,
            _folder: folder,
        }
    }

    /// Nobody of whom anything is known.
    pub(crate) async fn visitor(&self) -> Person<'_> {
        self.person(Channel::Web, None, None).await
    }

    /// Somebody whose identity the shop has signed, with an account.
    pub(crate) async fn verified(&self, account: Account) -> Person<'_> {
        let person = self.person(Channel::Web, Some(account.name.clone()), Some(account.email.clone())).await;
        self.directory.add(account);
        person
    }

    /// Somebody on a channel that must be pushed to.
    pub(crate) async fn on_telegram(&self) -> Person<'_> {
        self.person(Channel::Telegram, None, None).await
    }

    /// Somebody on the channel of this name, who calls themselves this.
    pub(crate) async fn called(&self, channel: Channel, name: &str) -> Person<'_> {
        self.person(channel, Some(name.to_owned()), None).await
    }

    async fn person(&self, channel: Channel, name: Option<String>, email: Option<String>) -> Person<'_> {
        let id = self.ledger.ids.id();
        let customer = Customer {
            id: CustomerId(id),
            name,
            verified: email.is_some(),
            email,
            external: None,
            locale: None,
        };
        self.ledger.storage.put_customer(customer, self.ledger.now()).await.expect("a customer");
        self.ledger.storage.bind(channel, &id.to_string(), CustomerId(id)).await.expect("an address");
        Person { world: self, channel, id, written: AtomicU64::new(0), heard: AtomicI64::new(0) }
    }

    /// Somebody at the desk.
    pub(crate) fn agent(&self, name: &str) -> Agent<'_> {
        Agent { world: self, who: PersonRef { id: UserId(self.ledger.ids.id()), name: name.to_owned() } }
    }

    /// Time goes by.
    pub(crate) fn wait(&self, minutes: i64) {
        self.clock.0.fetch_add(
            TimeDelta::minutes(minutes).num_microseconds().expect("few minutes"),
            Ordering::SeqCst,
        );
        self.ledger.hub.turns.notify_one();
        self.ledger.hub.outbox.notify_one();
    }

    /// Seconds go by.
    pub(crate) fn clock_seconds(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.wait(0);
    }

    /// Until nothing is due and the outbox is empty.
    pub(crate) async fn settles(&self) {
        // Twice in a row: the two questions are not asked at one moment, and work may slip from one to the other.
        let mut quiet = 0;
        for _ in 0..3000 {
            // In this order: a turn ends after the call it begins, and a call after the turn it makes due.
            let (turns, asked) = (self.desk.turns.under_way(), self.desk.asking.in_flight());
            let due = self.ledger.storage.due(self.ledger.now(), 10).await.expect("what is due");
            let acts = self.ledger.storage.waiting_effects().await.expect("what is to be done");
            let fired =
                self.ledger.storage.due_firings(self.ledger.now(), 1).await.expect("what set triggers off");
            let rests = due.is_empty() && acts + asked as i64 == 0 && fired.is_empty() && turns == 0;
            quiet = if rests { quiet + 1 } else { 0 };
            if quiet == 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(if quiet > 0 { 2 } else { 10 })).await;
        }
        panic!("the desk does not come to rest");
    }

    pub(crate) async fn log(&self, id: ConversationId) -> Vec<Entry> {
        self.ledger.storage.events(id, 0, 10_000).await.expect("the log")
    }

    /// A clean stop, and another process on the same file, perhaps with another release.
    pub(crate) async fn restarts(&self, library: Arc<Library>) -> Self {
        self.stops().await;
        self.ledger.storage.close().await;
        let folder = self._folder.as_ref().expect("a file that outlives the process");
        let url = format!("sqlite:{}", folder.path().join("deskhand.db").display());
        let storage = deskhand::store::open(&url).await.expect("a SQLite file");
        let next = Self::on(storage, None, library, true).await;
        next.clock.0.store(self.clock.0.load(Ordering::SeqCst), Ordering::SeqCst);
        next
    }

    /// A clean stop.
    pub(crate) async fn stops(&self) {
        self.stop.send_replace(true);
        let mut engines = std::mem::take(&mut *self.engines.lock().expect("no engine panicked"));
        while engines.join_next().await.is_some() {}
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A customer.
pub(crate) struct Person<'a> {
    world: &'a World,
    channel: Channel,
    pub(crate) id: Uuid,
    written: AtomicU64,
    heard: AtomicI64,
}

impl Person<'_> {
    /// Writes, and waits until the desk has come to rest.
    pub(crate) async fn says(&self, text: &str) -> Recorded {
        let recorded = self.writes(text).await;
        self.world.settles().await;
        recorded
    }

    /// Writes and does not wait.
    pub(crate) async fn writes(&self, text: &str) -> Recorded {
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        self.sends(&format!("m{number}"), text, None).await
    }

    /// Presses a button.
    pub(crate) async fn presses(&self, choice: &str) {
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        self.sends(&format!("m{number}"), "", Some(choice.to_owned())).await;
        self.world.settles().await;
    }

    pub(crate) async fn sends(&self, external_id: &str, text: &str, choice: Option<String>) -> Recorded {
        let arrival = self.arrival(external_id, text, choice);
        self.world.desk.inbox.receive(&arrival).await.expect("the message to be taken")
    }

    pub(crate) fn arrival(&self, external_id: &str, text: &str, choice: Option<String>) -> Arrival {
        Arrival {
            inbound: Inbound {
                choice,
                ..Inbound::new(
                    self.channel,
                    external_id.to_owned(),
                    self.id.to_string(),
                    self.id.to_string(),
                    text.to_owned(),
                )
            },
            customer: CustomerId(self.id),
            locale: None,
            page: None,
        }
    }

    pub(crate) async fn talk(&self) -> Conversation {
        let current = self.world.desk.inbox.current(self.channel, &self.id.to_string()).await;
        current.expect("the conversation").expect("a conversation")
    }

    /// What was said to the customer since they last listened, a line each: `bot: …`, `Ben: …`, `desk: …`.
    pub(crate) async fn hears(&self) -> String {
        let heard = self.heard.load(Ordering::SeqCst);
        let log = self.world.log(self.talk().await.id).await;
        self.heard.store(log.last().map_or(heard, |entry| entry.seq), Ordering::SeqCst);
        let lines = log.iter().filter(|entry| entry.seq > heard).filter_map(|entry| match &entry.event {
            Event::Said { author, text, choices, .. } => {
                let who = match author {
                    Author::Bot => "bot",
                    Author::System => "desk",
                    Author::Agent(person) => &person.name,
                };
                let buttons: String = choices.iter().map(|choice| format!(" [{}]", choice.label)).collect();
                Some(format!("{who}: {text}{buttons}"))
            }
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The newest decision.
    pub(crate) async fn decision(&self) -> Decision {
        *self.talk().await.decision.expect("a decision").1
    }
}

/// Somebody at the desk.
pub(crate) struct Agent<'a> {
    world: &'a World,
    pub(crate) who: PersonRef,
}

impl Agent<'_> {
    pub(crate) async fn commands(&self, person: &Person<'_>, command: Command) -> Result<(), HandError> {
        let id = person.talk().await.id;
        self.world.desk.hand.act(id, &self.who, &command).await.map(drop)
    }

    pub(crate) async fn takes_over(&self, person: &Person<'_>) -> Result<(), HandError> {
        self.commands(person, Command::TakeOver).await
    }

    pub(crate) async fn says(&self, person: &Person<'_>, text: &str) -> Result<(), HandError> {
        let client_id = self.world.ledger.ids.id().to_string();
        self.commands(person, Command::Say { client_id, text: text.to_owned() }).await
    }
}
