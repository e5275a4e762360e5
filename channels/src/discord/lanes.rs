//! A queue for each conversation: in order within it, side by side between them. What the desk cannot store now is
//! offered again before anything later of the same conversation.

use super::hearing::{Hearing, Spot};
use super::interactions::Press;
use super::post::Post;
use super::progress::Ticket;
use super::settings::pause;
use crate::Inbound;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<u64, VecDeque<Work>>>);

/// Something to do in a lane, and the marks that it holds back until it is done.
pub(super) struct Work {
    pub(super) task: Task,
    /// What is ready to be accepted: files are fetched and threads opened once, however often accepting is tried.
    pub(super) ready: Option<Inbound>,
    _tickets: (Option<Ticket>, Option<Ticket>),
}

pub(super) enum Task {
    Message { post: Box<Post>, spot: Spot, edits: bool },
    Press { press: Box<Press>, since: Instant },
}

/// It must be tried again, not before so long.
pub(super) struct Again(pub(super) Duration);

impl Work {
    pub(super) fn message(
        post: Post,
        spot: Spot,
        edits: bool,
        tickets: (Option<Ticket>, Option<Ticket>),
    ) -> Self {
        Self { task: Task::Message { post: Box::new(post), spot, edits }, ready: None, _tickets: tickets }
    }

    pub(super) fn press(press: Press, ticket: Ticket) -> Self {
        let task = Task::Press { press: Box::new(press), since: Instant::now() };
        Self { task, ready: None, _tickets: (Some(ticket), None) }
    }
}

impl Lanes {
    /// Queues work; a lane that stood still begins to move.
    pub(super) fn push(&self, hearing: &Arc<Hearing>, lane: u64, work: Work) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match lanes.entry(lane) {
            Entry::Occupied(mut queue) => queue.get_mut().push_back(work),
            Entry::Vacant(slot) => {
                slot.insert(VecDeque::from([work]));
                let worker = Arc::clone(hearing);
                hearing.spawn(async move { worker.drain(lane).await });
            }
        }
    }

    /// The next work of a lane; with the last, the lane is gone.
    fn next(&self, lane: u64) -> Option<Work> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = lanes.get_mut(&lane)?.pop_front();
        if next.is_none() {
            lanes.remove(&lane);
        }
        next
    }

    /// Whether nothing is queued or in hand.
    pub(super) fn idle(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Hearing {
    async fn drain(self: Arc<Self>, lane: u64) {
        while let Some(mut work) = self.lanes.next(lane) {
            let mut tries = 0;
            while let Err(Again(after)) = self.attempt(&mut work).await {
                let timing = &self.bot.settings.timing;
                let wait = pause(timing.retry, timing.longest_retry, tries).max(after);
                metrics::counter!("discord_messages_deferred_total").increment(1);
                tokio::time::sleep(wait).await;
                tries += 1;
            }
        }
    }

    async fn attempt(&self, work: &mut Work) -> Result<(), Again> {
        match &work.task {
            Task::Message { post, spot, edits } => {
                self.take_message(post, spot, *edits, &mut work.ready).await
            }
            Task::Press { press, since } => self.take_press(press, *since, &mut work.ready).await,
        }
    }
}
