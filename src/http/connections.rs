//! Long-lived lines: counted, so that a stop can wait for their farewell, and limited for each visitor.

use crate::domain::ids::CustomerId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Every open socket and stream.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Counter>);

#[derive(Debug, Default)]
struct Counter {
    open: AtomicUsize,
    last_gone: Notify,
}

impl Connections {
    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.open.load(Ordering::Acquire)
    }

    /// Returns when none is open any more.
    pub async fn drained(&self) {
        loop {
            let gone = self.0.last_gone.notified();
            if self.count() == 0 {
                return;
            }
            gone.await;
        }
    }

    /// Counts one, until the guard is dropped.
    pub(crate) fn open(&self) -> Connection {
        let open = self.0.open.fetch_add(1, Ordering::AcqRel) + 1;
        report(open);
        Connection(self.0.clone())
    }
}

/// One open line.
#[derive(Debug)]
pub(crate) struct Connection(Arc<Counter>);

impl Drop for Connection {
    fn drop(&mut self) {
        let open = self.0.open.fetch_sub(1, Ordering::AcqRel) - 1;
        report(open);
        if open == 0 {
            self.0.last_gone.notify_waiters();
        }
    }
}

#[allow(clippy::cast_precision_loss)] // no machine holds 2^52 sockets
fn report(open: usize) {
    metrics::gauge!("deskhand_connections_open").set(open as f64);
}

/// How many sockets each visitor holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sockets(Arc<Mutex<HashMap<CustomerId, usize>>>);

impl Sockets {
    /// A place for one more, unless the visitor has `most` already.
    pub(crate) fn enter(&self, visitor: CustomerId, most: usize) -> Option<Place> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(visitor).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { sockets: self.clone(), visitor })
    }
}

/// One socket's place.
#[derive(Debug)]
pub(crate) struct Place {
    sockets: Sockets,
    visitor: CustomerId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.visitor) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_stop_waits_for_the_last_line() {
        let connections = Connections::default();
        let one = connections.open();
        let waiting = tokio::spawn({
            let connections = connections.clone();
            async move { connections.drained().await }
        });
        drop(one);
        waiting.await.unwrap();
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn a_visitor_holds_only_so_many_sockets() {
        let sockets = Sockets::default();
        let ada = CustomerId(Uuid::from_u128(1));
        let first = sockets.enter(ada, 2);
        let second = sockets.enter(ada, 2);
        assert!(first.is_some() && second.is_some());
        assert!(sockets.enter(ada, 2).is_none());
        drop(first);
        assert!(sockets.enter(ada, 2).is_some());
    }
}
