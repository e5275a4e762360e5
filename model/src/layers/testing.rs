//! A model for the decorators' tests: it says what it was told to, as slowly as it was told to, and counts.

use crate::ask::{Answer, Ask, Body, Limits, Message, Role, Step, Usage};
use crate::error::{ModelError, Paid};
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) struct Scripted {
    script: Mutex<VecDeque<Result<String, ModelError>>>,
    last: Mutex<Option<Result<String, ModelError>>>,
    delay: Mutex<Duration>,
    pub(crate) calls: AtomicUsize,
    pub(crate) flying: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) asked: Mutex<Vec<Ask>>,
}

impl Scripted {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::default(),
            last: Mutex::default(),
            delay: Mutex::default(),
            calls: AtomicUsize::new(0),
            flying: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            asked: Mutex::default(),
        })
    }

    /// The next answer; the last one is said for ever.
    pub(crate) fn answers(self: Arc<Self>, text: &str) -> Arc<Self> {
        self.script.lock().unwrap().push_back(Ok(text.to_owned()));
        self
    }

    pub(crate) fn fails(self: Arc<Self>, error: ModelError) -> Arc<Self> {
        self.script.lock().unwrap().push_back(Err(error));
        self
    }

    pub(crate) fn slow(self: Arc<Self>, delay: Duration) -> Arc<Self> {
        *self.delay.lock().unwrap() = delay;
        self
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn say(&self, ask: Ask) -> Result<Answer, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(ask);
        let _flying = Flying::new(self);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let next = self.script.lock().unwrap().pop_front();
        let mut last = self.last.lock().unwrap();
        if next.is_some() {
            *last = next;
        }
        last.clone().expect("a script").map(|text| answer(&text))
    }
}

struct Flying<'a>(&'a Scripted);

impl<'a> Flying<'a> {
    fn new(scripted: &'a Scripted) -> Self {
        let now = scripted.flying.fetch_add(1, Ordering::SeqCst) + 1;
        scripted.most.fetch_max(now, Ordering::SeqCst);
        Self(scripted)
    }
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        self.0.flying.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The trait for the shared script, so that drafts may outlive the borrow.
#[async_trait]
impl Model for Scripted {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        self.say(ask).await
    }

    fn draft(&self, ask: Ask) -> Draft {
        // The test double is told its whole script before; a copy of the next line is enough for a stream.
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(ask);
        let delay = *self.delay.lock().unwrap();
        let next = self.script.lock().unwrap().pop_front();
        let mut last = self.last.lock().unwrap();
        if next.is_some() {
            *last = next;
        }
        let said = last.clone().expect("a script");
        Box::pin(async_stream::stream! {
            tokio::time::sleep(delay).await;
            match said {
                Ok(text) => {
                    for word in text.split_inclusive(' ') {
                        yield Ok(Delta::Text(word.to_owned()));
                    }
                    yield Ok(Delta::Done(Box::new(answer(&text))));
                }
                Err(error) => yield Err(error),
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        Vec::new()
    }
}

pub(crate) fn answer(text: &str) -> Answer {
    Answer {
        body: Body::Unchecked(text.to_owned()),
        server: "test".to_owned(),
        model: "m".to_owned(),
        usage: Usage { input: 100, output: 10, estimated: false },
        cost_micros: 0,
        calls: 1,
        repaired: false,
        cached: false,
    }
}

pub(crate) fn ask() -> Ask {
    Ask {
        step: Step::Classify,
        prompt: "classify@1".to_owned(),
        release: "r1".to_owned(),
        conversation: "c1".to_owned(),
        customer: "u1".to_owned(),
        messages: vec![
            Message { role: Role::System, text: "Classify.".to_owned() },
            Message { role: Role::User, text: "help".to_owned() },
        ],
        schema: None,
        streams: None,
        limits: Limits { max_tokens: 100, temperature: 0.0, timeout: Duration::from_secs(8) },
    }
}

/// The words of a draft, and how it ended.
pub(crate) async fn pieces(mut draft: Draft) -> (String, Result<Answer, ModelError>) {
    let mut words = String::new();
    while let Some(piece) = draft.next().await {
        match piece {
            Ok(Delta::Text(text)) => words.push_str(&text),
            Ok(Delta::Done(answer)) => return (words, Ok(*answer)),
            Err(error) => return (words, Err(error)),
        }
    }
    panic!("a draft that ends without saying how")
}

pub(crate) fn down() -> ModelError {
    ModelError::Unavailable { cause: "down".to_owned(), paid: Paid::No }
}
