//! Money and tokens: reserved before a call, settled after it, refused when they would not suffice. The limits hold for
//! a day, for a conversation and for a customer's day.

use super::prices::{Price, Prices};
use crate::ask::{Answer, Ask, Usage};
use crate::error::{ModelError, Paid};
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Seconds since 1970, UTC; handed in.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

const DAY: u64 = 86_400;

/// After how many days a conversation that asks no more is forgotten.
const FORGET_DAYS: u64 = 30;

/// The most that may be spent; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limit {
    /// Millionths of a US dollar.
    pub micros: Option<u64>,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
}

/// The three limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetSettings {
    /// All calls of a day, UTC.
    pub day: Limit,
    /// One conversation, all its days.
    pub conversation: Limit,
    /// One customer's day.
    pub customer: Limit,
}

/// What was spent or is reserved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Millionths of a US dollar.
    pub micros: u64,
    /// Tokens.
    pub tokens: u64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.micros = self.micros.saturating_add(other.micros);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }

    fn take(&mut self, other: Self) {
        self.micros = self.micros.saturating_sub(other.micros);
        self.tokens = self.tokens.saturating_sub(other.tokens);
    }

    fn fits(mut self, more: Self, limit: Limit) -> bool {
        self.add(more);
        limit.micros.is_none_or(|most| self.micros <= most)
            && limit.tokens.is_none_or(|most| self.tokens <= most)
    }
}

#[derive(Debug, Default)]
struct Books {
    day: u64,
    today: Spent,
    customers: BTreeMap<String, Spent>,
    conversations: BTreeMap<String, (Spent, u64)>,
    refused: u64,
}

impl Books {
    fn turn(&mut self, day: u64) {
        if day != self.day {
            self.day = day;
            self.today = Spent::default();
            self.customers.clear();
            self.conversations.retain(|_, (_, last)| *last + FORGET_DAYS >= day);
        }
    }

    fn add(&mut self, conversation: &str, customer: &str, spent: Spent) {
        self.today.add(spent);
        self.customers.entry(customer.to_owned()).or_default().add(spent);
        let entry = self.conversations.entry(conversation.to_owned()).or_default();
        entry.0.add(spent);
        entry.1 = self.day;
    }
}

struct Shared {
    settings: BudgetSettings,
    prices: Prices,
    dearest: Price,
    now: Now,
    books: Mutex<Books>,
}

/// Keeps the books.
pub struct Budget {
    inner: Arc<dyn Model>,
    shared: Arc<Shared>,
}

impl Budget {
    /// Around `inner`; `models` are all that may be asked: a call is reserved at the price of the dearest.
    pub fn new(
        inner: Arc<dyn Model>,
        settings: BudgetSettings,
        prices: Prices,
        models: &[String],
        now: Now,
    ) -> Self {
        let each = models.iter().map(|model| prices.of(model));
        let dearest = each.reduce(Price::dearer).unwrap_or(prices.otherwise);
        Self { inner, shared: Arc::new(Shared { settings, prices, dearest, now, books: Mutex::default() }) }
    }

    /// Enters what was spent before a restart, from the record: today's calls of everybody, and all calls of
    /// conversations that are still open.
    pub fn remember(&self, at: u64, conversation: &str, customer: &str, spent: Spent) {
        let mut books = self.shared.books();
        books.turn((self.shared.now)() / DAY);
        if at / DAY == books.day {
            books.add(conversation, customer, spent);
        } else {
            let day = books.day;
            let entry = books.conversations.entry(conversation.to_owned()).or_default();
            entry.0.add(spent);
            entry.1 = day;
        }
    }

    /// What today cost so far, reservations included.
    #[must_use]
    pub fn today(&self) -> Spent {
        let mut books = self.shared.books();
        books.turn((self.shared.now)() / DAY);
        books.today
    }
}

/// Money set aside for one call. Dropped without a verdict, it is spent: the call may have been paid for.
struct Reserved {
    shared: Arc<Shared>,
    conversation: String,
    customer: String,
    day: u64,
    spent: Spent,
}

impl Reserved {
    /// Replaces the reservation by what the call really cost, which may be more.
    fn settle(self, really: Spent) {
        let mut books = self.shared.books();
        if books.day == self.day {
            books.today.take(self.spent);
            if let Some(customer) = books.customers.get_mut(&self.customer) {
                customer.take(self.spent);
            }
        }
        if let Some((conversation, _)) = books.conversations.get_mut(&self.conversation) {
            conversation.take(self.spent);
        }
        books.add(&self.conversation, &self.customer, really);
    }

    /// After an error: back, if it was surely not paid for.
    fn failed(self, error: &ModelError) {
        if error.paid() == Paid::No {
            self.settle(Spent::default());
        }
    }
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(self: &Arc<Self>, ask: &Ask) -> Result<Reserved, ModelError> {
        let now = (self.now)();
        let most =
            Usage { input: ask.tokens_at_most(), output: u64::from(ask.limits.max_tokens), estimated: true };
        let spent = Spent { micros: self.dearest.micros(most), tokens: most.total() };
        let mut books = self.books();
        books.turn(now / DAY);
        let of_customer = books.customers.get(&ask.customer).copied().unwrap_or_default();
        let of_conversation =
            books.conversations.get(&ask.conversation).map(|(spent, _)| *spent).unwrap_or_default();
        let tomorrow = Some(Duration::from_secs(DAY - now % DAY));
        let scopes = [
            ("day", books.today, self.settings.day, tomorrow),
            ("customer", of_customer, self.settings.customer, tomorrow),
            ("conversation", of_conversation, self.settings.conversation, None),
        ];
        if let Some((scope, _, _, after)) =
            scopes.into_iter().find(|(_, have, limit, _)| !have.fits(spent, *limit))
        {
            books.refused += 1;
            return Err(ModelError::OverBudget { scope, after });
        }
        books.add(&ask.conversation, &ask.customer, spent);
        let day = books.day;
        drop(books);
        Ok(Reserved {
            shared: self.clone(),
            conversation: ask.conversation.clone(),
            customer: ask.customer.clone(),
            day,
            spent,
        })
    }

    fn priced(&self, answer: Answer) -> Answer {
        Answer { cost_micros: self.prices.of(&answer.model).micros(answer.usage), ..answer }
    }
}

fn spent(answer: &Answer) -> Spent {
    Spent { micros: answer.cost_micros, tokens: answer.usage.total() }
}

#[async_trait]
impl Model for Budget {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let reserved = self.shared.reserve(&ask)?;
        match self.inner.ask(ask).await {
            Ok(answer) => {
                let answer = self.shared.priced(answer);
                reserved.settle(spent(&answer));
                Ok(answer)
            }
            Err(error) => {
                reserved.failed(&error);
                Err(error)
            }
        }
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        Box::pin(async_stream::stream! {
            let reserved = match shared.reserve(&ask) {
                Ok(reserved) => reserved,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            };
            let mut draft = inner.draft(ask);
            while let Some(piece) = draft.next().await {
                match piece {
                    Ok(Delta::Text(text)) => yield Ok(Delta::Text(text)),
                    Ok(Delta::Done(answer)) => {
                        let answer = shared.priced(*answer);
                        reserved.settle(spent(&answer));
                        yield Ok(Delta::Done(Box::new(answer)));
                        return;
                    }
                    Err(error) => {
                        reserved.failed(&error);
                        yield Err(error);
                        return;
                    }
                }
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let today = self.today();
        let refused = self.shared.books().refused;
        let dollars = |micros: u64| micros as f64 / 1e6;
        let limit = self.shared.settings.day;
        let left = |used: u64, most: Option<u64>| most.is_none_or(|most| used < most);
        let says = match limit.micros {
            Some(most) => format!("{:.4} of {:.2} USD spent today", dollars(today.micros), dollars(most)),
            None => format!("{:.4} USD spent today, no limit is set", dollars(today.micros)),
        };
        let mut figures = vec![
            ("spent_today_usd", dollars(today.micros)),
            ("tokens_today", today.tokens as f64),
            ("refused_over_budget", refused as f64),
        ];
        figures.extend(limit.micros.map(|most| ("budget_usd", dollars(most))));
        figures.extend(limit.tokens.map(|most| ("budget_tokens", most as f64)));
        let own = PartState {
            part: "budget",
            of: String::new(),
            healthy: left(today.micros, limit.micros) && left(today.tokens, limit.tokens),
            says,
            figures,
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
