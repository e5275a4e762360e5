//! Who writes from a widget: a token in the `Authorization` header, and what is remembered of their visit.

use crate::domain::customer::Customer;
use crate::domain::ids::CustomerId;
use crate::http::Site;
use crate::http::problem::{Problem, Result};
use crate::http::session;
use crate::ledger::Ledger;
use crate::ports::storage::{Session, SessionKind, Unavailable};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// So many visits are remembered; the oldest go first.
const VISITS: usize = 10_000;

/// A visitor with a session. The id is the customer's, the address in the web channel, and what they are bound by.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Who.
    pub(crate) id: CustomerId,
    /// How they came in.
    pub(crate) session: Session,
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        let token = session::bearer(&parts.headers).ok_or_else(expired)?;
        find(&site.ledger, token).await?.ok_or_else(expired)
    }
}

/// The token is not, or no longer, good.
pub(super) fn expired() -> Problem {
    Problem::unauthorized("session-expired", "This chat session has ended. Begin a new one.")
}

/// Whose token it is; notes its use.
pub(super) async fn find(ledger: &Ledger, token: &str) -> std::result::Result<Option<Visitor>, Unavailable> {
    let now = ledger.now();
    let Some(session) = ledger.storage.session(&session::hash(token), SessionKind::Visitor, now).await?
    else {
        return Ok(None);
    };
    session::touch(ledger, &session, now).await?;
    Ok(Some(Visitor { id: CustomerId(session.subject), session }))
}

/// What a widget said of the page it is on. A convenience for agents: kept in memory only.
#[derive(Debug, Default)]
pub(crate) struct Visits(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    by_visitor: HashMap<CustomerId, Visit>,
    order: VecDeque<CustomerId>,
}

/// One visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The language the browser asks for.
    pub(crate) locale: Option<String>,
    /// The page, without query and fragment.
    pub(crate) page: Option<String>,
}

impl Visits {
    /// Remembers.
    pub(super) fn note(&self, visitor: CustomerId, visit: Visit) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.by_visitor.insert(visitor, visit).is_none() {
            remembered.order.push_back(visitor);
        }
        if remembered.order.len() > VISITS
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.by_visitor.remove(&oldest);
        }
    }

    /// The visit; from the customer's record where it was forgotten.
    pub(super) async fn of(
        &self,
        visitor: CustomerId,
        ledger: &Ledger,
    ) -> std::result::Result<Visit, Unavailable> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).by_visitor.get(&visitor).cloned();
        if let Some(visit) = known {
            return Ok(visit);
        }
        let customer: Option<Customer> = ledger.storage.customer(visitor).await?;
        Ok(Visit { locale: customer.and_then(|customer| customer.locale), page: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_oldest_visits_are_forgotten_first() {
        let visits = Visits::default();
        let id = |n: usize| CustomerId(Uuid::from_u128(n as u128));
        for n in 0..=VISITS {
            visits.note(id(n), Visit::default());
        }
        let remembered = visits.0.lock().unwrap();
        assert_eq!(remembered.by_visitor.len(), VISITS);
        assert!(!remembered.by_visitor.contains_key(&id(0)));
        assert!(remembered.by_visitor.contains_key(&id(VISITS)));
    }
}
