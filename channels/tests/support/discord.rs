//! A desk in memory for stories about Discord: what the adapter handed over, and orders to fail.

use async_trait::async_trait;
use channels::discord::{Discord, Settings, Timing};
use channels::{
    Attachment, Channel, Choice, Courier, DeliveryError, Fact, File, Health, Inbound, Intake, IntakeError,
    Outbound, Phrase,
};
use fakes::discord::{Fake, Limits, Options};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The desk: recording like the real one, the same message once.
#[derive(Default)]
pub struct Desk {
    pub accepted: Mutex<Vec<Inbound>>,
    ids: Mutex<BTreeSet<String>>,
    pub kept: Mutex<Vec<File>>,
    pub facts: Mutex<Vec<Fact>>,
    pub memory: Mutex<BTreeMap<String, String>>,
    /// How often a message was offered again.
    pub repeats: AtomicUsize,
    /// So many next offers are answered by "try again".
    pub trouble: AtomicUsize,
    /// Offers from this sender are answered by "try again" while it is set.
    pub stuck: Mutex<Option<String>>,
    /// How long accepting takes.
    pub slow: Mutex<Duration>,
}

#[async_trait]
impl Intake for Desk {
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError> {
        let slow = *self.slow.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        if self.stuck.lock().unwrap().as_deref() == Some(&inbound.sender)
            || self
                .trouble
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
        {
            return Err(IntakeError::TryAgain);
        }
        if !self.ids.lock().unwrap().insert(inbound.external_id.clone()) {
            self.repeats.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        self.accepted.lock().unwrap().push(inbound);
        Ok(())
    }

    async fn keep(&self, file: File) -> Result<Attachment, IntakeError> {
        let mut kept = self.kept.lock().unwrap();
        let attachment = Attachment {
            id: format!("file{}", kept.len()),
            name: file.name.clone(),
            media_type: "application/octet-stream".into(),
            size: file.content.len() as u64,
        };
        kept.push(file);
        Ok(attachment)
    }

    async fn learn(&self, _: Channel, fact: Fact) -> Result<(), IntakeError> {
        self.facts.lock().unwrap().push(fact);
        Ok(())
    }

    async fn remember(&self, key: &str, value: &str) -> Result<(), IntakeError> {
        self.memory.lock().unwrap().insert(key.into(), value.into());
        Ok(())
    }

    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, IntakeError> {
        let memory = self.memory.lock().unwrap();
        let all = memory.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(all.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn phrase(&self, phrase: Phrase, locale: Option<&str>) -> String {
        format!("{}:{}", phrase.id(), locale.unwrap_or("en"))
    }

    fn languages(&self) -> Vec<String> {
        vec!["en".into(), "de".into()]
    }
}

impl Desk {
    /// What was accepted from somebody, in order.
    pub fn texts_of(&self, sender: u64) -> Vec<String> {
        let accepted = self.accepted.lock().unwrap();
        accepted
            .iter()
            .filter(|inbound| inbound.sender == sender.to_string())
            .map(|inbound| inbound.text.clone())
            .collect()
    }

    pub fn count(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    pub fn all(&self) -> Vec<Inbound> {
        self.accepted.lock().unwrap().clone()
    }

    /// Waits until so many messages have been accepted.
    pub async fn holds(&self, count: usize) {
        wait(&format!("{count} messages at the desk"), || self.count() >= count).await;
    }
}

/// Waits for something that must happen, for a long time: not how fast, but whether.
pub async fn wait(what: &str, done: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain for {what}");
}

/// Short lengths of time for everything.
pub fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        pause: ms(10),
        longest_pause: ms(80),
        steady: ms(200),
        identify_spacing: ms(1),
        retry: ms(5),
        longest_retry: ms(20),
        flush: ms(20),
        overlap: ms(0),
        answer: Duration::from_secs(5),
        turn: Duration::from_secs(1),
    }
}

/// A fake, a desk and a bot between them.
pub struct World {
    pub fake: Fake,
    pub desk: Arc<Desk>,
    pub bot: Arc<Discord>,
    pub settings: Settings,
    run: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl World {
    /// A bot that is connected, on a fake without limits.
    pub async fn new() -> Self {
        let mut world = Self::with(Options { limits: Limits::wide(), ..Options::default() }).await;
        world.start().await;
        world
    }

    /// A bot that is not started yet.
    pub async fn with(options: Options) -> Self {
        let fake = Fake::start(options).await;
        let mut settings = Settings::new(fake.token().to_owned().into());
        settings.api_url = Some(fake.url());
        settings.timing = quick();
        let desk = Arc::new(Desk::default());
        let bot = Discord::new(settings.clone(), Arc::clone(&desk) as Arc<dyn Intake>).unwrap();
        Self { fake, desk, bot, settings, run: None }
    }

    pub fn launch(&mut self) {
        let (stop, stopped) = watch::channel(false);
        self.run = Some((stop, tokio::spawn(Arc::clone(&self.bot).run(stopped))));
    }

    /// Starts the intake and waits until it is connected.
    pub async fn start(&mut self) {
        self.launch();
        self.connected().await;
    }

    pub async fn connected(&self) {
        let health = self.bot.health();
        wait("a connection", || matches!(*health.borrow(), Health::Connected { .. })).await;
    }

    /// Asks the intake to stop and waits for it.
    pub async fn stop(&mut self) {
        if let Some((stop, run)) = self.run.take() {
            stop.send_replace(true);
            run.await.unwrap();
        }
    }

    /// The process dies without a word, and another takes its place; the desk's memory is what it was.
    pub async fn kill(&mut self) {
        if let Some((_, run)) = self.run.take() {
            run.abort();
            assert!(run.await.unwrap_err().is_cancelled());
        }
        let old = std::mem::replace(
            &mut self.bot,
            Discord::new(self.settings.clone(), Arc::clone(&self.desk) as Arc<dyn Intake>).unwrap(),
        );
        drop(old);
    }

    /// Waits until the run has ended by itself.
    pub async fn ended(&mut self) -> Health {
        if let Some((stop, run)) = self.run.take() {
            run.await.unwrap();
            drop(stop);
        }
        self.bot.health().borrow().clone()
    }

    /// Sends all parts of a message, waiting as the outbox would.
    pub async fn send(&self, message: &Outbound) -> Result<(), DeliveryError> {
        deliver(&self.bot, message).await
    }
}

/// Sends all parts of a message, waiting as the outbox would.
pub async fn deliver(bot: &Discord, message: &Outbound) -> Result<(), DeliveryError> {
    let mut part = 0;
    loop {
        match bot.deliver(message, part).await {
            Ok(receipt) if receipt.more => part += 1,
            Ok(_) => return Ok(()),
            Err(DeliveryError::Later { after, .. }) => tokio::time::sleep(after).await,
            Err(DeliveryError::Retry { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error),
        }
    }
}

/// A message to an address.
pub fn message(key: &str, address: u64, text: &str) -> Outbound {
    Outbound {
        key: key.into(),
        channel: Channel::Discord,
        address: address.to_string(),
        author: String::new(),
        text: text.into(),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
    }
}

pub fn choices(count: usize) -> Vec<Choice> {
    (0..count).map(|n| Choice { id: format!("choice-{n}"), label: format!("Choice {n}") }).collect()
}
