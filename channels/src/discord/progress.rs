//! How far everything has been handled: up to which event of the session, and up to which message of each channel.
//! Work in hand holds the mark back, so that after a crash the gateway or the history gives it again.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many handled messages are known by id, to pass over repeats.
const RECENT: usize = 20_000;

/// Shared marks of one run.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Marks>>);

#[derive(Default)]
struct Marks {
    /// After the run has ended, work that is dropped is not work that was done.
    over: bool,
    /// The session, counted up, and the event's number in it.
    events: BTreeSet<(u64, u64)>,
    session: u64,
    last_event: u64,
    channels: HashMap<u64, Track>,
    dirty: BTreeSet<u64>,
    newest: u64,
    recent: BTreeSet<u64>,
    recent_order: VecDeque<u64>,
}

#[derive(Default)]
struct Track {
    pending: BTreeSet<u64>,
    top: u64,
    stored: u64,
}

/// Holds a mark back until the last copy is dropped.
#[derive(Clone)]
pub(super) struct Ticket(#[allow(dead_code, reason = "held for its drop")] Arc<Held>);

struct Held {
    marks: Progress,
    what: What,
}

enum What {
    Event(u64, u64),
    Message { channel: u64, id: u64 },
}

impl Progress {
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session counts its events anew.
    pub(super) fn begin_session(&self) {
        let mut marks = self.marks();
        marks.session += 1;
        marks.last_event = 0;
    }

    /// An event is in hand.
    pub(super) fn event(&self, seq: u64) -> Ticket {
        let mut marks = self.marks();
        let session = marks.session;
        marks.events.insert((session, seq));
        marks.last_event = marks.last_event.max(seq);
        Ticket(Arc::new(Held { marks: self.clone(), what: What::Event(session, seq) }))
    }

    /// A message is in hand; none if it is or was already.
    pub(super) fn message(&self, channel: u64, id: u64) -> Option<Ticket> {
        let mut marks = self.marks();
        if marks.recent.contains(&id) || !marks.channels.entry(channel).or_default().pending.insert(id) {
            return None;
        }
        marks.raise(channel, id);
        Some(Ticket(Arc::new(Held { marks: self.clone(), what: What::Message { channel, id } })))
    }

    /// A message that needs no work.
    pub(super) fn passed(&self, channel: u64, id: u64) {
        self.marks().raise(channel, id);
    }

    /// What was stored of a channel in an earlier life.
    pub(super) fn recalled(&self, channel: u64, id: u64) {
        let mut marks = self.marks();
        let track = marks.channels.entry(channel).or_default();
        (track.top, track.stored) = (id, id);
        marks.newest = marks.newest.max(id);
    }

    /// The last message of a channel up to which all are handled.
    pub(super) fn cursor(&self, channel: u64) -> Option<u64> {
        self.marks().channels.get(&channel).map(Track::floor).filter(|id| *id > 0)
    }

    /// The last event up to which all are handled; 0 while there is work of an earlier session.
    pub(super) fn event_floor(&self) -> u64 {
        let marks = self.marks();
        match marks.events.first() {
            None => marks.last_event,
            Some((session, first)) if *session == marks.session => first.saturating_sub(1),
            Some(_) => 0,
        }
    }

    /// How many events are in hand.
    pub(super) fn in_hand(&self) -> usize {
        self.marks().events.len()
    }

    /// The newest message seen, if nothing is in hand.
    pub(super) fn horizon(&self) -> Option<u64> {
        let marks = self.marks();
        (marks.events.is_empty() && marks.newest > 0).then_some(marks.newest)
    }

    /// Cursors that have moved since they were last taken.
    pub(super) fn take_moved(&self) -> Vec<(u64, u64)> {
        let mut marks = self.marks();
        let dirty = std::mem::take(&mut marks.dirty);
        let mut moved = Vec::new();
        for channel in dirty {
            if let Some(track) = marks.channels.get_mut(&channel) {
                let floor = track.floor();
                if floor > track.stored {
                    track.stored = floor;
                    moved.push((channel, floor));
                }
            }
        }
        moved
    }

    /// A cursor could not be stored: it will be taken again.
    pub(super) fn not_stored(&self, channel: u64) {
        let mut marks = self.marks();
        marks.dirty.insert(channel);
        if let Some(track) = marks.channels.get_mut(&channel) {
            track.stored = 0;
        }
    }

    /// The run has ended; nothing that is dropped from now on counts as done.
    pub(super) fn end(&self) {
        self.marks().over = true;
    }
}

impl Marks {
    fn raise(&mut self, channel: u64, id: u64) {
        let track = self.channels.entry(channel).or_default();
        track.top = track.top.max(id);
        self.newest = self.newest.max(id);
        self.dirty.insert(channel);
    }
}

impl Track {
    fn floor(&self) -> u64 {
        self.pending.first().map_or(self.top, |first| first.saturating_sub(1))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut marks = self.marks.marks();
        if marks.over {
            return;
        }
        match self.what {
            What::Event(session, seq) => {
                marks.events.remove(&(session, seq));
            }
            What::Message { channel, id } => {
                if let Some(track) = marks.channels.get_mut(&channel) {
                    track.pending.remove(&id);
                }
                marks.dirty.insert(channel);
                if marks.recent.insert(id) {
                    marks.recent_order.push_back(id);
                }
                if marks.recent_order.len() > RECENT
                    && let Some(old) = marks.recent_order.pop_front()
                {
                    marks.recent.remove(&old);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_hand_holds_the_marks_back() {
        let progress = Progress::default();
        let (first, second) = (progress.event(1), progress.event(2));
        let (early, late) = (progress.message(7, 100).unwrap(), progress.message(7, 200).unwrap());
        assert!(progress.message(7, 100).is_none(), "it is in hand");
        drop((second, late));
        assert_eq!((progress.event_floor(), progress.cursor(7)), (0, Some(99)));
        assert_eq!(progress.horizon(), None);
        let copy = early.clone();
        drop((first, early));
        assert_eq!((progress.event_floor(), progress.cursor(7)), (2, Some(99)));
        drop(copy);
        assert_eq!(progress.take_moved(), [(7, 200)]);
        assert_eq!(progress.take_moved(), []);
        assert!(progress.message(7, 100).is_none(), "it was handled");
        assert_eq!(progress.horizon(), Some(200));
    }

    #[test]
    fn work_of_an_earlier_session_forbids_to_resume_this_one_after_a_crash() {
        let progress = Progress::default();
        let old = progress.event(5);
        progress.begin_session();
        drop(progress.event(5));
        assert_eq!(progress.event_floor(), 0);
        drop(old);
        assert_eq!(progress.event_floor(), 5);
    }

    #[test]
    fn what_is_dropped_when_a_run_ends_was_not_done() {
        let progress = Progress::default();
        let (event, message) = (progress.event(5), progress.message(7, 100).unwrap());
        progress.end();
        drop((event, message));
        assert_eq!((progress.event_floor(), progress.cursor(7)), (4, Some(99)));
        assert_eq!(progress.take_moved(), [(7, 99)]);
    }
}
