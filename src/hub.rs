//! Who wants to know, inside this process: sockets, consoles and the engines. A signal says that something
//! happened, never what: whoever hears it reads the log, so a lost signal loses nothing but a moment.

use crate::domain::conversation::Conversation;
use crate::domain::ids::{ConversationId, CustomerId};
use channels::Channel;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Notify, broadcast};

/// What a visitor's socket hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The log has grown.
    Changed,
    /// Somebody at the desk is writing; not kept anywhere.
    Typing {
        /// The bot, or else a human.
        bot: bool,
    },
}

/// Somebody at the desk is writing to a customer on a platform that must be pushed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Writing {
    /// Which platform.
    pub channel: Channel,
    /// Where on it.
    pub address: String,
}

/// What a console hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskSignal {
    /// A conversation has changed.
    Changed(ConversationId),
    /// A customer is writing.
    Typing(ConversationId),
    /// Something was switched off or on.
    Switched,
    /// A team is told something.
    Notice {
        /// Stable.
        key: String,
        /// Which team.
        team: String,
        /// Plain text.
        text: String,
        /// About what.
        conversation: ConversationId,
    },
}

/// Small: a slow listener that misses signals reads the log anyway.
const ROOM: usize = 16;

/// The switchboard.
#[derive(Debug)]
pub struct Hub {
    rooms: Mutex<HashMap<CustomerId, broadcast::Sender<Signal>>>,
    desk: broadcast::Sender<DeskSignal>,
    writing: broadcast::Sender<Writing>,
    agents: AtomicI64,
    /// Wakes the turn engine.
    pub turns: Notify,
    /// Wakes the outbox.
    pub outbox: Notify,
    /// Wakes the triggers.
    pub triggers: Notify,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            rooms: Mutex::default(),
            desk: broadcast::channel(1024).0,
            writing: broadcast::channel(256).0,
            agents: AtomicI64::new(0),
            turns: Notify::new(),
            outbox: Notify::new(),
            triggers: Notify::new(),
        }
    }
}

impl Hub {
    /// Hears what concerns one customer. A lagging receiver must take a lag as [`Signal::Changed`].
    pub fn room(&self, customer: CustomerId) -> broadcast::Receiver<Signal> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(customer).or_insert_with(|| broadcast::channel(ROOM).0).subscribe()
    }

    /// Tells one customer's sockets. Rooms that all have left are closed.
    pub fn tell(&self, customer: CustomerId, signal: Signal) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.get(&customer).is_some_and(|room| room.send(signal).is_err()) {
            rooms.remove(&customer);
        }
    }

    /// Shows one customer that somebody at the desk is writing, wherever they are.
    pub fn shows_writing(&self, talk: &Conversation, bot: bool) {
        if talk.channel.pushes() {
            // Without anybody to carry it, it is of no consequence.
            drop(self.writing.send(Writing { channel: talk.channel, address: talk.address.clone() }));
        } else {
            self.tell(talk.customer, Signal::Typing { bot });
        }
    }

    /// Hears what must be carried to platforms; a lagging receiver misses nothing that matters.
    pub fn writing(&self) -> broadcast::Receiver<Writing> {
        self.writing.subscribe()
    }

    /// Hears what concerns the desk. A lagging receiver must reload its list.
    pub fn desk(&self) -> broadcast::Receiver<DeskSignal> {
        self.desk.subscribe()
    }

    /// Tells all consoles; without any, nobody needs to know.
    pub fn tell_desk(&self, signal: DeskSignal) {
        drop(self.desk.send(signal));
    }

    /// Counts an agent as there until the guard is dropped.
    pub fn arrive(self: &std::sync::Arc<Self>) -> Presence {
        self.agents.fetch_add(1, Ordering::Relaxed);
        Presence(self.clone())
    }

    /// Agents with an open console.
    #[must_use]
    pub fn agents_online(&self) -> i64 {
        self.agents.load(Ordering::Relaxed)
    }
}

/// An agent who is there.
#[derive(Debug)]
pub struct Presence(std::sync::Arc<Hub>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.agents.fetch_sub(1, Ordering::Relaxed);
    }
}
