//! A desk in memory that can be ordered to fail.

use async_trait::async_trait;
use channels::{Attachment, Channel, Fact, File, Inbound, Intake, IntakeError, Phrase};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Mutex,
};

#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    accepted: Vec<Inbound>,
    known: BTreeSet<(String, String)>,
    offered: usize,
    kept: Vec<File>,
    facts: Vec<Fact>,
    memory: BTreeMap<String, String>,
    down: bool,
    trouble: VecDeque<IntakeError>,
}

impl Desk {
    /// What was recorded, each message once.
    pub(crate) fn accepted(&self) -> Vec<Inbound> {
        self.state.lock().unwrap().accepted.clone()
    }

    /// The words recorded from an address, in order.
    pub(crate) fn texts(&self, address: &str) -> Vec<String> {
        self.accepted()
            .into_iter()
            .filter(|inbound| inbound.address == address)
            .map(|inbound| inbound.text)
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.state.lock().unwrap().accepted.len()
    }

    /// How often anything was offered, also what was known or refused.
    pub(crate) fn offered(&self) -> usize {
        self.state.lock().unwrap().offered
    }

    pub(crate) fn kept(&self) -> Vec<File> {
        self.state.lock().unwrap().kept.clone()
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.state.lock().unwrap().facts.clone()
    }

    pub(crate) fn memory(&self) -> BTreeMap<String, String> {
        self.state.lock().unwrap().memory.clone()
    }

    /// Nothing can be stored, or can again.
    pub(crate) fn down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// What the next messages meet.
    pub(crate) fn meets(&self, errors: impl IntoIterator<Item = IntakeError>) {
        self.state.lock().unwrap().trouble.extend(errors);
    }

    fn check(state: &State) -> Result<(), IntakeError> {
        if state.down { Err(IntakeError::TryAgain) } else { Ok(()) }
    }
}

#[async_trait]
impl Intake for Desk {
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError> {
        // A disk takes a moment, so that there is a middle of a batch.
        tokio::task::yield_now().await;
        assert!(
            inbound.text.is_empty() || channels::accept_text(&inbound.text) == Ok(&inbound.text),
            "{inbound:?}"
        );
        assert!(!inbound.text.is_empty() || !inbound.attachments.is_empty(), "{inbound:?}");
        let mut state = self.state.lock().unwrap();
        state.offered += 1;
        Self::check(&state)?;
        if let Some(error) = state.trouble.pop_front() {
            return Err(error);
        }
        if state.known.insert((inbound.address.clone(), inbound.external_id.clone())) {
            state.accepted.push(inbound);
        }
        Ok(())
    }

    async fn keep(&self, file: File) -> Result<Attachment, IntakeError> {
        let mut state = self.state.lock().unwrap();
        Self::check(&state)?;
        let attachment = Attachment {
            id: format!("kept-{}", state.kept.len() + 1),
            name: file.name.clone(),
            media_type: "application/octet-stream".to_owned(),
            size: file.content.len() as u64,
        };
        state.kept.push(file);
        Ok(attachment)
    }

    async fn learn(&self, channel: Channel, fact: Fact) -> Result<(), IntakeError> {
        assert_eq!(channel, Channel::Telegram);
        let mut state = self.state.lock().unwrap();
        Self::check(&state)?;
        state.facts.push(fact);
        Ok(())
    }

    async fn remember(&self, key: &str, value: &str) -> Result<(), IntakeError> {
        self.state.lock().unwrap().memory.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, IntakeError> {
        let state = self.state.lock().unwrap();
        Self::check(&state)?;
        Ok(state
            .memory
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn phrase(&self, phrase: Phrase, locale: Option<&str>) -> String {
        format!("{} ({})", phrase.id(), locale.unwrap_or("en"))
    }

    fn languages(&self) -> Vec<String> {
        vec!["en".to_owned(), "de".to_owned()]
    }
}
