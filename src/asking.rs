//! Asks the language model: what a turn has put on the log, and drafts that agents ask for. Turns never wait for it: a
//! call is a task of its own, and what came of it is an event, which may open the next turn.

mod draft;
mod health;
mod spending;
mod tally;
mod vectors;

pub use draft::{Drafting, Piece, Whom};
pub use spending::settle_books;
pub use tally::Tallied;

use crate::domain::consult::{Asked, Consulted, Standing};
use crate::domain::conversation::Conversation;
use crate::domain::event::Event;
use crate::domain::ids::ConversationId;
use crate::ledger::{Ledger, PATIENCE};
use crate::playbook::Playbook;
use crate::ports::storage::{Commit, CommitError};
use crate::triage::consult;
use health::Health;
use model::layers::prices::Prices;
use model::layers::stack::Stack;
use model::prompt::{Case, clean};
use model::redact::{Placeholders, Redactor};
use model::{Ask, ModelError, PartState, Step, Usage};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tally::Tally;
use tokio::time::Instant;
use vectors::Vectors;

/// How often an outcome is written down again while the database is away, and how long between.
const WRITES: usize = 20;
const BETWEEN_WRITES: Duration = Duration::from_secs(3);

/// What the operator decided.
#[derive(Clone)]
pub struct Terms {
    /// How long a customer waits for a model of which nobody knows whether it answers.
    pub patience: Duration,
    /// Calls at once; with twice as many under way nobody new is kept waiting for one.
    pub at_once: usize,
    /// What tokens cost.
    pub prices: Prices,
    /// What makes vectors of texts; without it articles are found by their words.
    pub embedding_model: Option<String>,
    /// Takes personal data out.
    pub redactor: Redactor,
}

/// Asks, or says that there is nobody to ask.
pub struct Asking {
    ledger: Ledger,
    with: Option<With>,
    in_flight: AtomicUsize,
    tally: Tally,
}

struct With {
    stack: Stack,
    terms: Terms,
    health: Health,
    vectors: Vectors,
}

/// Why there is no answer: a stable code, and words for an admin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct NoAnswer {
    /// Such as `model-timed-out`.
    pub code: &'static str,
    /// What happened.
    pub cause: String,
    usage: Usage,
}

impl NoAnswer {
    fn new(code: &'static str, cause: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), usage: Usage::default() }
    }

    fn of(error: &ModelError, ask: &Ask) -> Self {
        Self { code: error.code(), cause: error.to_string(), usage: error.lost(ask) }
    }
}

impl Asking {
    /// Nobody to ask.
    #[must_use]
    pub fn off(ledger: Ledger) -> Arc<Self> {
        Arc::new(Self { ledger, with: None, in_flight: AtomicUsize::new(0), tally: Tally::default() })
    }

    /// Over a stack of layers.
    #[must_use]
    pub fn new(ledger: Ledger, stack: Stack, terms: Terms) -> Arc<Self> {
        let with = With { stack, terms, health: Health::default(), vectors: Vectors::default() };
        Arc::new(Self { ledger, with: Some(with), in_flight: AtomicUsize::new(0), tally: Tally::default() })
    }

    /// Whether there is a model at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.with.is_some()
    }

    /// How the model stands, for a turn that begins now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let Some(with) = &self.with else { return Standing::Off };
        if self.in_flight() >= with.terms.at_once * 2 {
            return Standing::Off;
        }
        let patience_ms = u32::try_from(with.terms.patience.as_millis()).unwrap_or(u32::MAX);
        with.health.standing(self.in_flight(), patience_ms)
    }

    /// Calls under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Why the model is left alone or not trusted now, in words; nothing where all is well or there is none.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.with.as_ref().and_then(|with| with.health.trouble())
    }

    /// Calls that came to nothing since the process began, by job and cause.
    #[must_use]
    pub fn failures(&self) -> Vec<Tallied> {
        self.tally.all()
    }

    /// How each layer is, outermost first; empty without a model.
    #[must_use]
    pub fn state(&self) -> Vec<PartState> {
        self.with.as_ref().map(|with| with.stack.model.state()).unwrap_or_default()
    }

    /// Calls the model for what this process has just put on the log. `talk` is the state after that commit.
    pub fn call(self: &Arc<Self>, talk: &Conversation, book: &Arc<Playbook>, asked: Vec<Asked>) {
        for asked in asked {
            let (this, talk, book) = (self.clone(), talk.clone(), book.clone());
            let flying = Flying::new(self);
            if asked.question.step == Step::Embed {
                // Of a release that has come into force since, there are no vectors yet.
                let (this, book) = (self.clone(), book.clone());
                tokio::spawn(async move { this.prepare(&book).await });
            }
            tokio::spawn(async move {
                // In a task of its own: whatever happens to the call, the place is given back.
                let _flying = flying;
                this.consult(&talk, &book, &asked).await;
            });
        }
    }

    async fn consult(&self, talk: &Conversation, book: &Playbook, asked: &Asked) {
        let begun = Instant::now();
        let outcome = match consult::inputs(asked, talk, book) {
            Some(inputs) if asked.question.step == Step::Embed => {
                let text = inputs.get("message").and_then(Value::as_str).unwrap_or_default();
                self.nearest(Whom::of(talk), book, text).await
            }
            Some(inputs) => self.answer(asked.question.step, Whom::of(talk), book, &inputs).await,
            None => Err(NoAnswer::new("model-nothing-to-ask", "there is nothing to ask about any more")),
        };
        let step = asked.question.step.name();
        let latency = begun.elapsed();
        metrics::histogram!("deskhand_model_seconds", "step" => step).record(latency.as_secs_f64());
        let event = match outcome {
            Ok(answer) => {
                metrics::counter!("deskhand_model_answers_total", "step" => step).increment(1);
                let latency_ms = i64::try_from(latency.as_millis()).unwrap_or(i64::MAX);
                let answer = Box::new(Consulted { latency_ms, ..answer });
                Event::ModelAnswered { asked: asked.seq, answer }
            }
            Err(none) => {
                self.tally.failed(step, none.code);
                tracing::warn!(conversation = %talk.id, step, code = none.code, "the language model gave no answer");
                let cost_micros = self.price(none.usage);
                Event::ModelFailed {
                    asked: asked.seq,
                    code: none.code.to_owned(),
                    cause: none.cause,
                    usage: none.usage,
                    cost_micros,
                }
            }
        };
        self.write_down(talk.id, event).await;
    }

    /// One whole answer, redacted on the way out and restored on the way back.
    async fn answer(
        &self,
        step: Step,
        whom: Whom<'_>,
        book: &Playbook,
        inputs: &Map<String, Value>,
    ) -> Result<Consulted, NoAnswer> {
        let Some(with) = &self.with else { return Err(NoAnswer::new("model-off", "there is no model")) };
        let mut placeholders = Placeholders::default();
        let ask = with.ask(step, whom, book, inputs, &mut placeholders)?;
        let prompt = ask.prompt.clone();
        let answer = with.stack.model.ask(ask.clone()).await;
        with.health.heard(answer.as_ref().err(), answer.as_ref().is_ok_and(|answer| answer.cached));
        let answer = answer.map_err(|error| NoAnswer::of(&error, &ask))?;
        let body = answer.json().cloned().or_else(|| answer.text().map(Value::from)).unwrap_or_default();
        let body = restored(body, &placeholders).map_err(|cause| NoAnswer {
            usage: answer.usage,
            ..NoAnswer::new("model-made-up-data", cause)
        })?;
        Ok(Consulted {
            server: answer.server,
            model: answer.model,
            prompt,
            usage: answer.usage,
            cost_micros: answer.cost_micros,
            calls: answer.calls,
            latency_ms: 0,
            body,
        })
    }

    fn price(&self, usage: Usage) -> u64 {
        let price = |with: &With| {
            let models = with.stack.servers.iter().flat_map(model::openai::OpenAi::models);
            let each = models.map(|name| with.terms.prices.of(&name).micros(usage));
            each.max().unwrap_or(0)
        };
        self.with.as_ref().map_or(0, price)
    }

    /// Puts what came of a call on the log: it is used only once it stands there.
    async fn write_down(&self, id: ConversationId, event: Event) {
        let mut overtaken = 0;
        for _ in 0..WRITES {
            let talk = match self.ledger.conversation(id).await {
                Ok(Some(talk)) => talk,
                Ok(None) => return,
                Err(_) => {
                    tokio::time::sleep(BETWEEN_WRITES).await;
                    continue;
                }
            };
            let mut talk = talk;
            while overtaken < PATIENCE {
                let now = self.ledger.now().max(talk.updated_at);
                match self.ledger.commit(Commit::onto(&talk, now, vec![event.clone()])).await {
                    Ok(_) | Err(CommitError::Already(_)) => return,
                    Err(CommitError::Unavailable(_)) => break,
                    Err(CommitError::Conflict) => overtaken += 1,
                }
                match self.ledger.conversation(id).await {
                    Ok(Some(fresh)) => talk = fresh,
                    Ok(None) => return,
                    Err(_) => break,
                }
            }
            tokio::time::sleep(BETWEEN_WRITES).await;
        }
        tracing::error!(conversation = %id, "what the language model said could not be written down; it is not used");
    }
}

impl With {
    fn ask(
        &self,
        step: Step,
        whom: Whom<'_>,
        book: &Playbook,
        inputs: &Map<String, Value>,
        placeholders: &mut Placeholders,
    ) -> Result<Ask, NoAnswer> {
        let prompt = book
            .prompts
            .of(step)
            .ok_or_else(|| NoAnswer::new("model-no-prompt", format!("there is no prompt for {step}")))?;
        let redactor = self.terms.redactor.with_names(whom.name.map(str::to_owned));
        let (conversation, customer) = (whom.conversation.to_string(), whom.customer.to_string());
        let case = Case { release: &book.release.0, conversation: &conversation, customer: &customer };
        prompt
            .ask(case, inputs, Some((&redactor, placeholders)))
            .map_err(|error| NoAnswer::new("model-input-unfit", error.to_string()))
    }
}

/// Every text of an answer, without what nobody can see and with the customer's data back in. Placeholders that were
/// never given are made up, and so is what stands around them.
fn restored(value: Value, placeholders: &Placeholders) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => {
            let text = clean(&text, usize::MAX);
            if let Some(made_up) = placeholders.unknown(&text).first() {
                let made_up: String = made_up.chars().take(40).collect();
                return Err(format!("the answer names data that was never taken out: {made_up}"));
            }
            Value::String(placeholders.restore(&text))
        }
        Value::Array(list) => {
            Value::Array(list.into_iter().map(|one| restored(one, placeholders)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(name, one)| Ok((name, restored(one, placeholders)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other,
    })
}

/// A call under way.
struct Flying(Arc<Asking>);

impl Flying {
    fn new(asking: &Arc<Asking>) -> Self {
        asking.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(asking.clone())
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
